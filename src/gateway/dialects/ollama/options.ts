/**
 * `options`, `format` and `think` in OpenAI's words.
 *
 * Options of how a model is run (`num_ctx`, `num_gpu` …) are decided where it is loaded, so that they are passed over; so
 * is what no sampler has had for long. Mirostat is another sampler than ours, and refused. Pure module.
 */
import { FieldInvalid, FieldUnsupported } from '../../errors.ts'
import { type Fields, isObject, type Json } from '../fields.ts'

const NAMES = [
  ['temperature', 'temperature'],
  ['top_p', 'top_p'],
  ['top_k', 'top_k'],
  ['min_p', 'min_p'],
  ['repeat_penalty', 'repetition_penalty'],
  ['presence_penalty', 'presence_penalty'],
  ['frequency_penalty', 'frequency_penalty'],
] as const
const LEVELS = new Set(['low', 'medium', 'high', 'max'])

/** @throws FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function sampling(asked: Fields): Json {
  const options = asked.object('options')
  if (options === null) return {}
  if ((options.integer('mirostat', 0) ?? 0) !== 0)
    throw new FieldUnsupported({ param: options.path('mirostat'), trouble: 'there is no such sampler here' })
  const chosen: Json = {}
  for (const [theirs, ours] of NAMES) {
    const value = options.raw(theirs)
    if (value !== undefined) chosen[ours] = value
  }
  const seed = options.integer('seed', -1)
  if (seed !== null && seed >= 0) chosen.seed = seed // below: a new one each time, as without
  const tokensMax = options.integer('num_predict', -2)
  if (tokensMax !== null && tokensMax > 0) chosen.max_tokens = tokensMax // else: as many as there is room for
  const stops = typeof options.raw('stop') === 'string' ? [options.raw('stop')] : (options.list('stop') ?? [])
  if (stops.length > 0) chosen.stop = stops
  return chosen
}

/** @throws FieldInvalid */
export function answerFormat(asked: Fields): Json {
  const format = asked.raw('format')
  if (format === undefined || format === '') return {}
  if (format === 'json') return { response_format: { type: 'json_object' } }
  if (!isObject(format)) throw new FieldInvalid({ param: 'format', trouble: 'must be "json" or a JSON Schema' })
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format } } }
}

/** Unsaid, the model decides. @throws FieldInvalid */
export function thinking(asked: Fields): Json {
  const think = asked.raw('think')
  if (think === undefined || think === '') return {}
  const isLevel = typeof think === 'string' && LEVELS.has(think)
  if (typeof think !== 'boolean' && !isLevel)
    throw new FieldInvalid({ param: 'think', trouble: `must be true, false, ${[...LEVELS].join(', ')}` })
  const thinks = think !== false
  return {
    ...(isLevel ? { reasoning_effort: think } : {}),
    chat_template_kwargs: { enable_thinking: thinks, thinking: thinks },
  }
}
