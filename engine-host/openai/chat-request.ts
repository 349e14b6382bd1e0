/**
 * A chat request, read and checked. Pure: what the body says, in our own words, or a refusal.
 *
 * Accepted without effect, because they change nothing that a model says: `user`, `metadata`, `store`, `service_tier`,
 * `prompt_cache_key`, `safety_identifier` and any field nobody here has heard of. Refused, because ignoring them would
 * change the answer: audio, predictions, web search, the older `functions`, image parts.
 */
import type { Sampling } from '../token-engine.ts'
import { Fields, invalidChoice, invalidType, invalidValue, missing, unsupportedParameter } from './fields.ts'
import { RequestError } from './request-error.ts'
import {
  CHOICES_MAX,
  type RequestContext,
  readSampling,
  readStops,
  readStream,
  type StreamOptions,
  TOP_LOGPROBS_MAX,
} from './sampling.ts'

export type ChatMessage = {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string | null
  name?: string
  /** Of an assistant: what it thought, accepted back. */
  reasoningContent?: string
  toolCalls?: ChatToolCall[]
  /** Of a tool: which call it answers. */
  toolCallId?: string
}

/** `arguments` is JSON text, as OpenAI has it. */
export type ChatToolCall = { id: string; name: string; arguments: string }

export type ChatTool = {
  name: string
  description: string | null
  /** JSON Schema; null = the tool takes no parameters or says nothing about them. */
  parameters: unknown
  /** Its arguments must match the schema, whoever decides to call it. */
  strict: boolean
  /** As the caller wrote it: what a template shows to the model. */
  wire: unknown
}

export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }

export type ResponseFormat = { type: 'text' } | { type: 'json_object' } | { type: 'json_schema'; schema: unknown }

export type ChatRequest = StreamOptions & {
  model: string | null
  messages: ChatMessage[]
  tools: ChatTool[]
  toolChoice: ToolChoice
  parallelToolCalls: boolean
  responseFormat: ResponseFormat
  sampling: Sampling
  stops: string[]
  choices: number
  /** null = as many as the context has room for. */
  tokensMax: number | null
  topLogprobs: number | null
  ignoreEos: boolean
  /** Passed to the template as they are, beside the standard values. */
  templateValues: Record<string, unknown>
}

/** @throws RequestError naming the field at fault */
export function readChatRequest(body: unknown, context: RequestContext): ChatRequest {
  const fields = new Fields(body)
  for (const [name, reason] of Object.entries(REFUSED)) fields.refuse(name, reason)
  const tools = readTools(fields)
  return {
    model: fields.string('model'),
    messages: readMessages(fields),
    tools,
    toolChoice: readToolChoice(fields, tools),
    parallelToolCalls: fields.boolean('parallel_tool_calls') ?? true,
    responseFormat: readResponseFormat(fields),
    sampling: readSampling(fields, context.vocabularySize, context.samplingDefaults),
    stops: readStops(fields),
    choices: fields.integer('n', { min: 1, max: CHOICES_MAX }) ?? 1,
    tokensMax: readTokensMax(fields),
    topLogprobs: readTopLogprobs(fields),
    ignoreEos: fields.boolean('ignore_eos') ?? false,
    templateValues: readTemplateValues(fields),
    ...readStream(fields, context.usageHeader),
  }
}

const REFUSED: Record<string, string> = {
  audio: 'This engine writes text only.',
  prediction: 'This engine does not take predicted outputs.',
  web_search_options: 'This engine has no web search.',
  functions: "Use 'tools' instead.",
  function_call: "Use 'tool_choice' instead.",
}

function readTokensMax(fields: Fields): number | null {
  const current = fields.integer('max_completion_tokens', { min: 1 })
  const older = fields.integer('max_tokens', { min: 1 })
  return current ?? older
}

function readTopLogprobs(fields: Fields): number | null {
  const wanted = fields.boolean('logprobs') ?? false
  const top = fields.integer('top_logprobs', { min: 0, max: TOP_LOGPROBS_MAX })
  if (top !== null && !wanted) {
    throw invalidValue('top_logprobs', "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.")
  }
  return wanted ? (top ?? 0) : null
}

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

