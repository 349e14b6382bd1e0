/**
 * Opens a model as a `TokenEngine`: the story of a start.
 *
 *   check the file → load the library → load the model → make a context → test it → native loop, or the public fallback
 *
 * Everything that can be wrong with a file or a machine becomes an `EngineError` with one sentence; a crash in native code
 * would take the host process with it, so what can be checked is checked before.
 */
import type { Llama, LlamaModel } from 'node-llama-cpp'
import type { EngineSpec } from '../../src/engines/engine-wire.ts'
import { createPublicEngine, type FillStrategy } from '../public/public-engine.ts'
import { EngineError, type TokenEngine } from '../token-engine.ts'
import { checkGguf, type GgufSummary } from './check-gguf.ts'
import { createEmbeddingEngine } from './embedding-engine.ts'
import { type LoadedLibrary, loadLibrary } from './load-library.ts'
import { createModelWords } from './model-words.ts'
import { createNativeEngine } from './native-engine.ts'
import { architectureSupported, missingMembers, RawContext } from './nlc-raw.ts'
import { PrefixSpill } from './prefix-spill.ts'
import { type NativeAbilities, testNativePath } from './self-test.ts'

export type OpenEngineOptions = {
  /** Warnings of the native code and of the engine. They never hold a prompt. Default: nowhere. */
  log?: (message: string) => void
  /**
   * Threads in libuv's pool of this process. 1 (`UV_THREADPOOL_SIZE=1`) makes decoding two to three times faster on small
   * machines, because it then always runs on the same native thread. Default: that variable, or Node's own 4.
   */
  poolThreads?: number
  /** Use the public API even if the self-test passes. Default false. */
  forcePublic?: boolean
}

/** @throws EngineError `engine.model_missing`, `.model_broken`, `.model_unsupported`, `.library_missing`, `.out_of_memory`, `.adapter_broken` */
export async function openEngine(spec: EngineSpec, options: OpenEngineOptions = {}): Promise<TokenEngine> {
  const { log = () => {}, forcePublic = false } = options
  const poolThreads = options.poolThreads ?? Number(process.env.UV_THREADPOOL_SIZE ?? 4)
  const recent: string[] = []
  const remember = (message: string) => {
    recent.push(message)
    if (recent.length > RECENT_MAX) recent.shift()
    log(message)
  }

  const summary = checkGguf(spec.modelPath)
  const loaded = await loadLibrary({ ...spec, log: remember })
  const { llama } = loaded
  try {
    if (architectureSupported(llama, summary.architecture) === false) {
      throw new EngineError(
        'engine.model_unsupported',
        `This engine does not know the architecture "${summary.architecture}" of ${spec.modelPath}.`,
      )
    }
    const model = await loadModel(llama, spec, summary, recent)
    const engine = await openModel({ spec, loaded, model, poolThreads, forcePublic, recent, log: remember })
    try {
      for (const adapter of spec.adapters) await engine.loadAdapter(adapter)
    } catch (error) {
      await engine.dispose()
      throw error
    }
    return engine
  } catch (error) {
    await llama.dispose()
    throw error
  }
}

/** Lines of the native log that are kept to explain a failure. */
const RECENT_MAX = 20

type OpenParts = {
  spec: EngineSpec
  loaded: LoadedLibrary
  model: LlamaModel
  poolThreads: number
  forcePublic: boolean
  recent: readonly string[]
  log: (message: string) => void
}

async function openModel(parts: OpenParts): Promise<TokenEngine> {
  const { spec, loaded, model, poolThreads, forcePublic, recent, log } = parts
  const { llama } = loaded
  // In this order and by these references: the library holds contexts and models weakly, and one that was collected
  // before it was disposed keeps `llama.dispose()` waiting for ever.
  const release = async (context: { dispose(): Promise<void> }) => {
    await context.dispose()
    await model.dispose()
    await llama.dispose()
  }
  if (spec.task === 'embedding') {
    const context = await explained(recent, () => model.createEmbeddingContext(embeddingLimits(spec, model)))
    const words = createModelWords(llama, model, {
      contextTokens: embeddingLimits(spec, model).contextSize,
      sequences: 1,
    })
    return createEmbeddingEngine({ llama, words, context, release: () => release(context) })
  }

  const words = createModelWords(llama, model, { contextTokens: spec.contextTokens, sequences: spec.sequences })
  const createContext = (fill?: FillStrategy) =>
    explained(recent, () =>
      model.createContext({
        ...(fill === undefined ? {} : { batching: { itemPrioritizationStrategy: fill } }),
        sequences: spec.sequences,
        contextSize: spec.contextTokens,
        batchSize: Math.max(spec.batchTokens, spec.sequences),
        threads: spec.threads,
        flashAttention: 'auto',
        // A context smaller than asked for would break promises made above; the refusal names the numbers.
        failedCreationRemedy: false,
      }),
    )
  if (!forcePublic) {
    const context = await createContext()
    const missing = missingMembers(llama, model, context)
    if (missing.length > 0) log(`The public API serves: this library has no ${missing.join(', ')}.`)
    else {
      const raw = new RawContext(llama, model, context, poolThreads === 1)
      raw.setThreads(spec.threads)
      const abilities = await testedAbilities(raw, model, words.facts.vocabularySize, spec.sequences, log)
      if (abilities !== null) {
        const spill = openSpill(spec, loaded.release, log)
        return createNativeEngine({ ...spec, ...abilities, raw, words, spill, release: () => release(context), log })
      }
    }
    await context.dispose()
  }
  return createPublicEngine({ ...spec, loaded, model, createContext, words, release, log })
}

