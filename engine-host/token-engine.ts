/**
 * The seam inside an engine host: tokens below, words above.
 *
 * Below it, a runtime turns token ids into token ids (`native/` is our batch loop on the library's native context;
 * `public/` is the fallback on its public API). Above it, `openai/` speaks HTTP, templates, tools, grammar and SSE.
 * The loop never waits for a consumer: it calls `onToken` synchronously and goes on.
 */

export type Token = number

/** How the next token is chosen. All fields have been range-checked above the seam. */
export type Sampling = {
  /** 0 = greedy: always the most likely token. */
  temperature: number
  /** 1 = off. */
  topP: number
  /** 0 = off. */
  topK: number
  /** 0 = off. */
  minP: number
  seed: number | null
  frequencyPenalty: number
  presencePenalty: number
  /** 1 = off. */
  repeatPenalty: number
  /** Added to the logit of a token, −100 … 100. */
  logitBias: ReadonlyMap<Token, number>
  /** GBNF; the answer may hold nothing else. Ends with the end-of-generation token when the root is complete. */
  grammar: string | null
}

export type GenerateRequest = {
  id: string
  prompt: Token[]
  /** Most tokens to generate. Already clipped to the context. */
  tokensMax: number
  sampling: Sampling
  /** Alternatives to report with each token, besides the chosen one; null = no log-probabilities. 0–20. */
  topLogprobs: number | null
  /** Tokens whose log-probabilities are wanted however unlikely they are: the last of `top`. Needs `topLogprobs`. */
  watchedTokens?: readonly Token[]
  /** Prefixes are shared only within one salt and adapter. */
  salt: string
  /** Fair-share key. */
  share: string
  adapter: string | null
  /** Whether this prefix may go to disk. */
  disk: boolean
  /** Do not stop at the end-of-generation token (benches). */
  ignoreEos: boolean
}

export type TokenLogprob = { token: Token; logprob: number }

/** The end-of-generation token is neither handed out nor counted, unless `ignoreEos`. */
export type GeneratedToken = {
  token: Token
  /** True log-softmax over the whole vocabulary before temperature and filters; null unless asked for. */
  logprob: number | null
  top: TokenLogprob[]
}

/** `eos`: the model ended; `length`: tokensMax or context reached; `cancelled`: `cancel()` was called. */
export type GenerateEnd = 'eos' | 'length' | 'cancelled'

export type GenerateResult = {
  end: GenerateEnd
  promptTokens: number
  /** Prompt tokens that were not computed, because a prefix was shared. */
  cachedTokens: number
  generatedTokens: number
  queueMs: number
  prefillMs: number
  decodeMs: number
}

export type Generation = {
  /** Stops within one step; `done` then resolves with `cancelled`. Calling it twice, or late, is harmless. */
  cancel(): void
  /** Prompt tokens that were not computed; known when the first token has come, 0 before. */
  readonly cachedTokens: number
  /** Rejects with an `EngineError`. */
  done: Promise<GenerateResult>
}

/** Tokens as the model names them, and its limits. */
export type ModelFacts = {
  architecture: string
  contextTokens: number
  sequences: number
  vocabularySize: number
  embeddingSize: number
  trainedContextTokens: number
  bosToken: string
  eosToken: string
  /** The GGUF's own Jinja template; null = none. */
  chatTemplate: string | null
  /** Most bytes of text that one token can stand for; infinite where there is no such bound. */
  tokenBytesMax: number
  /** Texts that `tokenize` turns into control tokens when `special`. */
  controlTexts: ReadonlySet<string>
}

export interface TokenEngine {
  readonly facts: ModelFacts
  readonly path: 'native' | 'public'
  /** @param special whether text such as `<|im_end|>` becomes its control token */
  tokenize(text: string, special: boolean): Token[]
  /** Cuts a long text so that its slices, tokenised one by one, give the tokens of the whole; each is a few ms of work. */
  slices(text: string, special: boolean): Iterable<string>
  /** Adds the model's BOS where it wants one. */
  withBos(tokens: Token[]): Token[]
  /** Bytes of one token: UTF-8, possibly a part of a character. Control tokens give their text when `special`. */
  tokenBytes(token: Token, special: boolean): Uint8Array
  isEndOfGeneration(token: Token): boolean
  /** Renders the model's own Jinja template. @throws EngineError `engine.template_failed` with the template's words */
  renderTemplate(template: string, values: Record<string, unknown>): string
  /** Checks a GBNF grammar. @throws EngineError `engine.grammar_invalid` */
  checkGrammar(gbnf: string): void
  /**
   * Says that a request is on its way to `generate`. An engine that stands still waits for it a moment, so that what comes
   * together starts together. @returns what to call, once or more, when it was handed over or given up
   */
  expect(): () => void
  /** `onToken` must not block or throw; it is called in order, once per token, never after `done` settled. */
  generate(request: GenerateRequest, onToken: (token: GeneratedToken) => void): Generation
  /** One normalised vector per input. Only where the spec's task is `embedding`. */
  embed(inputs: Token[][], share: string): Promise<Float32Array[]>
  loadAdapter(adapter: { name: string; path: string; sha256: string; scale: number }): Promise<void>
  unloadAdapter(name: string): Promise<void>
  setThreads(threads: number): void
  /** Forgets cached prefixes of this salt (and only this share, if given), in memory and on disk. */
  forgetPrefixes(salt: string, share: string | null): Promise<void>
  stats(): Omit<import('../src/engines/engine-wire.ts').EngineStats, 'residentBytes'>
  dispose(): Promise<void>
}

/** Expected trouble below the seam. `code` is stable; the server above maps it to HTTP. */
export class EngineError extends Error {
  readonly code: EngineErrorCode
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EngineError'
    this.code = code
  }
}

export type EngineErrorCode =
  | 'engine.model_missing'
  | 'engine.model_broken'
  | 'engine.model_unsupported'
  | 'engine.library_missing'
  | 'engine.out_of_memory'
  | 'engine.template_failed'
  | 'engine.grammar_invalid'
  | 'engine.adapter_broken'
  | 'engine.adapter_unknown'
  | 'engine.context_exceeded'
  | 'engine.not_an_embedding_model'
  | 'engine.step_failed'
  | 'engine.closing'
