/** What an engine is started with: the model's wishes, the plan, and how this installation runs engines. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineConfig } from '../platform/config.ts'
import { type DataFolder, sockets } from '../platform/data-folder.ts'
import type { EngineSpec } from './engine-wire.ts'
import { BATCH_TOKENS, type MemoryPlan, type ModelToServe } from './plan-memory.ts'

const PREFILL_CHUNK_TOKENS = 128

export function engineSpec(
  engineId: string,
  model: ModelToServe,
  plan: MemoryPlan,
  { config, folder, threads }: { config: EngineConfig; folder: DataFolder; threads: number },
): EngineSpec {
  return {
    engineId,
    socketPath: sockets.engine(folder, engineId),
    modelPath: model.path,
    modelSha256: model.sha256,
    modelName: model.name,
    task: model.task,
    threads,
    sequences: plan.sequences,
    contextTokens: plan.contextTokens,
    batchTokens: BATCH_TOKENS,
    prefillChunkTokens: PREFILL_CHUNK_TOKENS,
    gpu: config.gpu,
    ...(gpuLibraryInstalled(folder) ? { gpuLibraryFolder: folder.gpuLibrary } : {}),
    adapters: model.adapters,
    toolParser: model.toolParser,
    reasoningParser: model.reasoningParser,
    ...(model.samplingDefaults ? { samplingDefaults: model.samplingDefaults } : {}),
    ...(config.spillBytesMax > 0
      ? { spill: { folder: join(folder.prefixes, model.sha256), bytesMax: config.spillBytesMax } }
      : {}),
  }
}

/** Whether `npm run gpu` put a GPU build of the engine library into the data folder. */
export function gpuLibraryInstalled(folder: DataFolder): boolean {
  return existsSync(join(folder.gpuLibrary, 'node_modules', 'node-llama-cpp'))
}
