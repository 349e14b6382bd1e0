/**
 * The machine as the rest of control needs it: pools of memory for the fit verdict, and facts for the page. Bandwidth is
 * measured and GPUs are looked for once, after the start, when nothing hurries any more: asking a GPU driver may take a
 * second, and a page asks every few seconds.
 */
import { statfs } from 'node:fs/promises'
import type { MemoryPool } from '../catalog/fit.ts'
import type { EngineStats } from '../engines/engine-wire.ts'
import type { Engines, EngineView } from '../engines/engines.ts'
import { type Gpu, type Machine, measureMemoryBandwidth, readGpus, readMachine } from '../engines/machine.ts'
import type { Clock } from '../platform/clock.ts'

/** What one `facts` answers for, so that many open pages cost no more than one. */
const FACTS_MS = 1_000

export type MachineFacts = {
  name: string
  cores: number
  memory: { budgetBytes: number; usedBytes: number; freeBytes: number }
}

export type MachineDetails = {
  platform: string
  architecture: string
  processor: string
  coresPhysical: number
  memoryTotalBytes: number
  memoryAvailableBytes: number
  /** Null until it is measured, and where it cannot be. */
  bandwidth: { bytesPerSecond: number; measuredAt: Date } | null
  gpus: Gpu[]
  usesGpu: boolean
  threadsTotal: number
  engines: { engine: EngineView; stats: EngineStats | null }[]
  disk: { totalBytes: number; freeBytes: number }
}

export type MachineViewDeps = {
  engines: Pick<Engines, 'memory' | 'list' | 'stats'>
  machineMemory: () => Promise<{ totalBytes: number; availableBytes: number }>
  threadsTotal: number
  dataFolder: string
  /** Whether the GPU build of the engine library is installed and wanted. */
  usesGpu: () => boolean
  clock: Clock
  /** Default asks the system. */
  read?: () => Promise<Machine>
}

export type MachineView = ReturnType<typeof createMachineView>

export function createMachineView(deps: MachineViewDeps) {
  const { engines, machineMemory, clock, read = readMachine } = deps
  let bandwidth: MachineDetails['bandwidth'] = null
  let gpus: Gpu[] = []
  let known: Promise<Machine> | null = null

  /** Name and processors: read once, since they do not change while it runs. */
  function machine(): Promise<Machine> {
    known ??= read().catch((error) => {
      known = null
      throw error
    })
    return known
  }

  async function readFacts(): Promise<MachineFacts> {
    const [{ name, coresAvailable }, memory] = await Promise.all([machine(), engines.memory()])
    return { name, cores: coresAvailable, memory }
  }

  async function readDetails(): Promise<MachineDetails> {
    const [about, memory, disk, withStats] = await Promise.all([
      machine(),
      machineMemory(),
      statfs(deps.dataFolder),
      Promise.all(
        engines.list().map(async (engine) => ({
          engine,
          stats: engine.state === 'ready' ? await engines.stats(engine.engineId) : null,
        })),
      ),
    ])
    return {
      platform: about.platform,
      architecture: process.arch,
      processor: about.cpu,
      coresPhysical: about.coresPhysical,
      memoryTotalBytes: memory.totalBytes,
      memoryAvailableBytes: memory.availableBytes,
      bandwidth,
      gpus,
      usesGpu: deps.usesGpu(),
      threadsTotal: deps.threadsTotal,
      engines: withStats,
      disk: { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize },
    }
  }

  return {
    /** Pools as they are now. */
    async pools(): Promise<MemoryPool[]> {
      const { budgetBytes, freeBytes } = await engines.memory()
      const own: MemoryPool = {
        kind: 'memory',
        name: "this machine's memory",
        capacityBytes: budgetBytes,
        freeBytes,
        bandwidthBytesPerSecond: bandwidth?.bytesPerSecond ?? null,
      }
      const cards = deps.usesGpu() ? gpus : []
      return [
        own,
        ...cards.map(
          (gpu): MemoryPool => ({
            kind: 'gpu',
            name: gpu.name,
            capacityBytes: gpu.memoryBytes,
            freeBytes: gpu.memoryFreeBytes,
            bandwidthBytesPerSecond: gpu.bandwidthBytesPerSecond,
          }),
        ),
      ]
    },

    /** Measures bandwidth and finds GPUs; until then speeds are unknown. */
    async measure(): Promise<void> {
      gpus = await readGpus()
      const bytesPerSecond = await measureMemoryBandwidth()
      bandwidth = bytesPerSecond === null ? null : { bytesPerSecond, measuredAt: new Date(clock.nowMs()) }
    },

    /** What everybody may know; up to a second old. */
    facts: remembered(readFacts, clock),

    /** What operators may know besides; up to a second old. */
    details: remembered(readDetails, clock),
  }
}

/** Asks again only when the last answer is a second old; who asks meanwhile waits for the same answer. */
function remembered<Value>(ask: () => Promise<Value>, clock: Clock): () => Promise<Value> {
  let last: { atMs: number; value: Promise<Value> } | null = null
  return () => {
    const nowMs = clock.nowMs()
    if (last === null || nowMs - last.atMs >= FACTS_MS) {
      const value = ask()
      last = { atMs: nowMs, value }
      value.catch(() => {
        last = null
      })
    }
    return last.value
  }
}
