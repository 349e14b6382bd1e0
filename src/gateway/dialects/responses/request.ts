/**
 * `POST /v1/responses`, read and checked: what it brings, what an engine is asked besides, and what the answer says back
 * of it.
 *
 * What would change the answer and cannot be honoured is refused by name: tools that run at OpenAI, prompts and
 * conversations that lie there, answers in the background. What changes nothing that a model says is passed over: `user`,
 * `safety_identifier`, `prompt_cache_key`, `service_tier`, `truncation` (what is too long is refused, and the answer says
 * `disabled`), `stream_options`, and any field nobody here has heard of. Web search is passed over too: OpenAI's coding
 * agent offers it with each request, and an answer without it is an answer; `tools` of the response says what was offered.
 *
 * Pure module.
 */
import { FieldInvalid, FieldMissing, FieldOfWrongType, FieldUnsupported } from '../../errors.ts'
import { Fields, isObject, type Json } from '../fields.ts'
import { type Item, type ItemReference, readInput } from './items.ts'

export type ResponseRequest = {
  model: string
  stream: boolean
  store: boolean
  previousId: string | null
  instructions: string | null
  input: (Item | ItemReference)[]
  /** What an engine is asked, beside its model and messages. */
  chat: Json
  /** What the response says back. */
  echo: Json
  /** Thoughts are told as a summary. */
  summarizes: boolean
  /** Thoughts come with what a client sends back. */
  seals: boolean
}

const EFFORTS = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
const WEB_SEARCH = /^web_search/
const TOP_LOGPROBS_MAX = 20
/** Told back as they came. */
const ECHOED_TEXTS = ['user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'] as const

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function readResponseRequest(body: unknown): ResponseRequest {
  const asked = new Fields(body)
  refuseElsewhere(asked)
  const model = asked.requiredString('model')
  const previousId = asked.string('previous_response_id')
  if (asked.raw('input') === undefined && previousId === null) throw new FieldMissing({ param: 'input' })
  const instructions = asked.string('instructions')
  const stream = asked.boolean('stream') ?? false
  const include = asked.list('include') ?? []
  const tools = readTools(asked)
  const format = readFormat(asked)
  const reasoning = readReasoning(asked)
  const sampling = readSampling(asked)
  const logprobs = readLogprobs(asked, include)
  const tokensMax = asked.integer('max_output_tokens', 1)
  return {
    model,
    stream,
    store: asked.boolean('store') ?? true,
    previousId,
    instructions,
    input: readInput(asked),
    chat: {
      ...tools.chat,
      ...format.chat,
      ...(reasoning.effort === null ? {} : { reasoning_effort: reasoning.effort }),
      ...sampling,
      ...logprobs.chat,
      ...(tokensMax === null ? {} : { max_tokens: tokensMax }),
      ...(stream ? { stream } : {}),
    },
    echo: {
      background: false,
      instructions,
      max_output_tokens: tokensMax,
      max_tool_calls: asked.integer('max_tool_calls', 0),
      model,
      ...tools.echo,
      previous_response_id: previousId,
      reasoning,
      service_tier: 'default',
      temperature: sampling.temperature ?? null,
      text: format.echo,
      top_logprobs: logprobs.top,
      top_p: sampling.top_p ?? null,
      truncation: 'disabled',
      metadata: readMetadata(asked),
      ...echoedTexts(asked),
    },
    summarizes: reasoning.summary !== null,
    seals: include.includes('reasoning.encrypted_content'),
  }
}

function refuseElsewhere(asked: Fields): void {
  const refuse = (param: string, trouble: string) => {
    throw new FieldUnsupported({ param, trouble })
  }
  if (asked.boolean('background') === true) {
    refuse('background', 'no response is made in the background here; leave it out, or set it to false')
  }
  if (asked.raw('conversation') !== undefined) {
    refuse('conversation', 'conversations are not kept here; go on with previous_response_id')
  }
  if (asked.raw('prompt') !== undefined) refuse('prompt', 'prompts are not kept here; send instructions and input')
  if (asked.raw('moderation') !== undefined) refuse('moderation', 'nothing is moderated by this field here')
}

type Tools = { chat: Json; echo: { tools: Json[]; tool_choice: unknown; parallel_tool_calls: boolean } }

function readTools(asked: Fields): Tools {
  const tools = (asked.objects('tools') ?? []).flatMap((tool) => readTool(tool) ?? [])
  const parallel = asked.boolean('parallel_tool_calls')
  const choice = readToolChoice(asked)
  const offered = choice.only === null ? tools : tools.filter(({ name }) => choice.only?.has(name))
  const isAsked = offered.length > 0
  if (!isAsked && choice.chat !== null && choice.chat !== 'auto' && choice.chat !== 'none') {
    throw new FieldInvalid({ param: 'tool_choice', trouble: 'there is no tool to be called' })
  }
  return {
    chat: isAsked
      ? {
          tools: offered.map(({ chat }) => chat),
          ...(choice.chat === null ? {} : { tool_choice: choice.chat }),
          ...(parallel === null ? {} : { parallel_tool_calls: parallel }),
        }
      : {},
    echo: {
      tools: tools.map(({ echo }) => echo),
      tool_choice: choice.echo,
      parallel_tool_calls: parallel ?? true,
    },
  }
}

