/**
 * The loop that runs every request of an engine: continuous batching on the library's native context.
 *
 *   submit ──► waiting ──► running in a sequence: prompt, then tokens ──► ended; its sequence stays as a cached prefix
 *
 *   one step:  cancels · chores · admit (choose-prefix: reuse, copy, load, wait) · plan (plan-step)
 *              · for each adapter's batch: decode, sample · hand out tokens while the next decode already runs
 *
 * Nothing here awaits a consumer, and only the loop touches the native context, so there are no locks: whatever else needs
 * the context (saving a prefix, forgetting one) is a chore that runs between two steps.
 */
import { performance } from 'node:perf_hooks'
import {
  EngineError,
  type GeneratedToken,
  type GenerateEnd,
  type GenerateRequest,
  type GenerateResult,
  type Generation,
  type Token,
} from '../token-engine.ts'
import { choosePrefix, type Placement, type PrefixSource } from './choose-prefix.ts'
import { FairShares, GENERATED_TOKEN_COST } from './fair-shares.ts'
import type { LogitIndex, RawAdapter, RawContext, RawGrammar, RawSampler } from './nlc-raw.ts'
import { PREFILL_TOKENS_MIN, planStep, type StepBatch, type StepSequence, stepBudget } from './plan-step.ts'
import { PrefixIndex } from './prefix-index.ts'
import type { PrefixSpill } from './prefix-spill.ts'
import { samplerConfig } from './sampler-config.ts'
import { newStepWatch, percentiles, type StepWatch, WATCH_WINDOW, watchSteps } from './step-watch.ts'

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

/** LoRA weights in memory. `scope` names weights and scale: the same name with other weights is another scope. */
export type LoopAdapter = { name: string; scope: string; weights: RawAdapter; scale: number }

/** What a request's cached tokens may be shared by. */
export function prefixScope(salt: string, adapterScope: string | null): string {
  return JSON.stringify([salt, adapterScope])
}

type Sequence = {
  readonly id: number
  /** Tokens whose state it holds. */
  tokens: Token[]
  scope: string | null
  salt: string
  /** The share whose request ran here last, and whether that request let its prefix go to disk. */
  share: string
  disk: boolean
  running: Running | null
  lastUsed: number
  lastUsedAt: number
  /** Whether disk holds these very tokens, or must not. */
  saved: boolean
  /** Salts and shares to forget while a request was still running here. */
  forget: boolean
}

type Running = {
  readonly request: GenerateRequest
  readonly onToken: (token: GeneratedToken) => void
  readonly adapter: LoopAdapter | null
  readonly scope: string
  readonly order: number
  readonly submittedAt: number
  readonly done: Promise<GenerateResult>
  readonly settle: { resolve: (result: GenerateResult) => void; reject: (error: EngineError) => void }
  /** Prompt, and what was generated before a preemption. */
  prompt: Uint32Array
  sequence: Sequence | null
  samplers: { choose: RawSampler; greedy: RawSampler | null; topK: RawSampler | null } | null
  /** The token to compute next; null while the prompt is not done. */
  next: Token | null
  /** Others wait until this many tokens are computed, to copy at exactly that point. */
  stopAt: number
  awaited: boolean
  /** Steps since its prompt last got on. */
  passedOver: number
  generated: Token[]
  cachedTokens: number
  preemptions: number
  cancelled: boolean
  ended: boolean
  startedAt: number
  firstTokenAt: number
}

type Delivery = { to: Running; token: GeneratedToken | null; end: GenerateEnd | EngineError | null }

/** Computing again more than this costs the others more than the newcomer gains. Tokens. */
const PREEMPTED_TOKENS_MAX = 2048
/** An idle prefix goes to disk after this time. */
const SPILL_IDLE_MS = 3000
/** Prefixes that `close` may still save, in time. */
const SPILL_CLOSE_MS = 5000
const STEPS_REMEMBERED = 256
/** How long a loop that stands still waits for requests whose prompts are being made. */
const TOGETHER_MS = 10
const FIRST_LOGIT = new Uint32Array(1)

