/**
 * Embeddings: one input at a time, fairly between shares.
 *
 * The library's embedding context has one sequence, and computing eight inputs in one native batch was measured to gain
 * nothing on a CPU. Pooling (mean, CLS, last) is what the GGUF says; the library applies it.
 */
import type { Token as LibraryToken, LlamaEmbeddingContext } from 'node-llama-cpp'
import { EngineError, type Token } from '../token-engine.ts'
import { FairShares } from './fair-shares.ts'

type Job = {
  share: string
  tokens: Token[]
  resolve: (vector: Float32Array) => void
  reject: (error: EngineError) => void
}

export class EmbeddingQueue {
  readonly #context: LlamaEmbeddingContext
  readonly #contextTokens: number
  readonly #shares = new FairShares()
  readonly #jobs: Job[] = []
  readonly #onInput: (ms: number, tokens: number) => void
  #working: Promise<void> | null = null
  #closed = false

  constructor(context: LlamaEmbeddingContext, contextTokens: number, onInput: (ms: number, tokens: number) => void) {
    this.#context = context
    this.#contextTokens = contextTokens
    this.#onInput = onInput
  }

  get waiting(): number {
    return this.#jobs.length
  }

  get running(): number {
    return this.#working === null ? 0 : 1
  }

  embed(inputs: Token[][], share: string): Promise<Float32Array[]> {
    for (const [i, tokens] of inputs.entries()) {
      // The library puts the model's begin and end tokens around it.
      if (tokens.length + 2 > this.#contextTokens) {
        const error = new EngineError(
          'engine.context_exceeded',
          `Input ${i} has ${tokens.length} tokens; this model takes ${this.#contextTokens - 2}.`,
        )
        return Promise.reject(error)
      }
    }
    return Promise.all(
      inputs.map((tokens) => {
        if (this.#closed) throw new EngineError('engine.closing', 'This engine is closing.')
        return new Promise<Float32Array>((resolve, reject) => {
          this.#shares.enter(share)
          this.#jobs.push({ share, tokens, resolve, reject })
          this.#working ??= this.#work()
        })
      }),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#jobs.splice(0)) {
      this.#shares.leave(job.share)
      job.reject(new EngineError('engine.closing', 'This engine is closing.'))
    }
    await this.#working
  }

  async #work(): Promise<void> {
    while (this.#jobs.length > 0) {
      const served = (job: Job) => this.#shares.served(job.share)
      const next = this.#jobs.reduce((least, job) => (served(job) < served(least) ? job : least))
      this.#jobs.splice(this.#jobs.indexOf(next), 1)
      const startedAt = performance.now()
      try {
        // A copy, because the library adds to the list that it is given.
        const { vector } = await this.#context.getEmbeddingFor([...next.tokens] as LibraryToken[])
        next.resolve(normalised(vector))
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        next.reject(
          new EngineError('engine.step_failed', `The engine could not embed an input: ${message}`, { cause: error }),
        )
      }
      this.#shares.serve(next.share, next.tokens.length)
      this.#shares.leave(next.share)
      this.#onInput(performance.now() - startedAt, next.tokens.length)
    }
    this.#working = null
  }
}

/** L2 norm 1, so that a dot product is the cosine. A zero vector stays zero. */
export function normalised(vector: readonly number[]): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return Float32Array.from(vector, (value) => (norm === 0 ? 0 : value / norm))
}
