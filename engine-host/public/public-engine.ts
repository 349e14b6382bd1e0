/**
 * The fallback: a `TokenEngine` on the library's public API only.
 *
 * It serves when the self-test finds that the private members of the library are not what `nlc-raw.ts` takes them for, so that
 * a surprise costs speed and not the service. Missing here, because the public API has no way to it:
 *  - LoRA per request (`loadAdapter` is refused);
 *  - copying a prefix between sequences, so only a sequence's own beginning is reused and simultaneous requests share nothing;
 *  - prefixes on disk;
 *  - log-probabilities cost a second decode of each token, and are refused for models whose sequences cannot be cut;
 *  - preemption: a share that holds every sequence keeps each until its request ends.
 *
 * The library decodes as soon as any sequence is queued, which leaves batches half empty. `fillBatches` makes it wait for the
 * other generating sequences, a bounded number of times; it relies on an empty answer being tolerated, which a test holds.
 */
import { performance } from 'node:perf_hooks'
import type {
  BatchItem,
  Token as LibraryToken,
  LlamaContext,
  LlamaContextSequence,
  LlamaModel,
  PrioritizedBatchItem,
  SequenceEvaluateOptions,
} from 'node-llama-cpp'
import { FairShares, GENERATED_TOKEN_COST } from '../native/fair-shares.ts'
import type { LoadedLibrary } from '../native/load-library.ts'
import type { ModelWords } from '../native/model-words.ts'
import { samplerConfig } from '../native/sampler-config.ts'
import { percentiles } from '../native/step-watch.ts'
import {
  EngineError,
  type GeneratedToken,
  type GenerateEnd,
  type GenerateRequest,
  type GenerateResult,
  type Token,
  type TokenEngine,
} from '../token-engine.ts'

export type PublicEngineParts = {
  loaded: LoadedLibrary
  model: LlamaModel
  words: ModelWords
  /** Makes the context with the given strategy for filling its batches. */
  createContext: (fill: FillStrategy) => Promise<LlamaContext>
  prefillChunkTokens: number
  /** Frees context, model and library. */
  release: (context: LlamaContext) => Promise<void>
  log: (message: string) => void
}

export type FillStrategy = (options: { items: readonly BatchItem[]; size: number }) => PrioritizedBatchItem[]

type Seat = {
  sequence: LlamaContextSequence
  scope: string | null
  salt: string
  share: string
  running: Job | null
  lastUsed: number
  forget: boolean
}

type Job = {
  request: GenerateRequest
  onToken: (token: GeneratedToken) => void
  order: number
  submittedAt: number
  cancelled: boolean
  cachedTokens: number
  resolve: (result: GenerateResult) => void
  reject: (error: EngineError) => void
}

/** How often a batch waits for sequences that have not queued yet. */
const WAITS_MAX = 24
const STEPS_REMEMBERED = 256