export class BatchLoop {
  readonly #options: LoopOptions
  readonly #raw: RawContext
  readonly #sequences: Sequence[]
  readonly #index = new PrefixIndex<number>()
  readonly #shares = new FairShares()
  readonly #waiting: Running[] = []
  readonly #chores: (() => Promise<void>)[] = []
  #deliveries: Delivery[] = []
  #adapterSet: LoopAdapter | null = null
  /** A copy was noted down and moves with the next decode: until then no sequence may be saved or loaded. */
  #copiesPending = false
  #pumping = false
  /** Requests whose prompts are being made. */
  #expected = 0
  #closing = false
  #clock = 0
  #order = 0
  #watch: StepWatch
  #watchedMs: number[] = []
  #watchedSequences = 0
  #stepsMs: number[] = []
  #msPerPromptToken = 0
  #spillTimer: NodeJS.Timeout | null = null
  readonly #counters = { promptTokens: 0, cachedTokens: 0, generatedTokens: 0, steps: 0 }

  constructor(options: LoopOptions) {
    this.#options = options
    this.#raw = options.raw
    this.#watch = newStepWatch(options.threads)
    this.#sequences = Array.from({ length: options.sequences }, (_, id) => emptySequence(id))
  }

  /**
   * Queues a request. A bad grammar is refused here, before anything is computed; the samplers are made when a sequence is
   * free, because 128 choices that come at once would otherwise hold up everybody by 128 samplers.
   */
  submit(request: GenerateRequest, adapter: LoopAdapter | null, onToken: Running['onToken']): Generation {
    let settle: Running['settle'] | undefined
    const done = new Promise<GenerateResult>((resolve, reject) => {
      settle = { resolve, reject }
    })
    // A request that nobody waits for any more must not end the process when it fails.
    done.catch(() => {})
    const one: Running = {
      request,
      onToken,
      adapter,
      scope: prefixScope(request.salt, adapter?.scope ?? null),
      order: this.#order++,
      submittedAt: performance.now(),
      done,
      settle: settle!,
      prompt: new Uint32Array(request.prompt),
      sequence: null,
      samplers: null,
      next: null,
      stopAt: Number.POSITIVE_INFINITY,
      awaited: false,
      passedOver: 0,
      generated: [],
      cachedTokens: 0,
      preemptions: 0,
      cancelled: false,
      ended: false,
      startedAt: 0,
      firstTokenAt: 0,
    }
    const refused = this.#refusal(one)
    if (refused !== null) {
      one.ended = true
      one.settle.reject(refused)
      return { cancel: () => {}, done }
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
      done,
    }
  }

  #refusal(one: Running): EngineError | null {
    const { prompt, tokensMax, sampling } = one.request
    if (this.#closing) return new EngineError('engine.closing', 'This engine is closing.')
    if (prompt.length === 0) return new EngineError('engine.step_failed', 'A prompt needs at least one token.')
    if (prompt.length >= this.#options.contextTokens) {
      return new EngineError(
        'engine.context_exceeded',
        `The prompt has ${prompt.length} tokens; this engine's context holds ${this.#options.contextTokens}, one of them for the answer.`,
      )
    }
    if (tokensMax < 1) return new EngineError('engine.step_failed', 'At least one token must be asked for.')
    try {
      if (sampling.grammar !== null) this.#options.parseGrammar(sampling.grammar)
      return null
    } catch (error) {
      return error instanceof EngineError ? error : stepFailed(error)
    }
  }

