/**
 * What is recorded of every request beside its usage: settings, sizes, and the client's software. No text of the user's
 * gets through: numbers and switches pass as they are, words only where they are one of a list, and of tools, stops and
 * schemas there is a number or a kind.
 *
 * Pure module.
 */
import type { RequestDetail, RequestParameters } from '../billing/request-detail.ts'
import type { BodyHead, NotedField } from './scan-body.ts'

/** A number or a switch is never longer; what is, is nonsense that the engine refuses. */
const SCALAR_BYTES_MAX = 32
/** Objects are read for one word in them; those beyond this are called `other`. */
const OBJECT_BYTES_MAX = 64 * 1024
const CLIENT_CHARACTERS_MAX = 80

const NUMBERS = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'typical_p',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'repeat_penalty',
  'seed',
  'top_logprobs',
  'dimensions',
] as const satisfies readonly NotedField[]
const SWITCHES = ['parallel_tool_calls', 'ignore_eos', 'echo'] as const satisfies readonly NotedField[]
/** Every browser names the others that it is like: its own name is the first of these that is there. */
const BROWSERS = [
  ['Firefox', 'Firefox'],
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Chrome', 'Chrome'],
  ['Version', 'Safari'],
] as const
const EFFORTS = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])

/** @param body the one that was scanned into `head` */
export function detailOf(body: Buffer, head: BodyHead, userAgent: string | undefined): RequestDetail {
  return { parameters: parametersOf(body, head), client: clientOf(userAgent) }
}

export function parametersOf(body: Buffer, head: BodyHead): RequestParameters {
  const read = (name: NotedField, bytesMax: number): unknown => {
    const value = head.noted.get(name)
    if (value === undefined || value.end - value.start > bytesMax) return undefined
    return JSON.parse(body.toString('utf8', value.start, value.end))
  }
  const parameters: RequestParameters = { stream: head.stream, body_bytes: body.length }
  const note = <Name extends keyof RequestParameters>(
    name: Name,
    value: RequestParameters[Name] | null | undefined,
  ) => {
    if (value !== null && value !== undefined) parameters[name] = value
  }
  note('messages', countIn(head, 'messages'))
  note('prompts', countIn(head, 'prompt'))
  note('inputs', countIn(head, 'input'))
  note('tools', countIn(head, 'tools'))
  note('stops', countIn(head, 'stop'))
  note('max_tokens', head.maxTokens)
  note('max_completion_tokens', head.maxCompletionTokens)
  note('n', head.n)
  for (const name of NUMBERS) note(name, numberIn(read(name, SCALAR_BYTES_MAX)))
  for (const name of SWITCHES) note(name, switchIn(read(name, SCALAR_BYTES_MAX)))
  const logprobs = read('logprobs', SCALAR_BYTES_MAX)
  note('logprobs', switchIn(logprobs) ?? numberIn(logprobs))
  note('tool_choice', toolChoiceIn(read('tool_choice', OBJECT_BYTES_MAX)))
  if (head.noted.has('response_format')) note('response_format', formatIn(read('response_format', OBJECT_BYTES_MAX)))
  if (head.noted.has('encoding_format')) note('encoding_format', encodingIn(read('encoding_format', SCALAR_BYTES_MAX)))
  const nested = read('reasoning', OBJECT_BYTES_MAX)
  note('reasoning_effort', effortIn(read('reasoning_effort', SCALAR_BYTES_MAX)) ?? effortIn(fieldOf(nested, 'effort')))
  const values = read('chat_template_kwargs', OBJECT_BYTES_MAX)
  note(
    'enable_thinking',
    switchIn(fieldOf(values, 'enable_thinking')) ??
      switchIn(fieldOf(values, 'thinking')) ??
      switchIn(read('enable_thinking', SCALAR_BYTES_MAX)) ??
      switchIn(read('thinking', SCALAR_BYTES_MAX)),
  )
  return parameters
}

/**
 * Family and version out of a user agent: `OpenAI/Python 2.1.0`, `curl/8.5.0`, of a browser `Chrome/141.0.0.0`.
 * @returns null when the client did not say, or said nothing that looks like a name
 */
export function clientOf(userAgent: string | undefined): string | null {
  if (userAgent === undefined) return null
  if (!userAgent.startsWith('Mozilla/'))
    return (
      /^[\w.@-]{1,40}(?:\/[\w.+-]{1,40})?(?: v?\d[\w.+-]{0,30})?/
        .exec(userAgent)?.[0]
        .slice(0, CLIENT_CHARACTERS_MAX) ?? null
    )
  for (const [name, family] of BROWSERS) {
    const version = new RegExp(`\\b${name}/([\\d.]{1,20})`).exec(userAgent)?.[1]
    if (version !== undefined) return `${family}/${version}`
  }
  return null
}

/** A list's elements; 1 for a value that is no list; null = absent. */
function countIn(head: BodyHead, name: NotedField): number | null {
  const value = head.noted.get(name)
  return value === undefined ? null : (value.length ?? 1)
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function switchIn(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null
}

function toolChoiceIn(value: unknown): RequestParameters['tool_choice'] | null {
  if (value === 'none' || value === 'auto' || value === 'required') return value
  return typeof value === 'object' && value !== null ? 'named' : null
}

function formatIn(value: unknown): RequestParameters['response_format'] {
  const kind = fieldOf(value, 'type')
  return kind === 'text' || kind === 'json_object' || kind === 'json_schema' ? kind : 'other'
}

function encodingIn(value: unknown): RequestParameters['encoding_format'] {
  return value === 'float' || value === 'base64' ? value : 'other'
}

function effortIn(value: unknown): string | number | null {
  if (typeof value === 'string' && EFFORTS.has(value)) return value
  return numberIn(value)
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
