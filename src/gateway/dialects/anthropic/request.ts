/**
 * `POST /v1/messages` into a chat completion, and `count_tokens` into the same conversation to be counted.
 *
 * What would change the answer and cannot be honoured is refused by name: tools that run on Anthropic's servers, MCP
 * servers, a begun answer to go on with. What changes nothing that a model says is passed over: `metadata`,
 * `service_tier`, `cache_control`, `container`, and any field nobody here has heard of.
 *
 * Pure module.
 */
import { FieldInvalid, FieldUnsupported } from '../../errors.ts'
import { Fields, type Json } from '../fields.ts'
import { chatMessages } from './conversation.ts'

/** As many as the engine takes. */
const STOPS_MAX = 4
/** Anthropic's names for what reasoning engines call effort are the same. */
const EFFORTS = new Set(['low', 'medium', 'high', 'xhigh', 'max'])

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function chatBody(body: unknown): Json {
  const asked = new Fields(body)
  asked.required('max_tokens')
  const messages = chatMessages(asked)
  if (messages.at(-1)?.role === 'assistant') {
    throw new FieldInvalid({
      param: 'messages',
      trouble: 'assistant message prefill is not supported; the conversation must end with a user message',
    })
  }
  const stream = asked.boolean('stream')
  return {
    model: asked.requiredString('model'),
    messages,
    ...prompting(asked),
    max_tokens: asked.integer('max_tokens', 1),
    ...(stream === null ? {} : { stream }),
    ...sampling(asked),
    ...answerFormat(asked),
  }
}

/** The same prompt, to be counted. The tokens themselves stay with the engine. */
export function tokenizeBody(body: unknown): Json {
  const asked = new Fields(body)
  const messages = chatMessages(asked)
  return { model: asked.requiredString('model'), messages, ...prompting(asked), return_tokens: false }
}

/** What decides on the prompt, beside the messages. */
function prompting(asked: Fields): Json {
  if ((asked.list('mcp_servers') ?? []).length > 0) {
    throw new FieldUnsupported({ param: 'mcp_servers', trouble: 'MCP servers are not called from here' })
  }
  const tools = asked.objects('tools') ?? []
  return {
    ...(tools.length === 0 ? {} : { tools: tools.map(chatTool), ...toolChoice(asked) }),
    ...thinking(asked),
  }
}

function chatTool(tool: Fields): Json {
  const type = tool.string('type') ?? 'custom'
  if (type !== 'custom') {
    throw new FieldUnsupported({
      param: tool.path('type'),
      trouble: `${type.slice(0, 60)} runs on Anthropic's servers or is known to its models only`,
    })
  }
  tool.requiredObject('input_schema')
  const description = tool.string('description')
  const strict = tool.boolean('strict')
  return {
    type: 'function',
    function: {
      name: tool.requiredString('name'),
      ...(description === null ? {} : { description }),
      parameters: tool.raw('input_schema'),
      ...(strict === null ? {} : { strict }),
    },
  }
}

function toolChoice(asked: Fields): Json {
  const choice = asked.object('tool_choice')
  if (choice === null) return {}
  const parallel = choice.boolean('disable_parallel_tool_use') === true ? { parallel_tool_calls: false } : {}
  const type = choice.requiredString('type')
  switch (type) {
    case 'auto':
      return { tool_choice: 'auto', ...parallel }
    case 'any':
      return { tool_choice: 'required', ...parallel }
    case 'none':
      return { tool_choice: 'none' }
    case 'tool':
      return { tool_choice: { type: 'function', function: { name: choice.requiredString('name') } }, ...parallel }
    default:
      throw new FieldInvalid({ param: choice.path('type'), trouble: 'must be auto, any, tool or none' })
  }
}

/**
 * Anthropic's models think only when they are asked to, so that a model that would think by itself is told not to. The
 * budget goes to the template, where some read it; it is no bound of the engine's, `max_tokens` is.
 */
function thinking(asked: Fields): Json {
  const wanted = asked.object('thinking')
  const type = wanted?.requiredString('type') ?? 'disabled'
  if (!['enabled', 'disabled', 'adaptive', 'between_tools'].includes(type)) {
    throw new FieldInvalid({ param: 'thinking.type', trouble: 'must be enabled, disabled or adaptive' })
  }
  const thinks = type !== 'disabled'
  const budget = thinks ? (wanted?.integer('budget_tokens', 1) ?? null) : null
  const effort = asked.object('output_config')?.string('effort') ?? null
  if (effort !== null && !EFFORTS.has(effort)) {
    throw new FieldInvalid({ param: 'output_config.effort', trouble: `must be one of ${[...EFFORTS].join(', ')}` })
  }
  return {
    ...(effort === null ? {} : { reasoning_effort: effort }),
    chat_template_kwargs: {
      enable_thinking: thinks,
      thinking: thinks,
      ...(budget === null ? {} : { thinking_budget: budget }),
    },
  }
}

function sampling(asked: Fields): Json {
  const chosen: Json = {}
  for (const name of ['temperature', 'top_p', 'top_k']) {
    const value = asked.raw(name)
    if (value !== undefined) chosen[name] = value
  }
  const stops = asked.list('stop_sequences') ?? []
  if (stops.length > STOPS_MAX) {
    throw new FieldUnsupported({ param: 'stop_sequences', trouble: `at most ${STOPS_MAX} are taken here` })
  }
  for (const [index, stop] of stops.entries()) {
    if (typeof stop !== 'string' || stop === '')
      throw new FieldInvalid({ param: `stop_sequences.${index}`, trouble: 'must be text that is not empty' })
  }
  return stops.length === 0 ? chosen : { ...chosen, stop: stops }
}

function answerFormat(asked: Fields): Json {
  // Where it is now, and where it was while it was a beta.
  const format = asked.object('output_config')?.object('format') ?? asked.object('output_format')
  if (!format) return {}
  if (format.requiredString('type') !== 'json_schema') {
    throw new FieldInvalid({ param: format.path('type'), trouble: 'must be json_schema' })
  }
  format.requiredObject('schema')
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format.raw('schema') } } }
}
