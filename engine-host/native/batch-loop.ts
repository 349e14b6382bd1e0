/**
 * The loop that runs every request of an engine: continuous batching on the library's native context.
 *
 *   submit ──► waiting ──► running in a sequence: prompt, then tokens ──► ended; its sequence stays as a cached prefix
 *
 *   one step:  cancels · chores · admit (admission.ts: reuse, copy, load, wait) · plan and, for each adapter's batch,
 *              decode and sample (compute-step.ts) · hand out tokens while the next decode already runs (deliveries.ts)
 *
 * Nothing here awaits a consumer, and only the loop touches the native context, so there are no locks: whatever else needs
 * the context (saving a prefix, forgetting one) is a chore that runs between two steps.
 */
import { performance } from 'node:perf_hooks'
import { EngineError, type GenerateEnd, type GenerateRequest, type Generation, type Token } from '../token-engine.ts'
import { Admission } from './admission.ts'
import { Computation } from './compute-step.ts'
import { Deliveries } from './deliveries.ts'
import { FairShares } from './fair-shares.ts'
import type { RawContext, RawGrammar } from './nlc-raw.ts'
import type { PrefixSpill } from './prefix-spill.ts'
import { type LoopAdapter, newRunning, type Running, refusalOf } from './running-request.ts'
import { Sequences } from './sequences.ts'
import { SequenceSpill, SPILL_IDLE_MS } from './spill-sequences.ts'
import { StepTimes } from './step-times.ts'

export type LoopOptions = {
  raw: RawContext
  sequences: number
  contextTokens: number
  batchTokens: number
  prefillChunkTokens: number
  threads: number
  /** Whether a sequence of this model can be copied at all, and cut at any token. Found out by the self-test. */
  canCopy: boolean
  canCut: boolean
  spill: PrefixSpill | null
  isEndOfGeneration(token: Token): boolean
  parseGrammar(gbnf: string): RawGrammar
  log(message: string): void
}

export type LoopCounters = { promptTokens: number; cachedTokens: number; generatedTokens: number; steps: number }

/** Takes a request out of the loop, once, and lets its consumer know when the next tokens are handed out. */
export type EndRequest = (one: Running, end: GenerateEnd | EngineError) => void

/** How long a loop that stands still waits for requests whose prompts are being made. */
const TOGETHER_MS = 10

export class BatchLoop {
  readonly #options: LoopOptions
  readonly #waiting: Running[] = []
  readonly #shares = new FairShares()
  readonly #sequences: Sequences
  readonly #spill: SequenceSpill
  readonly #deliveries: Deliveries
  readonly #times: StepTimes
  readonly #admission: Admission
  readonly #computation: Computation
  readonly #chores: (() => Promise<void>)[] = []
  readonly #counters: LoopCounters = { promptTokens: 0, cachedTokens: 0, generatedTokens: 0, steps: 0 }
  #order = 0
  /** Requests whose prompts are being made. */
  #expected = 0
  #pumping = false
  #closing = false
  #spillTimer: NodeJS.Timeout | null = null

  constructor(options: LoopOptions) {
    this.#options = options
    const { raw, threads, log } = options
    const sequences = new Sequences(raw, options.sequences)
    this.#sequences = sequences
    this.#spill = new SequenceSpill(raw, sequences, options.spill)
    this.#deliveries = new Deliveries(log)
    this.#times = new StepTimes(raw, threads, log)
    const end: EndRequest = (one, how) => this.#end(one, how)
    const shared = { options, sequences, waiting: this.#waiting, shares: this.#shares, counters: this.#counters, end }
    this.#admission = new Admission({ ...shared, spill: this.#spill })
    this.#computation = new Computation({ ...shared, deliveries: this.#deliveries, times: this.#times })
  }

  /** Queues a request. A bad grammar is refused here, before anything is computed. */
  submit(request: GenerateRequest, adapter: LoopAdapter | null, onToken: Running['onToken']): Generation {
    const one = newRunning(request, adapter, onToken, this.#order++)
    const { done } = one
    const refused = this.#closing ? closing() : refusalOf(request, this.#options)
    if (refused !== null) {
      one.ended = true
      one.settle.reject(refused)
      return { cancel: () => {}, cachedTokens: 0, done }
    }
    this.#shares.enter(request.share)
    this.#waiting.push(one)
    this.#wake()
    return {
      cancel: () => {
        if (one.ended) return
        one.cancelled = true
        this.#wake()
      },
      get cachedTokens() {
        return one.cachedTokens
      },
      done,
    }
  }

  /** See `TokenEngine.expect`. */
  expect(): () => void {
    this.#expected++
    let over = false
    return () => {
      if (!over) this.#expected--
      over = true
    }
  }

  /** Runs `chore` between two steps, when no native job is under way. */
  between<Result>(chore: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#chores.push(() => chore().then(resolve, reject))
      this.#wake()
    })
  }

