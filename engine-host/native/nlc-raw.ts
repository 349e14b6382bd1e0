/**
 * The only file that touches private members of node-llama-cpp.
 *
 * The library's public way to run many sequences, `sequence.evaluate()`, burns about 29 % more CPU at eight streams of a
 * small model, cannot copy a prefix between sequences, sets LoRA for a whole context only and cannot stop a long
 * prefill. Its native context can do all of that, so `RawContext` wraps the context's addon object with types and
 * nothing else. The library is pinned to one exact version; `missingMembers` and `self-test.ts` decide at start whether
 * these members are what we take them for, and `public/` takes over if not.
 *
 * Rules of the addon, learnt from its C++ source (`llama/addon` in the package) and from trying:
 *  - `decodeBatch` and `sampleToken` run as jobs on libuv's pool. With one thread in the pool they run in the order in
 *    which they were queued, so a sample may be queued right behind its decode (`orderedJobs`). With more threads it may not.
 *  - A copy of a sequence is only noted down; its bytes move at the start of the next decode. Until then neither
 *    side may be saved to or loaded from a file.
 *  - A sequence driven here must never be driven through `context.getSequence()` as well.
 */
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp'
import type { Token } from '../token-engine.ts'

declare const sampler: unique symbol
declare const adapter: unique symbol
declare const grammar: unique symbol
declare const grammarState: unique symbol
declare const logitIndex: unique symbol

/** Chooses tokens for one request; holds its random state, penalties and grammar. Free it with `disposeSampler`. */
export type RawSampler = { [sampler]: true }
/** LoRA weights in memory. Free it with `disposeAdapter`. */
export type RawAdapter = { [adapter]: true }
export type RawGrammar = { [grammar]: true }
type RawGrammarState = { [grammarState]: true }
/** Where in the decoded batch the logits of a token lie. */
export type LogitIndex = number & { [logitIndex]: true }

/** What the addon's sampler understands. A field that is absent is off; no temperature means greedy. */
export type RawSamplerConfig = {
  temperature?: number
  topP?: number
  topK?: number
  minP?: number
  seed?: number
  repeatPenalty?: number
  repeatPenaltyMaxTokens?: number
  repeatPenaltyTokens?: Uint32Array
  repeatPenaltyPresencePenalty?: number
  repeatPenaltyFrequencyPenalty?: number
  tokenBiasKeys?: Uint32Array
  tokenBiasValues?: Float32Array
}

type LogitsFilter = [tokens: Token[], max: boolean, min: boolean, selected: boolean, top: number]

type AddonContext = {
  initBatch(size: number): void
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array
  decodeBatch(): Promise<void>
  sampleToken(index: LogitIndex, sampler: RawSampler): Promise<Token>
  sampleToken(
    index: LogitIndex,
    sampler: RawSampler,
    probabilities: false,
    confidence: false,
    logits: LogitsFilter,
    totalWeight: boolean,
  ): Promise<[Token, undefined, undefined, number[] | undefined, number | undefined]>
  copySequenceStateFromOtherSequence(to: number, from: number): Promise<number>
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean
  disposeSequence(sequence: number): void
  setLoras(adapters: RawAdapter[], scales: number[]): void
  setThreads(threads: number): void
  getThreads(): number
  saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<number>
  loadSequenceStateFromFile(path: string, sequence: number, tokensMax: number): Promise<Uint32Array>
}

type AddonModel = { loadLora(adapter: RawAdapter): Promise<void> }

type Bindings = {
  getIsArchSupported?: (architecture: string) => boolean
  AddonSampler: new (
    model: AddonModel,
  ) => RawSampler & {
    applyConfig(config: RawSamplerConfig & { grammarEvaluationState?: RawGrammarState }): void
    dispose(): void
  }
  AddonGrammar: new (gbnf: string, options: { addonExports: Bindings; rootRuleName: string }) => RawGrammar
  AddonGrammarEvaluationState: new (model: AddonModel, grammar: RawGrammar) => RawGrammarState
  AddonModelLora: new (model: AddonModel, path: string) => RawAdapter & { dispose(): Promise<void> }
  AddonJinjaRenderer: new (template: string) => JinjaRenderer
}

/** A compiled template. `render` throws an Error with the template's own words. */
export type JinjaRenderer = { render(values: Record<string, unknown>): string }