  #samplers({ sampling, prompt, topLogprobs }: GenerateRequest): Running['samplers'] {
    const gbnf = sampling.grammar === null ? null : this.#options.parseGrammar(sampling.grammar)
    const seed = Math.floor(Math.random() * 0x7fffffff)
    const config = samplerConfig(sampling, prompt, this.#options.contextTokens, seed)
    return {
      choose: this.#raw.createSampler(config, gbnf),
      greedy: topLogprobs === null ? null : this.#raw.createSampler({}),
      topK:
        topLogprobs === null || topLogprobs === 0
          ? null
          : this.#raw.createSampler({ temperature: 1, topK: topLogprobs, seed: 0 }),
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
    return this.between(async () => {
      this.#watch = newStepWatch(threads)
      this.#watchedMs = []
      this.#raw.setThreads(threads)
    })
  }

  /** Forgets cached tokens for which `matches` holds; a running request's are forgotten when it ends. */
  forget(matches: (cached: { scope: string; salt: string; share: string }) => boolean): Promise<void> {
    return this.between(async () => {
      for (const sequence of this.#sequences) {
        const { scope, salt, share } = sequence
        if (scope === null || !matches({ scope, salt, share })) continue
        if (sequence.running !== null) sequence.forget = true
        else this.#empty(sequence)
      }
    })
  }

  /** Resolves between two steps when no request uses the adapter any more; it is not set then. */
  async whenUnused(adapter: LoopAdapter): Promise<void> {
    await Promise.allSettled(
      [...this.#waiting, ...this.#sequences.flatMap(({ running }) => running ?? [])]
        .filter((one) => one.adapter === adapter)
        .map((one) => one.done),
    )
    await this.between(async () => {
      if (this.#adapterSet !== adapter) return
      this.#raw.setAdapters([])
      this.#adapterSet = null
    })
  }

  stats() {
    const running = this.#sequences.filter((sequence) => sequence.running !== null).length
    const { p50, p95 } = percentiles(this.#stepsMs)
    return {
      running,
      waiting: this.#waiting.length,
      sequencesInUse: running,
      ...this.#counters,
      stepMsP50: p50,
      stepMsP95: p95,
      threads: this.#watch.threads,
      spillBytes: this.#options.spill?.bytes ?? 0,
    }
  }

  /** Ends every request with `engine.closing`, saves what may be saved within a bound, and stops. */
  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    if (this.#spillTimer !== null) clearTimeout(this.#spillTimer)
    await this.between(async () => {
      const closing = new EngineError('engine.closing', 'This engine is closing.')
      for (const one of [...this.#waiting]) this.#end(one, closing)
      for (const { running } of this.#sequences) if (running !== null) this.#end(running, closing)
      this.#handOut()
      const deadline = performance.now() + SPILL_CLOSE_MS
      const recent = [...this.#sequences].sort((a, b) => b.lastUsed - a.lastUsed)
      for (const sequence of recent) if (performance.now() < deadline) await this.#spill(sequence)
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
    const unsaved = this.#sequences.some(({ disk, saved, running }) => disk && !saved && running === null)
    if (this.#options.spill !== null && !this.#closing && unsaved) {
      this.#spillTimer = setTimeout(() => void this.between(() => this.#spillIdle()), SPILL_IDLE_MS)
      this.#spillTimer.unref()
    }
  }

  /** @returns whether there may be more to do */
  async #step(): Promise<boolean> {
    this.#applyCancels()
    if (this.#chores.length > 0) {
      this.#handOut()
      for (const chore of this.#chores.splice(0)) await chore()
    }
    for (const { running } of this.#sequences) {
      if (running === null) continue
      // Whoever still waits says so again below; a stop that nobody waits for would stand still for ever.
      running.stopAt = Number.POSITIVE_INFINITY
      running.awaited = false
    }
    if (this.#waiting.length > 0) await this.#admit()
    const batches = this.#plan()
    if (batches.length === 0) {
      this.#handOut()
      return this.#chores.length > 0 || this.#deliveries.length > 0
    }
    for (const batch of batches) await this.#compute(batch)
    this.#counters.steps++
    return true
  }

  #applyCancels(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const one = this.#waiting[i]!
      if (one.cancelled) this.#end(one, 'cancelled')
    }
    for (const { running } of this.#sequences) if (running?.cancelled) this.#end(running, 'cancelled')
  }

  // ── Admission ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Gives free sequences to waiting requests, fairly between shares. */
  async #admit(): Promise<void> {
    const skipped = new Set<Running>()
    let tries = this.#options.sequences * 2
    while (tries-- > 0) {
      const one = this.#nextWaiting(skipped)
      if (one === null) return
      if (!this.#sequences.some((sequence) => sequence.running === null) && !this.#preemptFor(one)) return
      try {
        one.samplers ??= this.#samplers(one.request)
      } catch (error) {
        this.#end(one, error instanceof EngineError ? error : stepFailed(error))
        continue
      }
      const placement = this.#choose(one)
      if (placement.kind === 'none') return
      if (placement.kind === 'wait') {
        const donor = this.#sequences[placement.for]?.running
        if (donor) {
          donor.awaited = true
          if (!this.#options.canCut) donor.stopAt = Math.min(donor.stopAt, placement.upTo)
        }
        skipped.add(one)
        continue
      }
      if (placement.fromDisk && this.#copiesPending) {
        skipped.add(one)
        continue
      }
      await this.#place(one, placement)
    }
  }

  /** The share with the fewest running requests goes first, then the one served least, then who came first. */
  #nextWaiting(skipped: ReadonlySet<Running>): Running | null {
    const held = new Map<string, number>()
    for (const { running } of this.#sequences) {
      if (running !== null) held.set(running.request.share, (held.get(running.request.share) ?? 0) + 1)
    }
    let best: Running | null = null
    for (const one of this.#waiting) {
      if (skipped.has(one)) continue
      if (best === null) {
        best = one
        continue
      }
      const [a, b] = [one.request.share, best.request.share]
      const difference =
        (held.get(a) ?? 0) - (held.get(b) ?? 0) ||
        this.#shares.served(a) - this.#shares.served(b) ||
        one.order - best.order
      if (difference < 0) best = one
    }
    return best
  }

  /**
   * All sequences are taken and the newcomer's share has none: the share with most of them gives back one with little in it, which
   * is computed again later (prompt and answer so far; its sampler lives on). Without this, one key that keeps every
   * sequence busy with long answers would make everybody else wait for the end of one.
   */
  #preemptFor(one: Running): boolean {
    const held = new Map<string, Running[]>()
    for (const { running } of this.#sequences) {
      if (running === null) continue
      const list = held.get(running.request.share)
      if (list === undefined) held.set(running.request.share, [running])
      else list.push(running)
    }
    if (held.has(one.request.share)) return false
    let victim: Running | null = null
    let most = 1
    for (const list of held.values()) {
      if (list.length <= most) continue
      const can = list.filter(({ sequence }) => sequence!.tokens.length <= PREEMPTED_TOKENS_MAX)
      if (can.length === 0) continue
      most = list.length
      // What it costs to compute again, and more each time, so that it is not always the same one.
      const cost = ({ sequence, preemptions }: Running) => sequence!.tokens.length * (1 + preemptions) ** 2
      victim = can.reduce((least, next) => (cost(next) < cost(least) ? next : least))
    }
    if (victim === null) return false
    const sequence = victim.sequence!
    victim.preemptions++
    victim.prompt = Uint32Array.from([...victim.request.prompt, ...victim.generated])
    victim.next = null
    victim.sequence = null
    sequence.running = null
    this.#cache(sequence)
    this.#waiting.unshift(victim)
    return true
  }

  #choose(one: Running): Placement {
    const { canCopy, canCut } = this.#options
    const prompt = promptTokens(one)
    const sources: PrefixSource[] = []
    for (const { holder, length } of this.#index.longestFirst(one.scope, prompt)) {
      const sequence = this.#sequences[holder]!
      const busy = sequence.running !== null
      if (busy && (!canCopy || sequence.forget)) continue
      const position = sequence.tokens.length
      const planned = busy && sequence.running!.next === null ? sequence.running!.prompt.length : position
      sources.push({ sequence: holder, shared: length, position, planned, busy })
    }
    const idle = this.#sequences
      .filter((sequence) => sequence.running === null)
      .map((sequence) => ({
        sequence: sequence.id,
        position: sequence.tokens.length,
        lastUsed: sequence.lastUsed,
        covered: this.#index.isCovered(sequence.id),
      }))
    const diskShared = one.request.disk ? (this.#options.spill?.longest(one.scope, prompt) ?? 0) : 0
    const placement = choosePrefix({ promptTokens: prompt.length, sources, idle, diskShared, canCut })
    const copiesIdle = placement.kind === 'place' && placement.copyFrom !== null && !canCopy
    return copiesIdle ? { ...placement, keep: 0, copyFrom: null } : placement
  }

  async #place(one: Running, placement: Extract<Placement, { kind: 'place' }>): Promise<void> {
    this.#waiting.splice(this.#waiting.indexOf(one), 1)
    const sequence = this.#sequences[placement.into]!
    let keep = placement.keep
    const loses = placement.copyFrom !== null || placement.fromDisk || keep < sequence.tokens.length / 2
    if (loses && sequence.running === null) await this.#spill(sequence)
    if (placement.copyFrom !== null) {
      const donor = this.#sequences[placement.copyFrom]!
      await this.#raw.copySequence(donor.id, sequence.id)
      this.#copiesPending = true
      sequence.tokens = donor.tokens.slice()
    } else if (placement.fromDisk) {
      this.#empty(sequence)
      sequence.tokens = (await this.#options.spill!.load(this.#raw, one.scope, promptTokens(one), sequence.id)) ?? []
      // A file that turned out broken leaves nothing: the prompt is computed as if it had never been there.
      keep = Math.min(keep, sequence.tokens.length)
    }
    if (keep === 0) {
      if (sequence.tokens.length > 0 || placement.fromDisk) this.#raw.clearSequence(sequence.id)
    } else if (keep < sequence.tokens.length && !this.#raw.cutSequence(sequence.id, keep)) {
      this.#raw.clearSequence(sequence.id)
      keep = 0
    }
    sequence.tokens.length = keep
    Object.assign(sequence, { scope: one.scope, salt: one.request.salt, share: one.request.share })
    Object.assign(sequence, { disk: one.request.disk, running: one, saved: false, forget: false })
    this.#index.set(sequence.id, one.scope, promptTokens(one))
    one.sequence = sequence
    if (one.startedAt === 0) {
      one.startedAt = performance.now()
      one.cachedTokens = Math.min(keep, one.request.prompt.length)
      this.#counters.promptTokens += one.request.prompt.length
      this.#counters.cachedTokens += one.cachedTokens
    }
  }

  // ── One batch ────────────────────────────────────────────────────────────────────────────────────────────────────

  #plan(): StepBatch[] {
    const sequences: StepSequence[] = []
    let generating = 0
    for (const { id, running, tokens } of this.#sequences) {
      if (running === null) continue
      if (running.next !== null) generating++
      sequences.push({
        sequence: id,
        share: running.request.share,
        adapter: running.adapter?.scope ?? null,
        generating: running.next !== null,
        pending: running.next !== null ? 1 : running.prompt.length - tokens.length,
        pendingMax: running.stopAt - tokens.length,
        awaited: running.awaited,
        passedOver: running.passedOver++,
        order: running.order,
      })
    }
    if (sequences.length === 0) return []
    const crowded = this.#waiting.length > 0 && sequences.length === this.#sequences.length
    const budget = stepBudget({ generating, crowded, msPerPromptToken: this.#msPerPromptToken }, this.#options)
    return planStep(sequences, budget, (share) => this.#shares.served(share), this.#adapterSet?.scope ?? null)
  }

  async #compute(batch: StepBatch): Promise<void> {
    const raw = this.#raw
    const startedAt = performance.now()
    const chosen: { one: Running; index: LogitIndex }[] = []
    let promptTokensComputed = 0
    const part = this.#sequences[batch.parts[0]!.sequence]!.running!
    if (part.adapter !== this.#adapterSet) {
      raw.setAdapters(part.adapter === null ? [] : [part.adapter])
      this.#adapterSet = part.adapter
    }

    let tokens: Token[]
    try {
      raw.beginBatch(batch.tokens)
      for (const { sequence: id, tokens: count } of batch.parts) {
        const sequence = this.#sequences[id]!
        const one = sequence.running!
        const position = sequence.tokens.length
        let index: LogitIndex | null
        if (one.next !== null) {
          FIRST_LOGIT[0] = one.next
          index = raw.add(id, position, FIRST_LOGIT, true)
        } else {
          const end = position + count
          index = raw.add(id, position, one.prompt.subarray(position, end), end === one.prompt.length)
          promptTokensComputed += count
          if (count >= PREFILL_TOKENS_MIN) one.passedOver = 0
        }
        if (index !== null) chosen.push({ one, index })
      }
      const decoding = raw.decode()
      if (!raw.orderedJobs) {
        this.#handOut()
        await decoding
      }
      const sampling = chosen.map(({ one, index }) => raw.sample(index, one.samplers!.choose))
      // The native thread is busy with this step; what the last step chose goes out meanwhile.
      this.#handOut()
      const [decoded, ...sampled] = await Promise.allSettled([decoding, ...sampling])
      if (decoded.status === 'rejected') throw decoded.reason
      tokens = sampled.map((one) => (one.status === 'fulfilled' ? one.value : -1))
      this.#copiesPending = false
    } catch (error) {
      this.#failBatch(batch, error)
      return
    }

    for (const { sequence: id, tokens: count } of batch.parts) {
      const sequence = this.#sequences[id]!
      const one = sequence.running!
      if (one.next !== null) {
        sequence.tokens.push(one.next)
        this.#shares.serve(one.request.share, GENERATED_TOKEN_COST)
      } else {
        const position = sequence.tokens.length
        for (let i = position; i < position + count; i++) sequence.tokens.push(one.prompt[i]!)
        this.#shares.serve(one.request.share, count)
      }
    }
    for (let i = 0; i < chosen.length; i++) {
      const { one, index } = chosen[i]!
      // A cancel that came while this step ran: its token is not wanted any more, and not counted.
      if (!one.cancelled) await this.#accept(one, index, tokens[i]!)
    }
    this.#measure(performance.now() - startedAt, promptTokensComputed, chosen.length)
  }

  /** Takes a chosen token into the answer, and ends it where it must end. */
  async #accept(one: Running, index: LogitIndex, token: Token): Promise<void> {
    const { request, samplers } = one
    if (token < 0) {
      this.#end(
        one,
        new EngineError('engine.step_failed', 'No token may follow: the grammar and the model leave none.'),
      )
      return
    }
    if (!request.ignoreEos && this.#options.isEndOfGeneration(token)) {
      if (one.firstTokenAt === 0) one.firstTokenAt = performance.now()
      this.#end(one, 'eos')
      return
    }
    const said: GeneratedToken = { token, logprob: null, top: [] }
    if (request.topLogprobs !== null) {
      const { greedy, topK } = samplers!
      const found = await this.#raw.logprobs(index, token, request.topLogprobs, greedy!, topK)
      said.logprob = found.chosen
      said.top = found.top
    }
    if (one.firstTokenAt === 0) one.firstTokenAt = performance.now()
    one.next = token
    one.generated.push(token)
    this.#counters.generatedTokens++
    this.#deliveries.push({ to: one, token: said, end: null })
    const full = request.prompt.length + one.generated.length >= this.#options.contextTokens
    if (one.generated.length >= request.tokensMax || full) this.#end(one, 'length')
  }

  #failBatch(batch: StepBatch, error: unknown): void {
    this.#options.log(`A step of ${batch.tokens} tokens failed: ${error instanceof Error ? error.message : error}`)
    for (const { sequence: id } of batch.parts) {
      const sequence = this.#sequences[id]!
      if (sequence.running !== null) this.#end(sequence.running, stepFailed(error))
      this.#empty(sequence)
    }
  }

  #measure(ms: number, promptTokensComputed: number, chosenTokens: number): void {
    if (this.#stepsMs.length >= STEPS_REMEMBERED) this.#stepsMs.shift()
    this.#stepsMs.push(ms)
    if (promptTokensComputed >= 16) {
      const each = ms / promptTokensComputed
      this.#msPerPromptToken = this.#msPerPromptToken === 0 ? each : this.#msPerPromptToken * 0.8 + each * 0.2
    }
    if (promptTokensComputed > 0 || chosenTokens === 0) return
    // Only steps of the same width are compared: eight sequences cost several times as much as one.
    if (chosenTokens !== this.#watchedSequences) this.#watchedMs = []
    this.#watchedSequences = chosenTokens
    this.#watchedMs.push(ms)
    if (this.#watchedMs.length < WATCH_WINDOW) return
    const before = this.#watch.threads
    this.#watch = watchSteps(this.#watch, this.#watchedMs, chosenTokens)
    const { p50, p95 } = percentiles(this.#watchedMs)
    this.#watchedMs = []
    if (this.#watch.threads === before) return
    this.#raw.setThreads(this.#watch.threads)
    this.#options.log(
      `Threads ${before} → ${this.#watch.threads} of ${this.#watch.threadsWanted}: steps took ${p50.toFixed(1)} ms (p50), ${p95.toFixed(1)} ms (p95).`,
    )
  }

  // ── Ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #end(one: Running, end: GenerateEnd | EngineError): void {
    if (one.ended) return
    one.ended = true
    const at = this.#waiting.indexOf(one)
    if (at >= 0) this.#waiting.splice(at, 1)
    this.#shares.leave(one.request.share)
    if (one.samplers !== null) {
      for (const sampler of Object.values(one.samplers)) if (sampler !== null) this.#raw.disposeSampler(sampler)
      one.samplers = null
    }
    if (one.sequence !== null) {
      one.sequence.running = null
      this.#cache(one.sequence)
      one.sequence = null
    }
    this.#deliveries.push({ to: one, token: null, end })
  }

  /** An idle sequence stays findable by what it holds. */
  #cache(sequence: Sequence): void {
    sequence.lastUsed = ++this.#clock
    sequence.lastUsedAt = performance.now()
    if (sequence.forget || sequence.scope === null || sequence.tokens.length === 0) this.#empty(sequence)
    else this.#index.set(sequence.id, sequence.scope, sequence.tokens)
  }

  #empty(sequence: Sequence): void {
    this.#index.delete(sequence.id)
    if (sequence.scope !== null) this.#raw.clearSequence(sequence.id)
    Object.assign(sequence, { ...emptySequence(sequence.id), lastUsed: sequence.lastUsed })
  }

  /** Calls the consumers. They must not block, and what they throw costs only their own request. */
  #handOut(): void {
    const deliveries = this.#deliveries
    if (deliveries.length === 0) return
    this.#deliveries = []
    for (const { to, token, end } of deliveries) {
      if (token !== null) {
        if (to.cancelled) continue
        try {
          to.onToken(token)
        } catch (error) {
          this.#options.log(`A consumer threw: ${error instanceof Error ? error.message : error}`)
          to.cancelled = true
        }
      }
      if (end === null) continue
      if (end instanceof EngineError) to.settle.reject(end)
      else to.settle.resolve(this.#result(to, end))
    }
  }

  #result(one: Running, end: GenerateEnd): GenerateResult {
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

  // ── Disk ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #spillIdle(): Promise<void> {
    for (const sequence of this.#sequences) {
      if (performance.now() - sequence.lastUsedAt < SPILL_IDLE_MS * 0.9) continue
      await this.#spill(sequence)
      if (this.#waiting.length > 0) return
    }
  }

  async #spill(sequence: Sequence): Promise<void> {
    const { spill } = this.#options
    const { scope, salt, share, tokens, running, disk, saved, forget } = sequence
    if (spill === null || scope === null || running !== null || !disk || saved || forget) return
    if (this.#copiesPending) return
    sequence.saved = true
    await spill.save(this.#raw, { scope, salt, share, tokens, sequence: sequence.id })
  }
}

function emptySequence(id: number): Sequence {
  return {
    id,
    tokens: [],
    scope: null,
    salt: '',
    share: '',
    disk: false,
    running: null,
    lastUsed: 0,
    lastUsedAt: 0,
    saved: false,
    forget: false,
  }
}

/** The prompt as a plain list. Cheap where nothing was generated before: the request's own. */
function promptTokens(one: Running): Token[] {
  return one.generated.length === 0 ? one.request.prompt : Array.from(one.prompt)
}

function stepFailed(error: unknown): EngineError {
  const message = error instanceof Error ? error.message : String(error)
  return new EngineError('engine.step_failed', `The engine could not compute this step: ${message}`, { cause: error })
}
