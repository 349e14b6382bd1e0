/**
 * Apple's client for servers that speak Chat Completions, made again from its source
 * (https://github.com/apple/foundation-models-utilities, `ChatCompletionsLanguageModel.swift` at 2aa1293, Apache-2.0): what
 * it sends, and what it makes of an answer, as strictly as Swift's decoder does. A real one needs an Apple machine.
 *
 * It is unforgiving where other clients are not: a chunk without `id`, `model` or `choices` ends the answer, and so does
 * an error whose `code` is a number. `parseStreamLine` and `decodeChunk` throw where it throws, and nowhere else.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'

export type AppleMessage = {
  role: 'system' | 'user' | 'assistant' | 'tool'
  /** Segments of an entry of the transcript. One text goes as a string; none is left out altogether. */
  content?: AppleSegment[]
  toolCalls?: { id: string; name: string; arguments: string }[]
  toolCallId?: string
  reasoning?: string
}
export type AppleSegment = { text: string } | { jpeg: Buffer }

export type AppleTool = { name: string; description: string; parameters: object }

export type AppleRequest = {
  messages: AppleMessage[]
  tools?: AppleTool[]
  toolCalling?: 'auto' | 'required' | 'none'
  /** Structured output: a schema as the framework's `GenerationSchema` encodes it. */
  schema?: { name: string; schema: object }
  /** `greedy` is sent as `top_p: 0`; a number is a probability threshold. */
  sampling?: 'greedy' | number
  temperature?: number
  maximumResponseTokens?: number
}

/** What the framework hears, in order. Usage is a total so far, not a share. */
export type AppleEvent =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'tool-call'; id: string; name: string; arguments: string }
  | { type: 'usage'; input: number; cached: number; output: number; reasoning: number }

/** Of an error event in a stream, or of an answer that is none. */
export class AppleApiError extends Error {
  readonly code: string | null
  constructor(message: string, code: string | null) {
    super(message)
    this.code = code
  }
}
export class AppleHttpError extends Error {
  readonly statusCode: number
  readonly body: string
  constructor(statusCode: number, body: string) {
    super(`HTTP error with status code ${statusCode}: ${body}`)
    this.statusCode = statusCode
    this.body = body
  }
}

export type AppleClient = {
  /** @throws AppleHttpError · AppleApiError · TypeError of a chunk that does not decode */
  respond(request: AppleRequest, signal?: AbortSignal): AsyncGenerator<AppleEvent>
}

/** @param url base, to which it appends `/chat/completions`, after `/v1` unless a segment of it is a version */
export function appleClient(options: { name: string; url: string; key: string }): AppleClient {
  const endpoint = endpointOf(options.url)
  return {
    async *respond(asked, signal) {
      const answer = await send(endpoint, options.key, bodyOf(options.name, asked), signal)
      if (answer.statusCode !== 200) {
        let body = ''
        for await (const piece of answer.setEncoding('utf8')) body += piece
        throw new AppleHttpError(answer.statusCode ?? 0, body)
      }
      yield* eventsOf(linesOf(answer.setEncoding('utf8')))
    },
  }
}

export function endpointOf(base: string): string {
  const isVersioned = new URL(base).pathname.split('/').some((segment) => /^v\d+$/.test(segment))
  return `${base.replace(/\/$/, '')}${isVersioned ? '' : '/v1'}/chat/completions`
}

/** `tools` and `tool_choice` go with every request, also where there are no tools. */
export function bodyOf(model: string, asked: AppleRequest): object {
  const { sampling, schema } = asked
  return {
    model,
    messages: asked.messages.map(messageOf),
    ...(asked.temperature === undefined ? {} : { temperature: asked.temperature }),
    ...(sampling === undefined ? {} : { top_p: sampling === 'greedy' ? 0 : sampling }),
    ...(asked.maximumResponseTokens === undefined ? {} : { max_completion_tokens: asked.maximumResponseTokens }),
    tools: (asked.tools ?? []).map((tool) => ({ type: 'function', function: tool })),
    tool_choice: asked.toolCalling ?? 'auto',
    ...(schema === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { ...schema, strict: true } } }),
    stream: true,
    stream_options: { include_usage: true },
  }
}

function messageOf({ role, content = [], toolCalls, toolCallId, reasoning }: AppleMessage): object {
  const [only] = content
  const compact = content.length === 1 && only !== undefined && 'text' in only ? only.text : null
  const parts = content.map((segment) =>
    'text' in segment
      ? { type: 'text', text: segment.text }
      : {
          type: 'image_url',
          image_url: { url: `data:image/jpeg;base64,${segment.jpeg.toString('base64')}`, detail: 'auto' },
        },
  )
  const hasCalls = (toolCalls?.length ?? 0) > 0
  return {
    role,
    ...(compact !== null ? { content: compact } : !hasCalls && parts.length > 0 ? { content: parts } : {}),
    ...(toolCalls === undefined
      ? {}
      : { tool_calls: toolCalls.map(({ id, ...called }) => ({ id, type: 'function', function: called })) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
  }
}

function send(endpoint: string, key: string, body: object, signal?: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'com.example.notes',
    }
    httpRequest(endpoint, { method: 'POST', headers, ...(signal ? { signal } : {}) }, resolve)
      .on('error', reject)
      .end(JSON.stringify(body))
  })
}

