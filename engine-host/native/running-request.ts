/** One request in the loop: what it asked for, how far it is, and what was made for it. */
import { performance } from 'node:perf_hooks'
import {
  EngineError,
  type GeneratedToken,
  type GenerateRequest,
  type GenerateResult,
  type Token,
} from '../token-engine.ts'
import type { RawAdapter, RawContext, RawGrammar, RawSampler } from './nlc-raw.ts'
import { samplerConfig } from './sampler-config.ts'
import type { Sequence } from './sequences.ts'

/** LoRA weights in memory. `scope` names weights and scale: the same name with other weights is another scope. */
export type LoopAdapter = { name: string; scope: string; weights: RawAdapter; scale: number }

/** What a request's cached tokens may be shared by. */
export function prefixScope(salt: string, adapterScope: string | null): string {
  return JSON.stringify([salt, adapterScope])
}

export type Running = {
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
  samplers: Samplers | null
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

type Samplers = { choose: RawSampler; greedy: RawSampler | null; topK: RawSampler | null }

export function newRunning(
  request: GenerateRequest,
  adapter: LoopAdapter | null,
  onToken: Running['onToken'],
  order: number,
): Running {
  let settle: Running['settle'] | undefined
  const done = new Promise<GenerateResult>((resolve, reject) => {
    settle = { resolve, reject }
  })
  // A request that nobody waits for any more must not end the process when it fails.
  done.catch(() => {})
  return {
    request,
    onToken,
    adapter,
    scope: prefixScope(request.salt, adapter?.scope ?? null),
    order,
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
}

type Limits = { contextTokens: number; parseGrammar(gbnf: string): RawGrammar }

/** Why a request cannot run whatever comes; null where it can. */
export function refusalOf(request: GenerateRequest, limits: Limits): EngineError | null {
  const { prompt, tokensMax, sampling } = request
  const { contextTokens } = limits
  if (prompt.length === 0) return new EngineError('engine.step_failed', 'A prompt needs at least one token.')
  if (prompt.length >= contextTokens) {
    return new EngineError(
      'engine.context_exceeded',
      `The prompt has ${prompt.length} tokens; this engine's context holds ${contextTokens}, one of them for the answer.`,
    )
  }
  if (tokensMax < 1) return new EngineError('engine.step_failed', 'At least one token must be asked for.')
  try {
    if (sampling.grammar !== null) limits.parseGrammar(sampling.grammar)
    return null
  } catch (error) {
    return asEngineError(error)
  }
}

/** Made when a sequence is free: 128 choices that come at once would otherwise hold up everybody by 128 samplers. */
export function createSamplers(
  raw: RawContext,
  { sampling, prompt, topLogprobs }: GenerateRequest,
  limits: Limits,
): Samplers {
  const gbnf = sampling.grammar === null ? null : limits.parseGrammar(sampling.grammar)
  const seed = Math.floor(Math.random() * 0x7fffffff)
  const config = samplerConfig(sampling, prompt, limits.contextTokens, seed)
  return {
    choose: raw.createSampler(config, gbnf),
    greedy: topLogprobs === null ? null : raw.createSampler({}),
    topK:
      topLogprobs === null || topLogprobs === 0
        ? null
        : raw.createSampler({ temperature: 1, topK: topLogprobs, seed: 0 }),
  }
}

/** The prompt as a plain list. Cheap where nothing was generated before: the request's own. */
export function promptTokens(one: Running): Token[] {
  return one.generated.length === 0 ? one.request.prompt : Array.from(one.prompt)
}

/** An error of the engine as it is; anything else as a step that failed. */
export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new EngineError('engine.step_failed', `The engine could not compute this step: ${message}`, { cause: error })
}