export async function createPublicEngine(parts: PublicEngineParts): Promise<TokenEngine> {
  const { loaded, model, words, release, log, prefillChunkTokens } = parts
  const { library, llama } = loaded
  const { contextTokens, sequences } = words.facts
  let generating = 0
  const context = await parts.createContext(fillBatches(() => generating))
  const seats = Array.from({ length: sequences }, (): Seat => {
    const sequence = context.getSequence()
    return { sequence, scope: null, salt: '', share: '', running: null, lastUsed: 0, forget: false }
  })
  const waiting: Job[] = []
  const shares = new FairShares()
  const stepsMs: number[] = []
  const counters = { promptTokens: 0, cachedTokens: 0, generatedTokens: 0, steps: 0 }
  const underWay = new Set<Promise<void>>()
  let order = 0
  let clock = 0
  let closing = false
  let disposing: Promise<void> | null = null

  /** Gives free sequences to waiting jobs: fewest running first, then least served, then first come. */
  function admit(): void {
    for (;;) {
      const free = seats.filter((seat) => seat.running === null)
      if (free.length === 0 || waiting.length === 0) return
      const held = (share: string) => seats.filter((seat) => seat.running?.request.share === share).length
      const next = waiting.reduce((best, job) => {
        const [a, b] = [job.request.share, best.request.share]
        const difference = held(a) - held(b) || shares.served(a) - shares.served(b) || job.order - best.order
        return difference < 0 ? job : best
      })
      waiting.splice(waiting.indexOf(next), 1)
      const seat = bestSeat(free, next.request)
      seat.running = next
      const run = runJob(next, seat).then((settle) => {
        underWay.delete(run)
        shares.leave(next.request.share)
        seat.running = null
        seat.lastUsed = ++clock
        // Whoever hears of the end finds the sequence free.
        settle()
        admit()
      })
      underWay.add(run)
    }
  }

  /** @returns what tells the caller; never rejects */
  async function runJob(job: Job, seat: Seat): Promise<() => void> {
    const { request } = job
    const startedAt = performance.now()
    const times = { startedAt, firstTokenAt: 0 }
    const said: Token[] = []
    let cachedTokens = 0
    const result = (end: GenerateEnd): GenerateResult => {
      const now = performance.now()
      const firstTokenAt = times.firstTokenAt || now
      return {
        end,
        promptTokens: request.prompt.length,
        cachedTokens,
        generatedTokens: said.length,
        queueMs: startedAt - job.submittedAt,
        prefillMs: firstTokenAt - startedAt,
        decodeMs: now - firstTokenAt,
      }
    }
    try {
      cachedTokens = await takeSeat(seat, request)
      job.cachedTokens = cachedTokens
      counters.promptTokens += request.prompt.length
      counters.cachedTokens += cachedTokens
      const end = await generate(job, seat, cachedTokens, said, times)
      if (seat.forget) await emptySeat(seat)
      const done = result(end)
      return closing ? () => job.reject(closingError()) : () => job.resolve(done)
    } catch (error) {
      seat.scope = null
      await seat.sequence.clearHistory().catch(() => {})
      return () => job.reject(error instanceof EngineError ? error : stepFailed(error))
    }
  }

  /** Keeps what the sequence and the prompt have in common. @returns tokens that need not be computed */
  async function takeSeat(seat: Seat, request: GenerateRequest): Promise<number> {
    const { sequence } = seat
    if (seat.scope !== request.salt) await sequence.clearHistory()
    else await sequence.adaptStateToTokens(request.prompt.slice(0, -1) as LibraryToken[], false)
    Object.assign(seat, { scope: request.salt, salt: request.salt, share: request.share, forget: false })
    return sequence.nextTokenIndex
  }

  async function generate(
    job: Job,
    { sequence }: Seat,
    from: number,
    said: Token[],
    times: { firstTokenAt: number },
  ): Promise<GenerateEnd> {
    const { request } = job
    const { prompt } = request
    // All but the last token, in pieces: between two of them a cancel is noticed and other sequences get their turn.
    for (let at = from; at < prompt.length - 1; ) {
      if (job.cancelled) return 'cancelled'
      const end = Math.min(at + prefillChunkTokens, prompt.length - 1)
      await timed(() => sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(at, end) as LibraryToken[]))
      shares.serve(request.share, end - at)
      at = end
    }
    if (job.cancelled) return 'cancelled'
    const options = evaluateOptions(request, () => said)
    const tokens = sequence.evaluate([prompt.at(-1)!] as LibraryToken[], options)
    generating++
    try {
      for (;;) {
        const { value: token, done } = await timed(() => tokens.next())
        if (job.cancelled) return 'cancelled'
        if (times.firstTokenAt === 0) times.firstTokenAt = performance.now()
        if (done || token === undefined) return 'eos'
        if (!request.ignoreEos && words.isEndOfGeneration(token)) return 'eos'
        const one = await withLogprobs(request, sequence, token)
        said.push(token)
        counters.generatedTokens++
        shares.serve(request.share, GENERATED_TOKEN_COST)
        job.onToken(one)
        if (said.length >= request.tokensMax || prompt.length + said.length >= contextTokens) return 'length'
      }
    } finally {
      generating--
      await tokens.return()
    }
  }

  /** The library samples after its filters, so the true distribution is read by computing the last token once more. */
  async function withLogprobs(
    request: GenerateRequest,
    sequence: LlamaContextSequence,
    token: Token,
  ): Promise<GeneratedToken> {
    const { topLogprobs } = request
    if (topLogprobs === null) return { token, logprob: null, top: [] }
    const at = sequence.nextTokenIndex - 1
    const last = sequence.contextTokens[at]!
    await sequence.eraseContextTokenRanges([{ start: at, end: at + 1 }])
    const watched = request.watchedTokens ?? []
    const filter = {
      tokens: [token, ...watched] as LibraryToken[],
      includeSelected: true,
      includeTop: Math.max(1, topLogprobs),
    }
    const generateNext = { token: true, totalLogitWeight: true, logits: { filter }, options: { temperature: 0 } }
    const [output] = await sequence.controlledEvaluate([[last, { generateNext }]])
    const logits = (output?.next.logits ?? new Map()) as Map<Token, number>
    const normaliser = Math.max(...logits.values()) + Math.log(output?.next.totalLogitWeight ?? 1)
    const logprobOf = (one: Token) => (logits.get(one) ?? Number.NEGATIVE_INFINITY) - normaliser
    const likeliest = [...logits.keys()].sort((a, b) => logprobOf(b) - logprobOf(a)).slice(0, topLogprobs)
    const top = [...likeliest, ...watched].map((one) => ({ token: one, logprob: logprobOf(one) }))
    return { token, logprob: logprobOf(token), top }
  }

  function evaluateOptions(request: GenerateRequest, said: () => Token[]): SequenceEvaluateOptions {
    const seed = Math.floor(Math.random() * 0x7fffffff)
    const config = samplerConfig(request.sampling, request.prompt, contextTokens, seed)
    const options: SequenceEvaluateOptions = {
      temperature: config.temperature ?? 0,
      topP: config.topP ?? 1,
      topK: config.topK ?? 0,
      minP: config.minP ?? 0,
      seed: config.seed ?? seed,
      yieldEogToken: true,
    }
    if (config.repeatPenaltyTokens !== undefined) {
      const before = Array.from(config.repeatPenaltyTokens)
      options.repeatPenalty = {
        punishTokens: () => [...before, ...said()] as LibraryToken[],
        maxPunishTokens: contextTokens,
        penalty: request.sampling.repeatPenalty,
        frequencyPenalty: request.sampling.frequencyPenalty,
        presencePenalty: request.sampling.presencePenalty,
      }
    }
    if (request.sampling.logitBias.size > 0) {
      const bias = library.TokenBias.for(model)
      for (const [token, logit] of request.sampling.logitBias) bias.set(token as LibraryToken, { logit })
      options.tokenBias = bias
    }
    if (request.sampling.grammar !== null) {
      const grammar = new library.LlamaGrammar(llama, { grammar: request.sampling.grammar })
      options.grammarEvaluationState = new library.LlamaGrammarEvaluationState({ model, grammar })
    }
    return options
  }

  async function timed<Result>(step: () => Promise<Result>): Promise<Result> {
    const startedAt = performance.now()
    const result = await step()
    if (stepsMs.length >= STEPS_REMEMBERED) stepsMs.shift()
    stepsMs.push(performance.now() - startedAt)
    counters.steps++
    return result
  }

  async function emptySeat(seat: Seat): Promise<void> {
    Object.assign(seat, { scope: null, forget: false })
    await seat.sequence.clearHistory()
  }

  function refusal({ prompt, tokensMax, adapter, topLogprobs, sampling }: GenerateRequest): EngineError | null {
    if (closing) return closingError()
    if (adapter !== null)
      return new EngineError('engine.adapter_unknown', `No adapter is loaded under the name ${adapter}.`)
    if (prompt.length === 0) return new EngineError('engine.step_failed', 'A prompt needs at least one token.')
    if (tokensMax < 1) return new EngineError('engine.step_failed', 'At least one token must be asked for.')
    if (topLogprobs !== null && seats[0]!.sequence.needsCheckpoints) {
      return new EngineError(
        'engine.step_failed',
        'Log-probabilities are not available for this model on the fallback path.',
      )
    }
    if (prompt.length >= contextTokens) {
      return new EngineError(
        'engine.context_exceeded',
        `The prompt has ${prompt.length} tokens; this engine's context holds ${contextTokens}, one of them for the answer.`,
      )
    }
    try {
      if (sampling.grammar !== null) words.parseGrammar(sampling.grammar)
      return null
    } catch (error) {
      return error as EngineError
    }
  }

  return {
    ...words,
    path: 'public',
    checkGrammar(gbnf) {
      words.parseGrammar(gbnf)
    },
    expect: () => () => undefined,

    generate(request, onToken) {
      const refused = refusal(request)
      if (refused !== null) return { cancel: () => {}, cachedTokens: 0, done: Promise.reject(refused) }
      let job: Job | undefined
      const done = new Promise<GenerateResult>((resolve, reject) => {
        const safe = (token: GeneratedToken) => {
          try {
            onToken(token)
          } catch (error) {
            log(`A consumer threw: ${error instanceof Error ? error.message : error}`)
            if (job !== undefined) job.cancelled = true
          }
        }
        const submittedAt = performance.now()
        job = {
          request,
          onToken: safe,
          order: order++,
          submittedAt,
          cancelled: false,
          cachedTokens: 0,
          resolve,
          reject,
        }
      })
      // A request that nobody waits for any more must not end the process when it fails.
      done.catch(() => {})
      waiting.push(job!)
      shares.enter(request.share)
      admit()
      const cancel = () => {
        job!.cancelled = true
        const at = waiting.indexOf(job!)
        if (at < 0) return
        waiting.splice(at, 1)
        shares.leave(request.share)
        const { promptTokens, ...none } = { promptTokens: request.prompt.length, cachedTokens: 0, generatedTokens: 0 }
        const queueMs = performance.now() - job!.submittedAt
        job!.resolve({ end: 'cancelled', promptTokens, ...none, queueMs, prefillMs: 0, decodeMs: 0 })
      }
      const started = job!
      return {
        cancel,
        get cachedTokens() {
          return started.cachedTokens
        },
        done,
      }
    },
    embed() {
      return Promise.reject(
        new EngineError(
          'engine.not_an_embedding_model',
          'This engine generates text; it was not started for embeddings.',
        ),
      )
    },
    loadAdapter: ({ name }) =>
      Promise.reject(
        new EngineError(
          'engine.adapter_broken',
          `The adapter ${name} needs the native path, which failed its self-test.`,
        ),
      ),
    unloadAdapter: (name) =>
      Promise.reject(new EngineError('engine.adapter_unknown', `No adapter is loaded under the name ${name}.`)),
    setThreads(threads) {
      // The library divides its own thread count at every evaluation.
      llama.maxThreads = threads
    },
    async forgetPrefixes(salt, share) {
      for (const seat of seats) {
        if (seat.scope !== salt || (share !== null && seat.share !== share)) continue
        if (seat.running === null) await emptySeat(seat)
        else seat.forget = true
      }
    },
    stats() {
      const running = seats.filter((seat) => seat.running !== null).length
      const { p50, p95 } = percentiles(stepsMs)
      const steps = { stepMsP50: p50, stepMsP95: p95, threads: llama.maxThreads, spillBytes: 0 }
      return { running, waiting: waiting.length, sequencesInUse: running, ...counters, ...steps }
    },
    dispose() {
      disposing ??= (async () => {
        closing = true
        for (const job of waiting.splice(0)) {
          shares.leave(job.request.share)
          job.reject(closingError())
        }
        for (const { running } of seats) if (running !== null) running.cancelled = true
        await Promise.allSettled(underWay)
        await release(context)
      })()
      return disposing
    },
  }
}

