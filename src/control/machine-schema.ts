/** Wire shape of /api/machine. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, Time } from '../platform/wire-shapes.ts'
import type { MachineDetails, MachineFacts } from './machine-view.ts'

const Bytes = (description?: string) => Type.Integer({ minimum: 0, ...(description ? { description } : {}) })
const Count = Type.Integer({ minimum: 0 })

export const MachineEngineShape = Type.Object({
  engine_id: Type.String(),
  model: Type.String(),
  state: oneOf(['loading', 'ready', 'failed']),
  memory_bytes: Bytes('Set aside for it.'),
  resident_bytes: orNull(Bytes('Held by its process now.')),
  threads: Count,
  sequences: Type.Integer({ description: 'Requests that it answers at once.' }),
  context_tokens: Count,
  running: orNull(Count),
  waiting: orNull(Count),
  step_ms_p50: orNull(Type.Number({ description: 'Of its last 256 steps.' })),
  step_ms_p95: orNull(Type.Number({ description: 'Of its last 256 steps.' })),
  restarts: Count,
  started_at: Time,
  path: orNull(Type.String({ description: '`native`, or `public` after a failed self-test, which is slower.' })),
})

export const MachineShape = Type.Object(
  {
    name: Type.String(),
    cores: Type.Integer({ description: 'That this installation may use at once.' }),
    memory: Type.Object({
      budget_bytes: Bytes('That models may use together.'),
      used_bytes: Bytes('Set aside for loaded models.'),
      free_bytes: Bytes('That one more model could take now.'),
    }),
    details: orNull(
      Type.Object(
        {
          platform: Type.String({ description: 'As Node names it: `linux`, `darwin`.' }),
          architecture: Type.String(),
          processor: Type.String(),
          cores_physical: Type.Integer({ description: 'Logical processors of the hardware.' }),
          memory_total_bytes: Bytes('Of the machine or its container.'),
          memory_available_bytes: Bytes('That a new process could take now.'),
          bandwidth: orNull(
            Type.Object(
              { bytes_per_second: Type.Integer(), measured_at: Time },
              { description: 'Reading memory, all cores together. Null until it is measured, after each start.' },
            ),
          ),
          gpus: Type.Array(
            Type.Object({
              name: Type.String(),
              memory_bytes: Bytes(),
              memory_free_bytes: Bytes('When the installation started.'),
              bandwidth_bytes_per_second: orNull(Type.Number({ description: 'From the maker’s data sheet.' })),
            }),
            { description: 'That the driver reports.' },
          ),
          uses_gpu: Type.Boolean({ description: 'Whether engines use them: a build for it is installed and wanted.' }),
          threads_total: Type.Integer({ description: 'That all engines share.' }),
          engines: Type.Array(MachineEngineShape),
          disk: Type.Object(
            { total_bytes: Bytes(), free_bytes: Bytes() },
            { description: 'The one that holds the data folder.' },
          ),
        },
        { description: 'Null for whoever may not see the state of the machine.' },
      ),
    ),
  },
  { $id: 'Machine' },
)

export function machineOnWire(facts: MachineFacts, details: MachineDetails | null): Static<typeof MachineShape> {
  return {
    name: facts.name,
    cores: facts.cores,
    memory: {
      budget_bytes: Math.round(facts.memory.budgetBytes),
      used_bytes: Math.round(facts.memory.usedBytes),
      free_bytes: Math.round(facts.memory.freeBytes),
    },
    details: details === null ? null : detailsOnWire(details),
  }
}

function detailsOnWire(details: MachineDetails): NonNullable<Static<typeof MachineShape>['details']> {
  return {
    platform: details.platform,
    architecture: details.architecture,
    processor: details.processor,
    cores_physical: details.coresPhysical,
    memory_total_bytes: details.memoryTotalBytes,
    memory_available_bytes: details.memoryAvailableBytes,
    bandwidth: details.bandwidth && {
      bytes_per_second: details.bandwidth.bytesPerSecond,
      measured_at: details.bandwidth.measuredAt.toISOString(),
    },
    gpus: details.gpus.map((gpu) => ({
      name: gpu.name,
      memory_bytes: gpu.memoryBytes,
      memory_free_bytes: gpu.memoryFreeBytes,
      bandwidth_bytes_per_second: gpu.bandwidthBytesPerSecond,
    })),
    uses_gpu: details.usesGpu,
    threads_total: details.threadsTotal,
    engines: details.engines.map(({ engine, stats }) => ({
      engine_id: engine.engineId,
      model: engine.model,
      state: engine.state,
      memory_bytes: Math.round(engine.memoryBytes),
      resident_bytes: stats?.residentBytes ?? null,
      threads: stats?.threads ?? engine.threads,
      sequences: engine.sequences,
      context_tokens: engine.contextTokens,
      running: stats?.running ?? null,
      waiting: stats?.waiting ?? null,
      step_ms_p50: stats?.stepMsP50 ?? null,
      step_ms_p95: stats?.stepMsP95 ?? null,
      restarts: engine.restarts,
      started_at: new Date(engine.startedAtMs).toISOString(),
      path: engine.health?.model?.path ?? null,
    })),
    disk: { total_bytes: details.disk.totalBytes, free_bytes: details.disk.freeBytes },
  }
}