/** @returns null for what is passed over */
function readTool(tool: Fields): { name: string; chat: Json; echo: Json } | null {
  const type = tool.requiredString('type')
  if (WEB_SEARCH.test(type)) return null
  if (type !== 'function') throw unsupportedTool(tool.path('type'), type)
  const name = tool.requiredString('name')
  const description = tool.string('description')
  const parameters = tool.object('parameters') === null ? null : tool.raw('parameters')
  const strict = tool.boolean('strict')
  return {
    name,
    chat: {
      type,
      function: {
        name,
        ...(description === null ? {} : { description }),
        ...(parameters === null ? {} : { parameters }),
        ...(strict === null ? {} : { strict }),
      },
    },
    echo: { type, name, ...(description === null ? {} : { description }), parameters, strict },
  }
}

type ToolChoice = {
  chat: unknown
  echo: unknown
  /** Names of the tools that may be called; null = all. */
  only: ReadonlySet<string> | null
}

function readToolChoice(asked: Fields): ToolChoice {
  const given = asked.raw('tool_choice')
  if (given === undefined) return { chat: null, echo: 'auto', only: null }
  if (given === 'auto' || given === 'none' || given === 'required') return { chat: given, echo: given, only: null }
  if (!isObject(given)) {
    throw new FieldInvalid({
      param: 'tool_choice',
      trouble: 'must be none, auto, required, or an object that names tools',
    })
  }
  const choice = asked.requiredObject('tool_choice')
  const type = choice.requiredString('type')
  if (type === 'function') {
    const name = choice.requiredString('name')
    return { chat: { type, function: { name } }, echo: { type, name }, only: null }
  }
  if (type !== 'allowed_tools') throw unsupportedTool(choice.path('type'), type)
  const mode = choice.string('mode') ?? 'auto'
  if (mode !== 'auto' && mode !== 'required') {
    throw new FieldInvalid({ param: choice.path('mode'), trouble: 'must be auto or required' })
  }
  const names = (choice.objects('tools') ?? []).flatMap((tool) => tool.string('name') ?? [])
  return { chat: mode, echo: { type, mode, tools: choice.list('tools') ?? [] }, only: new Set(names) }
}

function unsupportedTool(param: string, type: string): FieldUnsupported {
  return new FieldUnsupported({
    param,
    trouble: `tools of type ${type.slice(0, 60)} are not served here; what is: function`,
  })
}

function readFormat(asked: Fields): { chat: Json; echo: Json } {
  const text = asked.object('text')
  const verbosity = text?.string('verbosity') ?? null
  const format = text?.object('format') ?? null
  const said = verbosity === null ? {} : { verbosity }
  const type = format?.requiredString('type') ?? 'text'
  if (format === null || type === 'text') return { chat: {}, echo: { format: { type: 'text' }, ...said } }
  if (type === 'json_object') return { chat: { response_format: { type } }, echo: { format: { type }, ...said } }
  if (type !== 'json_schema') {
    throw new FieldInvalid({ param: format.path('type'), trouble: 'must be text, json_object or json_schema' })
  }
  format.requiredObject('schema')
  const description = format.string('description')
  const schema = {
    name: format.string('name') ?? 'answer',
    ...(description === null ? {} : { description }),
    schema: format.raw('schema'),
    strict: format.boolean('strict') ?? false,
  }
  return {
    chat: { response_format: { type, json_schema: schema } },
    echo: { format: { type, ...schema }, ...said },
  }
}

function readReasoning(asked: Fields): { effort: string | null; summary: string | null } {
  const reasoning = asked.object('reasoning')
  const effort = reasoning?.string('effort') ?? null
  if (effort !== null && !EFFORTS.has(effort)) {
    throw new FieldInvalid({ param: 'reasoning.effort', trouble: `must be one of ${[...EFFORTS].join(', ')}` })
  }
  return { effort, summary: reasoning?.string('summary') ?? reasoning?.string('generate_summary') ?? null }
}

/** The engine says what is wrong with them. */
function readSampling(asked: Fields): Json {
  const chosen: Json = {}
  for (const name of ['temperature', 'top_p']) {
    const value = asked.raw(name)
    if (value !== undefined && typeof value !== 'number')
      throw new FieldOfWrongType({ param: name, wanted: 'a number' })
    if (value !== undefined) chosen[name] = value
  }
  return chosen
}

function readLogprobs(asked: Fields, include: readonly unknown[]): { top: number; chat: Json } {
  const top = asked.integer('top_logprobs', 0) ?? 0
  if (top > TOP_LOGPROBS_MAX) {
    throw new FieldInvalid({ param: 'top_logprobs', trouble: `must be at most ${TOP_LOGPROBS_MAX}` })
  }
  const isWanted = top > 0 || include.includes('message.output_text.logprobs')
  return { top, chat: isWanted ? { logprobs: true, top_logprobs: top } : {} }
}

function readMetadata(asked: Fields): Json {
  const metadata = asked.object('metadata') === null ? {} : (asked.raw('metadata') as Json)
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string')
      throw new FieldOfWrongType({ param: `metadata.${name.slice(0, 64)}`, wanted: 'a string' })
  }
  return metadata
}

function echoedTexts(asked: Fields): Json {
  const said: Json = {}
  for (const name of ECHOED_TEXTS) {
    const value = asked.string(name)
    if (value !== null) said[name] = value
  }
  return said
}
