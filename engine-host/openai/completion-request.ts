/** A text completion request, read and checked. Pure. */
import type { Sampling, Token } from '../token-engine.ts'
import { Fields, invalidValue, missing } from './fields.ts'
import { readPrompts } from './prompt-input.ts'
import {
  CHOICES_MAX,
  type RequestContext,
  readSampling,
  readStops,
  readStream,
  type StreamOptions,
} from './sampling.ts'

/** OpenAI's own bound for the integer form. */
export const COMPLETION_LOGPROBS_MAX = 5
const TOKENS_MAX_DEFAULT = 16

export type CompletionRequest = StreamOptions & {
  model: string | null
  prompts: (string | Token[])[]
  sampling: Sampling
  stops: string[]
  /** Answers per prompt. */
  choices: number
  tokensMax: number
  /** Alternatives per token; null = no log-probabilities. */
  topLogprobs: number | null
  /** Whether the answer begins with the prompt. */
  echo: boolean
  ignoreEos: boolean
}

/** @throws RequestError naming the field at fault */
export function readCompletionRequest(body: unknown, context: RequestContext): CompletionRequest {
  const fields = new Fields(body)
  fields.refuse('suffix', 'This model does not fill in the middle.')
  const choices = fields.integer('n', { min: 1, max: CHOICES_MAX }) ?? 1
  const bestOf = fields.integer('best_of', { min: 1, max: 20 })
  if (bestOf !== null && bestOf > choices) {
    throw invalidValue(
      'best_of',
      `Invalid value: 'best_of' must not be greater than 'n' (${choices}): answers are not ranked.`,
    )
  }
  const echo = fields.boolean('echo') ?? false
  const topLogprobs = fields.integer('logprobs', { min: 0, max: COMPLETION_LOGPROBS_MAX })
  if (echo && topLogprobs !== null) {
    throw invalidValue(
      'logprobs',
      "Log-probabilities of the prompt are not computed: 'logprobs' cannot be used with 'echo'.",
    )
  }
  return {
    model: fields.string('model'),
    prompts: readPrompts(fields.raw('prompt') ?? missing('prompt'), 'prompt', context),
    sampling: readSampling(fields, context.vocabularySize, context.samplingDefaults),
    stops: readStops(fields),
    choices,
    tokensMax: fields.integer('max_tokens', { min: 1 }) ?? TOKENS_MAX_DEFAULT,
    topLogprobs,
    echo,
    ignoreEos: fields.boolean('ignore_eos') ?? false,
    ...readStream(fields, context.usageHeader),
  }
}
