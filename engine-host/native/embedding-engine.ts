/**
 * The `TokenEngine` of an embedding model. Always on the library's public API: one vector at a time is all that both
 * paths can do, so its `path` says `public` without anything having failed.
 */
import type { Llama, LlamaEmbeddingContext } from 'node-llama-cpp'
import { EngineError, type TokenEngine } from '../token-engine.ts'
import { EmbeddingQueue } from './embedding-queue.ts'
import type { ModelWords } from './model-words.ts'
import { percentiles } from './step-watch.ts'

export type EmbeddingEngineParts = {
  llama: Llama
  words: ModelWords
  context: LlamaEmbeddingContext
  release: () => Promise<void>
}

const STEPS_REMEMBERED = 256

export function createEmbeddingEngine({ llama, words, context, release }: EmbeddingEngineParts): TokenEngine {
  const stepsMs: number[] = []
  let promptTokens = 0
  let steps = 0
  const queue = new EmbeddingQueue(context, words.facts.contextTokens, (ms, tokens) => {
    if (stepsMs.length >= STEPS_REMEMBERED) stepsMs.shift()
    stepsMs.push(ms)
    promptTokens += tokens
    steps++
  })
  let disposing: Promise<void> | null = null

  return {
    ...words,
    path: 'public',
    checkGrammar(gbnf) {
      words.parseGrammar(gbnf)
    },
    expect: () => () => undefined,

    generate() {
      const error = new EngineError(
        'engine.model_unsupported',
        'This engine was started for embeddings; it generates no text.',
      )
      return { cancel: () => {}, cachedTokens: 0, done: Promise.reject(error) }
    },
    embed: (inputs, share) => queue.embed(inputs, share),
    loadAdapter: ({ name }) =>
      Promise.reject(new EngineError('engine.adapter_broken', `The adapter ${name} cannot be used for embeddings.`)),
    unloadAdapter: (name) =>
      Promise.reject(new EngineError('engine.adapter_unknown', `No adapter is loaded under the name ${name}.`)),
    setThreads(threads) {
      // The library divides its own thread count at every evaluation.
      llama.maxThreads = threads
    },
    forgetPrefixes: async () => {},
    stats() {
      const { p50, p95 } = percentiles(stepsMs)
      return {
        running: queue.running,
        waiting: queue.waiting,
        sequencesInUse: queue.running,
        promptTokens,
        cachedTokens: 0,
        generatedTokens: 0,
        steps,
        stepMsP50: p50,
        stepMsP95: p95,
        threads: llama.maxThreads,
        spillBytes: 0,
      }
    },
    dispose() {
      disposing ??= queue.close().then(release)
      return disposing
    },
  }
}