  setThreads(threads: number): Promise<void> {
    return this.between(async () => this.#times.setThreads(threads))
  }

  /** Forgets cached tokens for which `matches` holds; a running request's are forgotten when it ends. */
  forget(matches: (cached: { scope: string; salt: string; share: string }) => boolean): Promise<void> {
    return this.between(async () => this.#sequences.forget(matches))
  }

  /** Resolves between two steps when no request uses the adapter any more; it is not set then. */
  async whenUnused(adapter: LoopAdapter): Promise<void> {
    await Promise.allSettled(
      [...this.#waiting, ...this.#sequences.all.flatMap(({ running }) => running ?? [])]
        .filter((one) => one.adapter === adapter)
        .map((one) => one.done),
    )
    await this.between(async () => this.#computation.unsetAdapter(adapter))
  }

  stats() {
    const running = this.#sequences.all.filter((sequence) => sequence.running !== null).length
    const { p50, p95 } = this.#times.percentiles()
    return {
      running,
      waiting: this.#waiting.length,
      sequencesInUse: running,
      ...this.#counters,
      stepMsP50: p50,
      stepMsP95: p95,
      threads: this.#times.threads,
      spillBytes: this.#options.spill?.bytes ?? 0,
    }
  }

  /** Ends every request with `engine.closing`, saves what may be saved within a bound, and stops. */
  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    if (this.#spillTimer !== null) clearTimeout(this.#spillTimer)
    await this.between(async () => {
      for (const one of [...this.#waiting]) this.#end(one, closing())
      for (const { running } of this.#sequences.all) if (running !== null) this.#end(running, closing())
      this.#deliveries.handOut()
      await this.#spill.saveLatest()
    })
  }

  #wake(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#startTogether(performance.now() + TOGETHER_MS)
  }

  /**
   * After the sockets that are readable now have been read, and the prompts of what they brought are made: eight requests
   * that start in one batch are done earlier than five whose step the other three have to wait for.
   */
  #startTogether(latest: number): void {
    setImmediate(() => {
      if (this.#expected > 0 && performance.now() < latest) this.#startTogether(latest)
      else void this.#pump()
    })
  }

  async #pump(): Promise<void> {
    if (this.#spillTimer !== null) clearTimeout(this.#spillTimer)
    while (await this.#step()) {
      // One step after the other, as long as there is something to do.
    }
    this.#pumping = false
    // What came while the last step was being awaited found the pump still running.
    if (this.#waiting.length > 0 || this.#chores.length > 0) {
      this.#wake()
      return
    }
    if (this.#closing || !this.#spill.isDue) return
    this.#spillTimer = setTimeout(() => void this.between(() => this.#spill.saveIdle(this.#waiting)), SPILL_IDLE_MS)
    this.#spillTimer.unref()
  }

  /** @returns whether there may be more to do */
  async #step(): Promise<boolean> {
    this.#applyCancels()
    if (this.#chores.length > 0) {
      this.#deliveries.handOut()
      for (const chore of this.#chores.splice(0)) await chore()
    }
    for (const { running } of this.#sequences.all) {
      if (running === null) continue
      // Whoever still waits says so again below; a stop that nobody waits for would stand still for ever.
      running.stopAt = Number.POSITIVE_INFINITY
      running.awaited = false
    }
    if (this.#waiting.length > 0) await this.#admission.admit()
    const batches = this.#computation.plan()
    if (batches.length === 0) {
      this.#deliveries.handOut()
      return this.#chores.length > 0 || !this.#deliveries.isEmpty
    }
    for (const batch of batches) await this.#computation.compute(batch)
    this.#counters.steps++
    return true
  }

  #applyCancels(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const one = this.#waiting[i]!
      if (one.cancelled) this.#end(one, 'cancelled')
    }
    for (const { running } of this.#sequences.all) if (running?.cancelled) this.#end(running, 'cancelled')
  }

  #end(one: Running, end: GenerateEnd | EngineError): void {
    if (one.ended) return
    one.ended = true
    const at = this.#waiting.indexOf(one)
    if (at >= 0) this.#waiting.splice(at, 1)
    this.#shares.leave(one.request.share)
    if (one.samplers !== null) {
      for (const sampler of Object.values(one.samplers)) {
        if (sampler !== null) this.#options.raw.disposeSampler(sampler)
      }
      one.samplers = null
    }
    if (one.sequence !== null) {
      one.sequence.running = null
      this.#sequences.cache(one.sequence)
      one.sequence = null
    }
    this.#deliveries.end(one, end)
  }
}

function closing(): EngineError {
  return new EngineError('engine.closing', 'This engine is closing.')
}