const CONTEXT_MEMBERS = [
  'initBatch',
  'addToBatch',
  'decodeBatch',
  'sampleToken',
  'copySequenceStateFromOtherSequence',
  'removeTokenCellsFromSequence',
  'disposeSequence',
  'setLoras',
  'setThreads',
  'getThreads',
  'saveSequenceStateToFile',
  'loadSequenceStateFromFile',
] as const satisfies (keyof AddonContext)[]

const BINDING_MEMBERS = [
  'AddonSampler',
  'AddonGrammar',
  'AddonGrammarEvaluationState',
  'AddonModelLora',
  'AddonJinjaRenderer',
] as const satisfies (keyof Bindings)[]

/** Names of private members that this library version lacks; empty = the native path may be tried. */
export function missingMembers(llama: Llama, model: LlamaModel, context: LlamaContext): string[] {
  const missing: string[] = []
  const bindings = bindingsOf(llama)
  for (const name of BINDING_MEMBERS) if (typeof bindings?.[name] !== 'function') missing.push(`_bindings.${name}`)
  const addonContext = addonContextOf(context)
  for (const name of CONTEXT_MEMBERS) if (typeof addonContext?.[name] !== 'function') missing.push(`_ctx.${name}`)
  if (typeof addonModelOf(model)?.loadLora !== 'function') missing.push('_model.loadLora')
  return missing
}

/** Logits of single tokens, and what turns them into log-probabilities. */
export type RawLogprobs = { chosen: number; top: { token: Token; logprob: number }[] }

/** The native side of one context. Everything here must be called from one loop, one step at a time. */
export class RawContext {
  /** Whether native jobs run in the order in which they were queued. */
  readonly orderedJobs: boolean
  readonly #context: AddonContext
  readonly #model: AddonModel
  readonly #bindings: Bindings

  constructor(llama: Llama, model: LlamaModel, context: LlamaContext, orderedJobs: boolean) {
    this.orderedJobs = orderedJobs
    this.#context = addonContextOf(context) as AddonContext
    this.#model = addonModelOf(model) as AddonModel
    this.#bindings = bindingsOf(llama) as Bindings
  }

  /** Starts a batch of exactly `size` tokens; at most the context's batch size. */
  beginBatch(size: number): void {
    this.#context.initBatch(size)
  }

  /** Adds tokens of one sequence. @returns where the logits of the last one will lie, if wanted */
  add(sequence: number, position: number, tokens: Uint32Array, wantLogits: boolean): LogitIndex | null {
    const wanted = wantLogits ? Uint32Array.of(tokens.length - 1) : NO_LOGITS
    const found = this.#context.addToBatch(sequence, position, tokens, wanted)
    return wantLogits ? (found[0] as LogitIndex) : null
  }

  /** Computes the batch. */
  decode(): Promise<void> {
    return this.#context.decodeBatch()
  }

  /** Chooses a token. −1 when nothing may be chosen. */
  sample(index: LogitIndex, sampler: RawSampler): Promise<Token> {
    return this.#context.sampleToken(index, sampler)
  }

  /**
   * True log-probabilities: log-softmax of the untouched logits over the whole vocabulary.
   * The addon returns logits as they are after the sampler's chain, so two samplers of our own read them: a greedy one,
   * which changes nothing (its choice is the largest logit), and one that keeps the `top` largest.
   */
  async logprobs(
    index: LogitIndex,
    chosen: Token,
    top: number,
    greedy: RawSampler,
    topK: RawSampler | null,
    watched: readonly Token[] = [],
  ) {
    const filter: LogitsFilter = [[chosen, ...watched], false, false, true, 0]
    const whole = this.#context.sampleToken(index, greedy, false, false, filter, true)
    const best =
      topK === null ? null : this.#context.sampleToken(index, topK, false, false, [[], false, false, false, top], false)
    const [, , , logits = [], weight = 1] = await whole
    const topLogits = best === null ? [] : ((await best)[3] ?? [])
    let chosenLogit = Number.NEGATIVE_INFINITY
    let largest = Number.NEGATIVE_INFINITY
    const watchedLogits = new Map(watched.map((token) => [token, Number.NEGATIVE_INFINITY]))
    for (let i = 0; i + 1 < logits.length; i += 2) {
      const logit = logits[i + 1]!
      if (logits[i] === chosen) chosenLogit = logit
      if (watchedLogits.has(logits[i]!)) watchedLogits.set(logits[i]!, logit)
      if (logit > largest) largest = logit
    }
    const normaliser = largest + Math.log(weight)
    const found: RawLogprobs = { chosen: chosenLogit - normaliser, top: [] }
    for (let i = 0; i + 1 < topLogits.length && found.top.length < top; i += 2) {
      found.top.push({ token: topLogits[i]!, logprob: topLogits[i + 1]! - normaliser })
    }
    for (const [token, logit] of watchedLogits) found.top.push({ token, logprob: logit - normaliser })
    return found
  }