async function testedAbilities(
  raw: RawContext,
  model: LlamaModel,
  vocabularySize: number,
  sequences: number,
  log: (message: string) => void,
): Promise<NativeAbilities | null> {
  try {
    const abilities = await testNativePath(raw, model, testTokens(model, vocabularySize), sequences)
    if (!abilities.canCopy && sequences > 1)
      log('Sequences of this model cannot be copied: prefixes are reused in place only.')
    if (!abilities.canCut) log('Sequences of this model cannot be cut: a prefix is shared only where it is whole.')
    return abilities
  } catch (error) {
    log(
      `The public API serves: the native path failed its self-test (${error instanceof Error ? error.message : error}).`,
    )
    return null
  }
}

function openSpill(spec: EngineSpec, libraryRelease: string, log: (message: string) => void): PrefixSpill | null {
  if (spec.spill === undefined) return null
  try {
    return new PrefixSpill({
      ...spec.spill,
      contextTokens: spec.contextTokens,
      fingerprint: {
        modelSha256: spec.modelSha256,
        libraryRelease,
        sequences: spec.sequences,
        keyType: 'f16',
        valueType: 'f16',
      },
      log,
    })
  } catch (error) {
    // A folder that cannot be used costs speed after a restart, not the model.
    log(`Prefixes are not spilled to ${spec.spill.folder}: ${error instanceof Error ? error.message : error}.`)
    return null
  }
}

async function loadModel(
  llama: Llama,
  spec: EngineSpec,
  summary: GgufSummary,
  recent: readonly string[],
): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath: spec.modelPath, gpuLayers: spec.gpu === 'off' ? 0 : 'auto' })
  } catch (error) {
    if (outOfMemory(error, recent)) throw memoryError(error, recent)
    throw new EngineError(
      'engine.model_broken',
      `The model file ${spec.modelPath} (architecture ${summary.architecture}) cannot be loaded: ${reason(error, recent)}.`,
      { cause: error },
    )
  }
}

/** The library only says "Failed to load model"; what failed is in the native log. */
function reason(error: unknown, recent: readonly string[]): string {
  for (const line of recent.toReversed()) {
    const found = /error loading model: (.*)$/m.exec(line)?.[1]
    if (found !== undefined) return found.replace(/^error loading model (\w+): /, '$1: ')
  }
  return error instanceof Error ? error.message : String(error)
}

async function explained<Made>(recent: readonly string[], make: () => Promise<Made>): Promise<Made> {
  try {
    return await make()
  } catch (error) {
    throw memoryError(error, recent)
  }
}

function outOfMemory(error: unknown, recent: readonly string[]): boolean {
  if (error instanceof Error && error.name === 'InsufficientMemoryError') return true
  const words = [error instanceof Error ? error.message : String(error), ...recent.slice(-4)].join('\n')
  return /insufficient memory|out of memory|failed to allocate|unable to allocate|bad_alloc/i.test(words)
}

function memoryError(error: unknown, recent: readonly string[]): EngineError {
  const message = error instanceof Error ? error.message : String(error)
  const code =
    outOfMemory(error, recent) || /context/i.test(message) ? 'engine.out_of_memory' : 'engine.model_unsupported'
  return new EngineError(code, `There is not enough memory for this model: ${message}`, { cause: error })
}

/** An embedding model reads an input in one batch, so its batch is as long as its context. */
function embeddingLimits(spec: EngineSpec, model: LlamaModel) {
  const contextSize = Math.min(spec.contextTokens, model.trainContextSize || spec.contextTokens)
  return { contextSize, batchSize: contextSize, threads: spec.threads }
}

/** Tokens of an ordinary sentence; of a vocabulary that cannot spell it, any. */
function testTokens(model: LlamaModel, vocabularySize: number): number[] {
  const tokens: number[] = model.tokenize('The quick brown fox jumps over the lazy dog by the river bank.', false)
  if (tokens.length >= 8) return tokens.slice(0, 10)
  return Array.from({ length: 10 }, (_, i) => (i * 7) % Math.max(1, vocabularySize))
}
