/** The fields that chat and text completions share: how tokens are chosen, how many, and when to stop. */
import type { SamplingDefaults } from '../../src/engines/engine-wire.ts'
import type { Sampling, Token } from '../token-engine.ts'
import { checkRange, type Fields, invalidType, invalidValue } from './fields.ts'
import type { TokenLimits } from './prompt-input.ts'
import { RequestError } from './request-error.ts'

export const STOPS_MAX = 4
export const CHOICES_MAX = 128
export const TOP_LOGPROBS_MAX = 20
/** Each is looked up at every token, and clients ban words by it, not vocabularies. */
export const LOGIT_BIAS_MAX = 1024

/**
 * What the request says, else what the model's maker recommends, else OpenAI's default.
 * @throws RequestError for values outside OpenAI's ranges (extensions: outside those of the usual engines)
 */
export function readSampling(fields: Fields, vocabularySize: number, defaults: SamplingDefaults): Sampling {
  return {
    temperature: fields.number('temperature', { min: 0, max: 2 }) ?? defaults.temperature ?? 1,
    topP: fields.number('top_p', { min: 0, max: 1 }) ?? defaults.topP ?? 1,
    // Both 0 and −1 say "off" among the engines that clients know.
    topK: Math.max(0, fields.integer('top_k', { min: -1, max: 1_000_000 }) ?? defaults.topK ?? 0),
    minP: fields.number('min_p', { min: 0, max: 1 }) ?? defaults.minP ?? 0,
    seed: readSeed(fields),
    frequencyPenalty: fields.number('frequency_penalty', { min: -2, max: 2 }) ?? 0,
    presencePenalty: fields.number('presence_penalty', { min: -2, max: 2 }) ?? defaults.presencePenalty ?? 0,
    repeatPenalty: fields.number('repetition_penalty', { min: 0.01, max: 10 }) ?? defaults.repetitionPenalty ?? 1,
    logitBias: readLogitBias(fields, vocabularySize),
    grammar: null,
  }
}

/** OpenAI takes any 64-bit integer; the low 32 bits are what a sampler can use. */
function readSeed(fields: Fields): number | null {
  const seed = fields.integer('seed')
  return seed === null ? null : Number(BigInt.asUintN(32, BigInt(seed)))
}

function readLogitBias(fields: Fields, vocabularySize: number): ReadonlyMap<Token, number> {
  const bias = new Map<Token, number>()
  const value = fields.raw('logit_bias')
  if (value === undefined) return bias
  const path = fields.path('logit_bias')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidType(path, 'an object', value)
  const entries = Object.entries(value)
  if (entries.length > LOGIT_BIAS_MAX) {
    throw invalidValue(path, `Invalid '${path}': at most ${LOGIT_BIAS_MAX} tokens, but got ${entries.length}.`)
  }
  for (const [key, amount] of entries) {
    const token = /^\d{1,9}$/.test(key) ? Number(key) : Number.NaN
    if (!(token < vocabularySize)) {
      throw invalidValue(
        path,
        `Invalid key in '${path}': '${key.slice(0, 40)}'. Keys are token ids from 0 to ${vocabularySize - 1}.`,
      )
    }
    if (typeof amount !== 'number') throw invalidType(`${path}.${key}`, 'a decimal', amount)
    checkRange(`${path}.${key}`, 'decimal', amount, { min: -100, max: 100 })
    bias.set(token, amount)
  }
  return bias
}

export function readStops(fields: Fields): string[] {
  const value = fields.raw('stop')
  if (value === undefined) return []
  const path = fields.path('stop')
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (!Array.isArray(value)) throw invalidType(path, 'a string or an array of strings', value)
  if (value.length > STOPS_MAX) {
    throw new RequestError({
      status: 400,
      code: 'array_above_max_length',
      param: path,
      message: `Invalid '${path}': array too long. Expected an array with maximum length ${STOPS_MAX}, but got an array with length ${value.length} instead.`,
    })
  }
  for (const [index, stop] of value.entries()) {
    if (typeof stop !== 'string') throw invalidType(`${path}[${index}]`, 'a string', stop)
  }
  return (value as string[]).filter((stop) => stop !== '')
}

/** What a request is read against. */
export type RequestContext = TokenLimits & {
  samplingDefaults: SamplingDefaults
  /** The header `x-tradewind-usage`. */
  usageHeader: string | undefined
}

export type StreamOptions = {
  stream: boolean
  /** The client asked: every chunk carries `usage`, null until the last. */
  includeUsage: boolean
  /** The stream ends with a usage chunk, for the client or for the gateway. */
  endsWithUsage: boolean
  /** Its first chunk has the counts of the prompt. */
  beginsWithUsage: boolean
}

export function readStream(fields: Fields, usageHeader: string | undefined): StreamOptions {
  const stream = fields.boolean('stream') ?? false
  const options = fields.object('stream_options')
  if (options !== null && !stream) {
    throw invalidValue(
      fields.path('stream_options'),
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    )
  }
  const includeUsage = options?.boolean('include_usage') ?? false
  return {
    stream,
    includeUsage,
    endsWithUsage: includeUsage || usageHeader === 'always' || usageHeader === 'both',
    beginsWithUsage: usageHeader === 'both',
  }
}

/**
 * Tokens that may be generated: what the caller wants, clipped to what is left of the context.
 * @throws RequestError `context_length_exceeded` if the prompt alone fills the context
 */
export function clipTokensMax(
  promptTokens: number,
  wanted: number | null,
  contextTokens: number,
  param: 'messages' | 'prompt',
): number {
  const left = contextTokens - promptTokens
  if (left < 1) {
    throw new RequestError({
      status: 400,
      code: 'context_length_exceeded',
      param,
      message: `This model's maximum context length is ${contextTokens} tokens. However, your ${param} resulted in ${promptTokens} tokens. Please reduce the length of the ${param}.`,
    })
  }
  return wanted === null ? left : Math.min(wanted, left)
}