  /** Makes `to` a copy of `from`. The bytes move with the next decode. */
  async copySequence(from: number, to: number): Promise<void> {
    await this.#context.copySequenceStateFromOtherSequence(to, from)
  }

  /** Keeps the first `keep` tokens of a sequence. @returns false when this model's memory cannot be cut there */
  cutSequence(sequence: number, keep: number): boolean {
    return this.#context.removeTokenCellsFromSequence(sequence, keep, -1)
  }

  clearSequence(sequence: number): void {
    this.#context.disposeSequence(sequence)
  }

  /** Adapters for the decodes to come. */
  setAdapters(adapters: { weights: RawAdapter; scale: number }[]): void {
    this.#context.setLoras(
      adapters.map((one) => one.weights),
      adapters.map((one) => one.scale),
    )
  }

  setThreads(threads: number): void {
    this.#context.setThreads(threads)
  }

  get threads(): number {
    return this.#context.getThreads()
  }

  /** @returns bytes written */
  saveSequence(path: string, sequence: number, tokens: Uint32Array): Promise<number> {
    return this.#context.saveSequenceStateToFile(path, sequence, tokens)
  }

  /** The library does not check what it reads: only files that passed our own checksum may come here. */
  async loadSequence(path: string, sequence: number, tokensMax: number): Promise<Uint32Array> {
    return await this.#context.loadSequenceStateFromFile(path, sequence, tokensMax)
  }

  createSampler(config: RawSamplerConfig, gbnf: RawGrammar | null = null): RawSampler {
    const made = new this.#bindings.AddonSampler(this.#model)
    const state = gbnf === null ? null : new this.#bindings.AddonGrammarEvaluationState(this.#model, gbnf)
    made.applyConfig(state === null ? config : { ...config, grammarEvaluationState: state })
    return made
  }

  disposeSampler(made: RawSampler): void {
    ;(made as InstanceType<Bindings['AddonSampler']>).dispose()
  }

  async loadAdapter(path: string): Promise<RawAdapter> {
    // Not the library's own `_getOrLoadLora`: it caches by path for the life of the model, and a path may get new content.
    const made = new this.#bindings.AddonModelLora(this.#model, path)
    await this.#model.loadLora(made)
    return made
  }

  async disposeAdapter(made: RawAdapter): Promise<void> {
    await (made as InstanceType<Bindings['AddonModelLora']>).dispose()
  }
}

/** Whether llama.cpp knows an architecture; null where the library cannot say. */
export function architectureSupported(llama: Llama, architecture: string): boolean | null {
  return bindingsOf(llama)?.getIsArchSupported?.(architecture) ?? null
}

/** Compiles a GBNF grammar. @throws Error "Failed to parse grammar"; the reason is only in the native log */
export function parseGrammar(llama: Llama, gbnf: string): RawGrammar {
  const bindings = bindingsOf(llama) as Bindings
  return new bindings.AddonGrammar(gbnf, { addonExports: bindings, rootRuleName: 'root' })
}

/** llama.cpp's own Jinja engine, or null where the library does not carry it. */
export function compileTemplate(llama: Llama, template: string): JinjaRenderer | null {
  const Renderer = bindingsOf(llama)?.AddonJinjaRenderer
  return typeof Renderer === 'function' ? new Renderer(template) : null
}

const NO_LOGITS = new Uint32Array(0)

function bindingsOf(llama: Llama): Bindings | undefined {
  return (llama as unknown as { _bindings?: Bindings })._bindings
}
function addonContextOf(context: LlamaContext): AddonContext | undefined {
  return (context as unknown as { _ctx?: AddonContext })._ctx
}
function addonModelOf(model: LlamaModel): AddonModel | undefined {
  return (model as unknown as { _model?: AddonModel })._model
}