/**
 * One switch, many names: Qwen's templates read `enable_thinking`, DeepSeek's read `thinking`, OpenAI's clients send
 * `reasoning_effort`. `chat_template_kwargs` go through untouched and win.
 */
function readTemplateValues(fields: Fields): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  // Some models take a number of 1–100, which is the template's to judge.
  const effort =
    typeof fields.raw('reasoning_effort') === 'number'
      ? fields.integer('reasoning_effort', { min: 0, max: 100 })
      : fields.choice('reasoning_effort', EFFORTS)
  if (effort !== null) values.reasoning_effort = effort
  const thinking = fields.boolean('enable_thinking') ?? (effort === null ? null : effort !== 'none' && effort !== 0)
  if (thinking !== null) Object.assign(values, { enable_thinking: thinking, thinking })
  const given = fields.raw('chat_template_kwargs')
  if (given === undefined) return values
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw invalidType('chat_template_kwargs', 'an object', given)
  }
  for (const name of RESERVED_TEMPLATE_VALUES) {
    if (Object.hasOwn(given as object, name)) {
      throw invalidValue(`chat_template_kwargs.${name}`, `'${name}' is not the caller's to set.`)
    }
  }
  return { ...values, ...(given as Record<string, unknown>) }
}

const RESERVED_TEMPLATE_VALUES = ['messages', 'tools', 'add_generation_prompt', 'bos_token', 'eos_token'] as const

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const

function readMessages(fields: Fields): ChatMessage[] {
  const list = fields.array('messages') ?? missing('messages')
  if (list.length === 0) {
    throw new RequestError({
      status: 400,
      code: 'empty_array',
      param: 'messages',
      message:
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    })
  }
  return list.map((value, index) => readMessage(new Fields(value, `messages[${index}]`)))
}

function readMessage(fields: Fields): ChatMessage {
  const role = fields.choice('role', ROLES) ?? missing(fields.path('role'))
  const content = readContent(fields)
  const name = fields.string('name')
  const named = name === null ? {} : { name }
  switch (role) {
    case 'developer':
    case 'system':
      return { role: 'system', content: content ?? missing(fields.path('content')), ...named }
    case 'user':
      return { role, content: content ?? missing(fields.path('content')), ...named }
    case 'function':
      return { role: 'tool', content: content ?? '', ...named }
    case 'tool': {
      const toolCallId = fields.string('tool_call_id')
      return {
        role,
        content: content ?? '', // a tool that found nothing: Apple's client then leaves the field out
        ...named,
        ...(toolCallId === null ? {} : { toolCallId }),
      }
    }
    case 'assistant': {
      const toolCalls = readToolCalls(fields)
      const reasoning = fields.string('reasoning_content') ?? fields.string('reasoning')
      if (content === null && toolCalls.length === 0 && reasoning === null && fields.string('refusal') === null) {
        missing(fields.path('content'))
      }
      return {
        role,
        content: content ?? fields.string('refusal'),
        ...named,
        ...(reasoning === null ? {} : { reasoningContent: reasoning }),
        ...(toolCalls.length === 0 ? {} : { toolCalls }),
      }
    }
    default:
      return role satisfies never
  }
}

/** Text as a string or as text parts, which are joined by line breaks; null = absent. */
function readContent(fields: Fields): string | null {
  const value = fields.raw('content')
  if (value === undefined) return null
  if (typeof value === 'string') return value
  const path = fields.path('content')
  if (!Array.isArray(value)) throw invalidType(path, 'a string or an array of parts', value)
  const texts = value.map((entry, index) => {
    const part = new Fields(entry, `${path}[${index}]`)
    const type = part.requiredString('type')
    if (type === 'text') return part.string('text') ?? missing(part.path('text'))
    if (type === 'refusal') return part.string('refusal') ?? missing(part.path('refusal'))
    if (IMAGE_PARTS.has(type)) {
      throw new RequestError({
        status: 400,
        code: 'unsupported_content_type',
        param: part.path('type'),
        message: `This model reads text only; a part of type '${type}' cannot be used.`,
      })
    }
    throw invalidChoice(part.path('type'), type, ['text', 'refusal'])
  })
  return texts.join('\n')
}

