/**
 * One step on the native context: what each running sequence computes (`plan-step.ts` decides), decoding and sampling it, and
 * taking what was chosen into the answers.
 */
import { performance } from 'node:perf_hooks'
import { EngineError, type GeneratedToken, type Token } from '../token-engine.ts'
import type { EndRequest, LoopCounters, LoopOptions } from './batch-loop.ts'
import type { Deliveries } from './deliveries.ts'
import { type FairShares, GENERATED_TOKEN_COST } from './fair-shares.ts'
import type { LogitIndex, RawContext } from './nlc-raw.ts'
import { PREFILL_TOKENS_MIN, planStep, type StepBatch, type StepSequence, stepBudget } from './plan-step.ts'
import { asEngineError, type LoopAdapter, type Running } from './running-request.ts'
import type { Sequences } from './sequences.ts'
import type { StepTimes } from './step-times.ts'

const FIRST_LOGIT = new Uint32Array(1)

export type ComputationParts = {
  options: LoopOptions
  sequences: Sequences
  waiting: readonly Running[]
  shares: FairShares
  deliveries: Deliveries
  times: StepTimes
  counters: LoopCounters
  end: EndRequest
}

type Chosen = { one: Running; index: LogitIndex }

export class Computation {
  readonly #parts: ComputationParts
  readonly #raw: RawContext
  #adapterSet: LoopAdapter | null = null

  constructor(parts: ComputationParts) {
    this.#parts = parts
    this.#raw = parts.options.raw
  }

  /** Between two steps: no request uses this adapter any more. */
  unsetAdapter(adapter: LoopAdapter): void {
    if (this.#adapterSet !== adapter) return
    this.#raw.setAdapters([])
    this.#adapterSet = null
  }

  /** The batches of the next step, one for each adapter in use; none where nothing runs. */
  plan(): StepBatch[] {
    const { sequences: held, waiting, shares, times, options } = this.#parts
    const sequences: StepSequence[] = []
    let generating = 0
    for (const { id, running, tokens } of held.all) {
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
    const crowded = waiting.length > 0 && sequences.length === held.all.length
    const budget = stepBudget({ generating, crowded, msPerPromptToken: times.msPerPromptToken }, options)
    return planStep(sequences, budget, (share) => shares.served(share), this.#adapterSet?.scope ?? null)
  }

  async compute(batch: StepBatch): Promise<void> {
    const raw = this.#raw
    const { sequences, deliveries, times } = this.#parts
    const startedAt = performance.now()
    this.#setAdapterOf(batch)
    const chosen: Chosen[] = []
    let promptTokensComputed = 0
    let tokens: Token[]
    try {
      promptTokensComputed = this.#fill(batch, chosen)
      const decoding = raw.decode()
      if (!raw.orderedJobs) {
        deliveries.handOut()
        await decoding
      }
      const sampling = chosen.map(({ one, index }) => raw.sample(index, one.samplers!.choose))
      // The native thread is busy with this step; what the last step chose goes out meanwhile.
      deliveries.handOut()
      const [decoded, ...sampled] = await Promise.allSettled([decoding, ...sampling])
      if (decoded.status === 'rejected') throw decoded.reason
      tokens = sampled.map((one) => (one.status === 'fulfilled' ? one.value : -1))
      sequences.copiesPending = false
    } catch (error) {
      this.#fail(batch, error)
      return
    }
    this.#advance(batch)
    for (let i = 0; i < chosen.length; i++) {
      const { one, index } = chosen[i]!
      // A cancel that came while this step ran: its token is not wanted any more, and not counted.
      if (!one.cancelled) await this.#accept(one, index, tokens[i]!)
    }
    times.note(performance.now() - startedAt, promptTokensComputed, chosen.length)
  }

  #setAdapterOf(batch: StepBatch): void {
    const { adapter } = this.#parts.sequences.all[batch.parts[0]!.sequence]!.running!
    if (adapter === this.#adapterSet) return
    this.#raw.setAdapters(adapter === null ? [] : [adapter])
    this.#adapterSet = adapter
  }

  /**
   * Puts the batch's tokens into the native one.
   * @param chosen gets whoever has a token chosen in this step
   * @returns how many of the tokens belong to prompts
   */
  #fill(batch: StepBatch, chosen: Chosen[]): number {
    const raw = this.#raw
    let promptTokens = 0
    raw.beginBatch(batch.tokens)
    for (const { sequence: id, tokens: count } of batch.parts) {
      const sequence = this.#parts.sequences.all[id]!
      const one = sequence.running!
      const position = sequence.tokens.length
      let index: LogitIndex | null
      if (one.next !== null) {
        FIRST_LOGIT[0] = one.next
        index = raw.add(id, position, FIRST_LOGIT, true)
      } else {
        const end = position + count
        index = raw.add(id, position, one.prompt.subarray(position, end), end === one.prompt.length)
        promptTokens += count
        if (count >= PREFILL_TOKENS_MIN) one.passedOver = 0
      }
      if (index !== null) chosen.push({ one, index })
    }
    return promptTokens
  }

  /** What was computed is in the sequences now. */
  #advance(batch: StepBatch): void {
    const { sequences, shares } = this.#parts
    for (const { sequence: id, tokens: count } of batch.parts) {
      const sequence = sequences.all[id]!
      const one = sequence.running!
      if (one.next !== null) {
        sequence.tokens.push(one.next)
        shares.serve(one.request.share, GENERATED_TOKEN_COST)
      } else {
        const position = sequence.tokens.length
        for (let i = position; i < position + count; i++) sequence.tokens.push(one.prompt[i]!)
        shares.serve(one.request.share, count)
      }
    }
  }

  /** Takes a chosen token into the answer, and ends it where it must end. */
  async #accept(one: Running, index: LogitIndex, token: Token): Promise<void> {
    const { options, deliveries, counters, end } = this.#parts
    const { request, samplers } = one
    if (token < 0) {
      end(one, new EngineError('engine.step_failed', 'No token may follow: the grammar and the model leave none.'))
      return
    }
    if (!request.ignoreEos && options.isEndOfGeneration(token)) {
      if (one.firstTokenAt === 0) one.firstTokenAt = performance.now()
      end(one, 'eos')
      return
    }
    const said: GeneratedToken = { token, logprob: null, top: [] }
    if (request.topLogprobs !== null) {
      const { greedy, topK } = samplers!
      const found = await this.#raw.logprobs(index, token, request.topLogprobs, greedy!, topK, request.watchedTokens)
      said.logprob = found.chosen
      said.top = found.top
    }
    if (one.firstTokenAt === 0) one.firstTokenAt = performance.now()
    one.next = token
    one.generated.push(token)
    counters.generatedTokens++
    deliveries.token(one, said)
    const full = request.prompt.length + one.generated.length >= options.contextTokens
    if (one.generated.length >= request.tokensMax || full) end(one, 'length')
  }

  #fail(batch: StepBatch, error: unknown): void {
    const { sequences, options, end } = this.#parts
    options.log(`A step of ${batch.tokens} tokens failed: ${error instanceof Error ? error.message : error}`)
    for (const { sequence: id } of batch.parts) {
      const sequence = sequences.all[id]!
      if (sequence.running !== null) end(sequence.running, asEngineError(error))
      sequences.empty(sequence)
    }
  }
}
