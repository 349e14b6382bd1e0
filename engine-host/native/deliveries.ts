/**
 * What was made and is not handed out yet: tokens and ends, in order. The loop calls the consumers while the native thread
 * computes the next step, so that neither waits for the other.
 */
import { performance } from 'node:perf_hooks'
import { EngineError, type GeneratedToken, type GenerateEnd, type GenerateResult } from '../token-engine.ts'
import type { Running } from './running-request.ts'

type Delivery = { to: Running; token: GeneratedToken | null; end: GenerateEnd | EngineError | null }

export class Deliveries {
  #pending: Delivery[] = []
  readonly #log: (message: string) => void

  constructor(log: (message: string) => void) {
    this.#log = log
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  token(to: Running, token: GeneratedToken): void {
    this.#pending.push({ to, token, end: null })
  }

  end(to: Running, end: GenerateEnd | EngineError): void {
    this.#pending.push({ to, token: null, end })
  }

  /** Calls the consumers. They must not block, and what they throw costs only their own request. */
  handOut(): void {
    const deliveries = this.#pending
    if (deliveries.length === 0) return
    this.#pending = []
    for (const { to, token, end } of deliveries) {
      if (token !== null) {
        if (to.cancelled) continue
        try {
          to.onToken(token)
        } catch (error) {
          this.#log(`A consumer threw: ${error instanceof Error ? error.message : error}`)
          to.cancelled = true
        }
      }
      if (end === null) continue
      if (end instanceof EngineError) to.settle.reject(end)
      else to.settle.resolve(resultOf(to, end))
    }
  }
}

function resultOf(one: Running, end: GenerateEnd): GenerateResult {
  const now = performance.now()
  const startedAt = one.startedAt || now
  const firstTokenAt = one.firstTokenAt || now
  return {
    end,
    promptTokens: one.request.prompt.length,
    cachedTokens: one.cachedTokens,
    generatedTokens: one.generated.length,
    queueMs: startedAt - one.submittedAt,
    prefillMs: firstTokenAt - startedAt,
    decodeMs: now - firstTokenAt,
  }
}
