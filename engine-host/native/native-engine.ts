/** The `TokenEngine` on our own batch loop. */
import { EngineError, type TokenEngine } from '../token-engine.ts'
import { BatchLoop, type LoopOptions } from './batch-loop.ts'
import type { ModelWords } from './model-words.ts'
import type { RawContext } from './nlc-raw.ts'
import { type LoopAdapter, prefixScope } from './running-request.ts'

export type NativeEngineParts = Omit<LoopOptions, 'isEndOfGeneration' | 'parseGrammar'> & {
  raw: RawContext
  words: ModelWords
  /** Frees context, model and library. */
  release: () => Promise<void>
}

export function createNativeEngine({ words, release, ...options }: NativeEngineParts): TokenEngine {
  const { raw, spill } = options
  const loop = new BatchLoop({ ...options, ...words })
  const adapters = new Map<string, LoopAdapter>()
  let disposing: Promise<void> | null = null

  return {
    ...words,
    path: 'native',

    checkGrammar(gbnf) {
      words.parseGrammar(gbnf)
    },

    expect: () => loop.expect(),

    generate(request, onToken) {
      const adapter = request.adapter === null ? null : adapters.get(request.adapter)
      if (adapter === undefined) {
        const error = new EngineError(
          'engine.adapter_unknown',
          `No adapter is loaded under the name ${request.adapter}.`,
        )
        return { cancel: () => {}, cachedTokens: 0, done: Promise.reject(error) }
      }
      return loop.submit(request, adapter, onToken)
    },

    embed() {
      return Promise.reject(
        new EngineError(
          'engine.not_an_embedding_model',
          'This engine generates text; it was not started for embeddings.',
        ),
      )
    },

    async loadAdapter({ name, path, sha256, scale }) {
      const scope = `${name}\n${sha256}\n${scale}`
      const before = adapters.get(name)
      if (before?.scope === scope) return
      try {
        const weights = await loop.between(() => raw.loadAdapter(path))
        adapters.set(name, { name, scope, weights, scale })
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        throw new EngineError(
          'engine.adapter_broken',
          `The adapter ${name} cannot be loaded from ${path}: ${message}`,
          {
            cause: error,
          },
        )
      }
      if (before !== undefined) await retire(before)
    },

    async unloadAdapter(name) {
      const adapter = adapters.get(name)
      if (adapter === undefined) {
        throw new EngineError('engine.adapter_unknown', `No adapter is loaded under the name ${name}.`)
      }
      adapters.delete(name)
      await retire(adapter)
    },

    setThreads(threads) {
      void loop.setThreads(threads)
    },

    async forgetPrefixes(salt, share) {
      await loop.forget((cached) => cached.salt === salt && (share === null || cached.share === share))
      await loop.between(async () => spill?.forget(salt, share))
    },

    stats: () => loop.stats(),

    dispose() {
      disposing ??= loop.close().then(release)
      return disposing
    },
  }

  /** Takes an adapter's prefixes away, and its weights as soon as nobody uses them. */
  async function retire(adapter: LoopAdapter): Promise<void> {
    await loop.forget(({ scope, salt }) => scope === prefixScope(salt, adapter.scope))
    await loop.whenUnused(adapter)
    await raw.disposeAdapter(adapter.weights)
  }
}