/** Cuts at LF alone, as the client does on Linux: a CR would stay in the line. */
async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  yield rest
}

async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<AppleEvent> {
  const calls = new Map<number, { id: string; name: string }>()
  for await (const line of lines) {
    const chunk = parseStreamLine(line)
    if (chunk === null) continue
    const delta = chunk.choices[0]?.delta
    if (delta?.reasoning != null) yield { type: 'reasoning', text: delta.reasoning }
    if (delta?.toolCalls != null) {
      for (const { index, id, name, arguments: more } of delta.toolCalls) {
        const before = calls.get(index) ?? { id: '', name: '' }
        const call = { id: before.id + (id ?? ''), name: before.name + (name ?? '') }
        calls.set(index, call)
        if (call.id !== '' && call.name !== '') yield { type: 'tool-call', ...call, arguments: more ?? '' }
      }
      // Whatever text is beside calls is lost, also beside an empty list of them.
    } else if (delta?.content != null) {
      yield { type: 'text', text: delta.content }
    }
    if (chunk.usage !== null) yield { type: 'usage', ...chunk.usage }
  }
}

type Chunk = {
  choices: { delta: Delta }[]
  usage: { input: number; cached: number; output: number; reasoning: number } | null
}
type Delta = { content: string | null; reasoning: string | null; toolCalls: CallDelta[] | null }
type CallDelta = { index: number; id: string | null; name: string | null; arguments: string | null }

/** @returns null = a line that it passes over @throws AppleApiError · TypeError · SyntaxError */
export function parseStreamLine(line: string): Chunk | null {
  const trimmed = line.replace(/^[ \t]+|[ \t]+$/g, '')
  if (trimmed === '' || trimmed.startsWith(':') || !trimmed.startsWith('data: ')) return null
  const json = trimmed.slice('data: '.length)
  if (json.replace(/^[ \t]+|[ \t]+$/g, '') === '[DONE]') return null
  const value = JSON.parse(json) as unknown
  try {
    return decodeChunk(value)
  } catch (error) {
    throw apiErrorIn(value) ?? error
  }
}

function decodeChunk(value: unknown): Chunk {
  const chunk = keyed(value, 'chunk')
  text(chunk.id, 'id')
  text(chunk.model, 'model')
  const choices = list(chunk.choices, 'choices').map((choice) => ({
    delta: decodeDelta(keyed(choice, 'choice').delta),
  }))
  if (chunk.usage == null) return { choices, usage: null }
  const usage = keyed(chunk.usage, 'usage')
  const inPrompt = usage.prompt_tokens_details == null ? {} : keyed(usage.prompt_tokens_details, 'prompt details')
  const inAnswer = usage.completion_tokens_details == null ? {} : keyed(usage.completion_tokens_details, 'details')
  return {
    choices,
    usage: {
      input: whole(usage.prompt_tokens, 'prompt_tokens'),
      output: whole(usage.completion_tokens, 'completion_tokens'),
      cached: inPrompt.cached_tokens == null ? 0 : whole(inPrompt.cached_tokens, 'cached_tokens'),
      reasoning: inAnswer.reasoning_tokens == null ? 0 : whole(inAnswer.reasoning_tokens, 'reasoning_tokens'),
    },
  }
}

function decodeDelta(value: unknown): Delta {
  const delta = keyed(value, 'delta')
  optionalText(delta.role, 'role')
  return {
    content: optionalText(delta.content, 'content'),
    reasoning: optionalText(delta.reasoning_content, 'reasoning_content'),
    toolCalls: delta.tool_calls == null ? null : list(delta.tool_calls, 'tool_calls').map(decodeCall),
  }
}

function decodeCall(value: unknown): CallDelta {
  const call = keyed(value, 'tool call')
  optionalText(call.type, 'type')
  const called = call.function == null ? {} : keyed(call.function, 'function')
  return {
    index: whole(call.index, 'index'),
    id: optionalText(call.id, 'id'),
    name: optionalText(called.name, 'name'),
    arguments: optionalText(called.arguments, 'arguments'),
  }
}

/** null where the envelope does not decode either, for instance because its code is a number. */
function apiErrorIn(value: unknown): AppleApiError | null {
  try {
    const error = keyed(keyed(value, 'envelope').error, 'error')
    for (const name of ['type', 'param'] as const) optionalText(error[name], name)
    return new AppleApiError(text(error.message, 'message'), optionalText(error.code, 'code'))
  } catch {
    return null
  }
}

function keyed(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${what}: no object`)
  return value as Record<string, unknown>
}
function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${what}: no array`)
  return value
}
function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new TypeError(`${what}: no string`)
  return value
}
function optionalText(value: unknown, what: string): string | null {
  return value == null ? null : text(value, what)
}
function whole(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${what}: no integer`)
  return value as number
}
