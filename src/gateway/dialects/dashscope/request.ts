/**
 * `{ model, input, parameters }` into a chat completion or embeddings.
 *
 * What would change the answer and cannot be honoured is refused by name; what changes nothing that a model says, and any
 * field nobody here has heard of, is passed over.
 *
 * Pure module.
 */
import { FieldInvalid, FieldUnsupported } from '../../errors.ts'
import { Fields, type Json } from '../fields.ts'
import { chatMessages } from './conversation.ts'

/** How the client wants its answer written. */
export type AnswerForm = {
  /** `parts`: messages whose content is a list, as the multimodal route has them. */
  format: 'text' | 'message' | 'parts'
  /** Each event of a stream has only what is new, in place of all so far. */
  incremental: boolean
}

/** Means the same to the engine, by the same name. */
const SAME_NAME = [
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'stop',
  'n',
  'repetition_penalty',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'response_format',
]

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function generationBody(
  body: unknown,
  stream: boolean,
  isMultimodal: boolean,
): { chat: Json; form: AnswerForm } {
  const asked = new Fields(body)
  const model = asked.requiredString('model')
  const input = asked.requiredObject('input')
  const parameters = asked.object('parameters') ?? new Fields({}, 'parameters')
  if (parameters.boolean('enable_search') === true) {
    throw new FieldUnsupported({ param: parameters.path('enable_search'), trouble: 'nothing here searches the web' })
  }
  const tools = parameters.list('tools') ?? []
  const form = formOf(input, parameters, isMultimodal || tools.length > 0, isMultimodal)
  const chat = {
    model,
    messages: chatMessages(input),
    ...(stream ? { stream } : {}),
    ...named(parameters, SAME_NAME),
    ...(tools.length === 0 ? {} : { tools, ...named(parameters, ['tool_choice', 'parallel_tool_calls']) }),
    ...thinking(parameters),
  }
  return { chat, form }
}

/** @throws FieldMissing · FieldOfWrongType · FieldUnsupported */
export function embeddingBody(body: unknown): Json {
  const asked = new Fields(body)
  const input = asked.requiredObject('input').required('texts')
  const parameters = asked.object('parameters') ?? new Fields({}, 'parameters')
  if ((parameters.string('output_type') ?? 'dense') !== 'dense') {
    throw new FieldUnsupported({ param: parameters.path('output_type'), trouble: 'vectors are dense here' })
  }
  if (parameters.raw('instruct') !== undefined) {
    throw new FieldUnsupported({ param: parameters.path('instruct'), trouble: 'write it into the texts' })
  }
  const dimensions = parameters.integer('dimension', 1)
  return { model: asked.requiredString('model'), input, ...(dimensions === null ? {} : { dimensions }) }
}

/** Only a message can hold calls, so that tools ask for one. */
function formOf(input: Fields, parameters: Fields, needsMessage: boolean, isMultimodal: boolean): AnswerForm {
  const format = parameters.string('result_format') ?? (input.raw('messages') === undefined ? 'text' : 'message')
  if (format !== 'text' && format !== 'message') {
    throw new FieldInvalid({ param: parameters.path('result_format'), trouble: 'must be message or text' })
  }
  const isText = format === 'text' && !needsMessage
  if (isText && (parameters.integer('n', 1) ?? 1) > 1) {
    throw new FieldInvalid({ param: parameters.path('n'), trouble: 'several answers need result_format message' })
  }
  return {
    format: isText ? 'text' : isMultimodal ? 'parts' : 'message',
    incremental: parameters.boolean('incremental_output') ?? false,
  }
}

/** The budget goes to templates that read it; it is no bound of the engine's, `max_tokens` is. */
function thinking(parameters: Fields): Json {
  const thinks = parameters.boolean('enable_thinking')
  const budget = parameters.integer('thinking_budget', 1)
  if (thinks === null && budget === null) return {}
  return {
    chat_template_kwargs: {
      ...(thinks === null ? {} : { enable_thinking: thinks, thinking: thinks }),
      ...(budget === null ? {} : { thinking_budget: budget }),
    },
  }
}

function named(parameters: Fields, names: readonly string[]): Json {
  const chosen: Json = {}
  for (const name of names) {
    const value = parameters.raw(name)
    if (value !== undefined) chosen[name] = value
  }
  return chosen
}