const IMAGE_PARTS = new Set(['image_url', 'input_image', 'image', 'input_audio', 'audio', 'video_url', 'video', 'file'])

function readToolCalls(fields: Fields): ChatToolCall[] {
  const list = fields.array('tool_calls') ?? []
  const calls = list.map((value, index) => {
    const call = new Fields(value, `${fields.path('tool_calls')}[${index}]`)
    const type = call.string('type') ?? 'function'
    if (type !== 'function') throw invalidChoice(call.path('type'), type, ['function'])
    return {
      id: call.string('id') ?? '',
      ...readCalledFunction(call.object('function') ?? missing(call.path('function'))),
    }
  })
  const older = fields.object('function_call')
  return older === null ? calls : [...calls, { id: '', ...readCalledFunction(older) }]
}

function readCalledFunction(fields: Fields): { name: string; arguments: string } {
  return { name: fields.requiredString('name'), arguments: fields.string('arguments') ?? '{}' }
}

const TOOL_NAME = /^[a-zA-Z0-9_.-]{1,128}$/

function readTools(fields: Fields): ChatTool[] {
  const names = new Set<string>()
  return (fields.array('tools') ?? []).map((value, index) => {
    const tool = new Fields(value, `tools[${index}]`)
    const type = tool.requiredString('type')
    if (type !== 'function') throw invalidChoice(tool.path('type'), type, ['function'])
    const definition = tool.object('function') ?? missing(tool.path('function'))
    const name = definition.requiredString('name')
    if (!TOOL_NAME.test(name)) {
      throw invalidValue(
        definition.path('name'),
        `Invalid '${definition.path('name')}': a name has 1–128 letters, digits, underscores, dots or dashes.`,
      )
    }
    if (names.has(name)) throw invalidValue(definition.path('name'), `Two tools are named '${name}'.`)
    names.add(name)
    const parameters = definition.raw('parameters')
    if (parameters !== undefined && (typeof parameters !== 'object' || Array.isArray(parameters))) {
      throw invalidType(definition.path('parameters'), 'an object', parameters)
    }
    return {
      name,
      description: definition.string('description'),
      parameters: parameters ?? null,
      strict: definition.boolean('strict') ?? false,
      wire: value,
    }
  })
}

function readToolChoice(fields: Fields, tools: readonly ChatTool[]): ToolChoice {
  const value = fields.raw('tool_choice')
  if (value === undefined) return tools.length > 0 ? 'auto' : 'none'
  if (typeof value === 'string') {
    const choice = fields.choice('tool_choice', ['auto', 'none', 'required']) as 'auto' | 'none' | 'required'
    // Apple's client sends 'auto' with every request, also with an empty list: nothing is asked for that cannot be.
    if (tools.length === 0 && choice === 'required') throw toolChoiceWithoutTools()
    return choice
  }
  const choice = new Fields(value, 'tool_choice')
  const type = choice.requiredString('type')
  if (type !== 'function') {
    throw unsupportedParameter('tool_choice.type', `Only 'function' is supported here, not '${type.slice(0, 40)}'.`)
  }
  if (tools.length === 0) throw toolChoiceWithoutTools()
  const name = (choice.object('function') ?? missing('tool_choice.function')).requiredString('name')
  if (!tools.some((tool) => tool.name === name)) {
    throw invalidValue('tool_choice', `Tool choice '${name.slice(0, 128)}' not found in 'tools' parameter.`)
  }
  return { name }
}

function toolChoiceWithoutTools(): RequestError {
  return invalidValue('tool_choice', "'tool_choice' is only allowed when 'tools' are specified.")
}

function readResponseFormat(fields: Fields): ResponseFormat {
  const format = fields.object('response_format')
  if (format === null) return { type: 'text' }
  const type = format.choice('type', ['text', 'json_object', 'json_schema']) ?? missing(format.path('type'))
  if (type !== 'json_schema') return { type }
  const definition = format.object('json_schema') ?? missing(format.path('json_schema'))
  const schema = definition.raw('schema')
  // OpenAI allows a definition without a schema, which then says no more than "JSON".
  return schema === undefined ? { type: 'json_object' } : { type, schema }
}