/** Fills each batch: one token of every generating sequence first, then the shortest prompts. */
export function fillBatches(generating: () => number): FillStrategy {
  let waits = 0
  return ({ items, size }) => {
    if (items.length < generating() && waits < WAITS_MAX) {
      waits++
      return []
    }
    waits = 0
    let left = size
    const shortestFirst = [...items].sort((a, b) => a.tokens.length - b.tokens.length)
    const filled: PrioritizedBatchItem[] = []
    for (const item of shortestFirst) {
      if (left <= 0) break
      const processAmount = Math.min(left, item.tokens.length)
      filled.push({ item, processAmount })
      left -= processAmount
    }
    return filled
  }
}

/** The free sequence whose content this prompt begins with, else the least recently used. */
function bestSeat(free: readonly Seat[], { salt, prompt }: GenerateRequest): Seat {
  const shared = (seat: Seat) => (seat.scope === salt ? commonPrefix(seat.sequence.contextTokens, prompt) : 0)
  return free
    .map((seat) => ({ seat, length: shared(seat) }))
    .reduce((best, one) => {
      const difference = one.length - best.length || best.seat.lastUsed - one.seat.lastUsed
      return difference > 0 ? one : best
    }).seat
}

function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

function closingError(): EngineError {
  return new EngineError('engine.closing', 'This engine is closing.')
}

function stepFailed(error: unknown): EngineError {
  const message = error instanceof Error ? error.message : String(error)
  return new EngineError('engine.step_failed', `The engine could not compute this step: ${message}`, { cause: error })
}
