/**
 * A chat completion into Anthropic's `POST /v1/messages`, and a conversation that is to be counted into `count_tokens`.
 *
 *   system, developer                  → `system`, wherever they stand
 *   tool, tool, user                   → one user turn: [tool_result, tool_result, text]
 *   assistant: content, tool_calls     → one assistant turn: [thinking, text, tool_use]
 *
 * Thoughts go back only with the signature that came with them (`reasoning_details`), since Anthropic refuses others. What
 * would change the answer and cannot be asked there is refused by name; what changes nothing that a model says is left out.
 *
 * Pure module.
 */
import { Fields, type Json } from '../../dialects/fields.ts'
import { FieldInvalid, FieldMissing, FieldUnsupported } from '../../errors.ts'
import { turnsOf } from './turns.ts'

/** Anthropic wants a bound, OpenAI's clients need give none. Every model writes that much. */
const MAX_TOKENS_DEFAULT = 4096
const EFFORTS = new Map([
  ['minimal', 'low'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'xhigh'],
  ['max', 'max'],
])

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function messagesBody(body: unknown, model: string): Json {
  const asked = new Fields(body)
  refuseWhatCannotBe(asked)
  const thinking = thinkingOf(asked)
  const budget = typeof thinking?.budget_tokens === 'number' ? thinking.budget_tokens : 0
  const stops = stopsOf(asked)
  const stream = asked.boolean('stream')
  return {
    ...conversation(asked, model),
    max_tokens:
      asked.integer('max_completion_tokens', 1) ?? asked.integer('max_tokens', 1) ?? MAX_TOKENS_DEFAULT + budget,
    ...(stream === null ? {} : { stream }),
    ...(stops.length === 0 ? {} : { stop_sequences: stops }),
    ...asItIs(asked, ['temperature', 'top_p', 'top_k']),
    ...(thinking === null ? {} : { thinking }),
    ...outputConfig(asked),
  }
}

/** The same prompt, to be counted. @throws as `messagesBody`; FieldMissing where there is no conversation */
export function countTokensBody(body: unknown, model: string): Json {
  return conversation(new Fields(body), model)
}

function conversation(asked: Fields, model: string): Json {
  const messages = asked.objects('messages')
  if (messages === null) throw new FieldMissing({ param: 'messages' })
  const { system, turns } = turnsOf(messages)
  const tools = asked.objects('tools') ?? []
  return {
    model,
    ...(system === '' ? {} : { system }),
    messages: turns,
    ...(tools.length === 0 ? {} : { tools: tools.map(toolOf), ...toolChoice(asked) }),
  }
}

function refuseWhatCannotBe(asked: Fields): void {
  if ((asked.integer('n', 1) ?? 1) > 1) throw unsupported('n', 'the upstream of this model gives one choice')
  if (asked.boolean('logprobs') === true) throw unsupported('logprobs', 'the upstream of this model gives none')
  for (const name of ['presence_penalty', 'frequency_penalty', 'logit_bias']) {
    const value = asked.raw(name)
    const isNothing = value === undefined || value === 0 || JSON.stringify(value) === '{}'
    if (!isNothing) throw unsupported(name, 'the upstream of this model does not know it')
  }
}

function toolOf(tool: Fields): Json {
  if ((tool.string('type') ?? 'function') !== 'function')
    throw unsupported(tool.path('type'), 'the upstream of this model takes functions only')
  const called = tool.requiredObject('function')
  const description = called.string('description')
  return {
    name: called.requiredString('name'),
    ...(description === null ? {} : { description }),
    input_schema: called.raw('parameters') ?? { type: 'object', properties: {} },
  }
}

function toolChoice(asked: Fields): Json {
  const parallel = asked.boolean('parallel_tool_calls') === false ? { disable_parallel_tool_use: true } : {}
  const choice = asked.raw('tool_choice')
  if (choice === undefined)
    return Object.keys(parallel).length === 0 ? {} : { tool_choice: { type: 'auto', ...parallel } }
  if (choice === 'none') return { tool_choice: { type: 'none' } }
  if (choice === 'auto') return { tool_choice: { type: 'auto', ...parallel } }
  if (choice === 'required') return { tool_choice: { type: 'any', ...parallel } }
  if (typeof choice === 'string')
    throw new FieldInvalid({ param: 'tool_choice', trouble: 'must be auto, none, required or a function' })
  const name = asked.object('tool_choice')?.requiredObject('function').requiredString('name')
  return { tool_choice: { type: 'tool', name, ...parallel } }
}

/**
 * In Anthropic's own words, in those by which templates are told, or in DashScope's. Off where nobody asks, as it is at
 * Anthropic.
 */
function thinkingOf(asked: Fields): Json | null {
  const own = asked.object('thinking')
  if (own !== null) return asked.raw('thinking') as Json
  const told = asked.object('chat_template_kwargs')
  const thinks = told?.raw('enable_thinking') ?? told?.raw('thinking') ?? asked.raw('enable_thinking')
  if (thinks !== true) return null
  const budget = told?.raw('thinking_budget') ?? asked.raw('thinking_budget')
  return typeof budget === 'number' ? { type: 'enabled', budget_tokens: budget } : { type: 'adaptive' }
}

function outputConfig(asked: Fields): Json {
  const effort = asked.string('reasoning_effort')
  const known = effort === null || effort === 'none' ? undefined : EFFORTS.get(effort)
  if (effort !== null && effort !== 'none' && known === undefined)
    throw new FieldInvalid({ param: 'reasoning_effort', trouble: `must be one of ${[...EFFORTS.keys()].join(', ')}` })
  const format = formatOf(asked)
  if (known === undefined && format === null) return {}
  return {
    output_config: { ...(known === undefined ? {} : { effort: known }), ...(format === null ? {} : { format }) },
  }
}

function formatOf(asked: Fields): Json | null {
  const format = asked.object('response_format')
  const type = format?.requiredString('type') ?? 'text'
  if (format === null || type === 'text') return null
  if (type !== 'json_schema')
    throw unsupported('response_format.type', `${type.slice(0, 40)} is not known to the upstream of this model`)
  return { type: 'json_schema', schema: format.requiredObject('json_schema').required('schema') }
}

function stopsOf(asked: Fields): unknown[] {
  const stop = asked.raw('stop')
  if (stop === undefined) return []
  return typeof stop === 'string' ? [stop] : (asked.list('stop') ?? [])
}

function asItIs(asked: Fields, names: readonly string[]): Json {
  return Object.fromEntries(names.flatMap((name) => (asked.raw(name) === undefined ? [] : [[name, asked.raw(name)]])))
}

function unsupported(param: string, trouble: string): FieldUnsupported {
  return new FieldUnsupported({ param, trouble })
}
