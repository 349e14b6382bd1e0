/** What is asked, and how: one object a row of the bench. */
import { PACED_CHUNKS, STREAM_CHUNKS, UNHURRIED } from './mock-upstream.ts'
import { MODEL } from './target.ts'

export type Workload = {
  what: string
  path: string
  headers?: Record<string, string>
  body: object
  connections: number
  ms: number
  /** Parts of an answer, where a part is what costs: chunks of a stream. */
  parts: number
}

const QUESTION =
  'How far is it from the harbour to the lighthouse, and is the path open to walkers at this time of year?'
const MESSAGES = [
  { role: 'system', content: 'You answer in one short sentence.' },
  { role: 'user', content: QUESTION },
]
const JSON_LOAD = { connections: 64, ms: 2_000, parts: 1 }
const STREAM_LOAD = { connections: 16, ms: 2_000, parts: STREAM_CHUNKS }
// So that a gateway which reads totals need not add this to the body, or take the event of totals out again.
const STREAM = { stream: true, stream_options: { include_usage: true } }
const CHAT = '/v1/chat/completions'

export const SMALL: Workload = {
  what: 'small JSON',
  path: CHAT,
  body: { model: MODEL, messages: MESSAGES, temperature: 0.7, max_tokens: 64 },
  ...JSON_LOAD,
}

export const ALONE: Workload = { ...SMALL, what: 'small JSON, one at a time', connections: 1, ms: 3_000 }

export const STREAMED: Workload = {
  what: `stream of ${STREAM_CHUNKS} chunks at once`,
  path: CHAT,
  body: { model: MODEL, messages: MESSAGES, ...STREAM },
  ...STREAM_LOAD,
}

export const PACED: Workload = {
  what: `600 streams of ${PACED_CHUNKS} chunks, 50 a second each`,
  path: CHAT,
  body: { model: MODEL, messages: [...MESSAGES, { role: 'user', content: UNHURRIED }], ...STREAM },
  connections: 600,
  ms: 6_000,
  parts: PACED_CHUNKS,
}

export const LARGE: Workload = {
  what: 'body of 400 KB',
  path: CHAT,
  body: { model: MODEL, messages: [{ role: 'user', content: `${QUESTION} `.repeat(Math.ceil(400_000 / 104)) }] },
  connections: 8,
  ms: 3_000,
  parts: 1,
}

type Dialect = Pick<Workload, 'path' | 'body' | 'headers'> & { name: string }

const dialect = ({ name, ...asked }: Dialect, load: typeof JSON_LOAD, kind: string): Workload => ({
  what: `${name}, ${kind}`,
  ...asked,
  ...load,
})

const [SYSTEM, ASKED] = MESSAGES as [(typeof MESSAGES)[0], (typeof MESSAGES)[0]]
const DASHSCOPE = '/api/v1/services/aigc/text-generation/generation'

/** Other APIs than OpenAI's chat completions, which are written anew both ways. */
export const TRANSLATED: Workload[] = [
  {
    name: 'Anthropic Messages',
    path: '/v1/messages',
    body: { model: MODEL, max_tokens: 64, system: SYSTEM.content, messages: [ASKED] },
  },
  { name: 'Responses', path: '/v1/responses', body: { model: MODEL, input: MESSAGES, store: false } },
  { name: 'Ollama', path: '/api/chat', body: { model: MODEL, messages: MESSAGES, stream: false } },
  {
    name: 'DashScope',
    path: DASHSCOPE,
    body: { model: MODEL, input: { messages: MESSAGES }, parameters: { result_format: 'message' } },
  },
].map((asked) => dialect(asked, JSON_LOAD, 'JSON'))

export const TRANSLATED_STREAMS: Workload[] = [
  {
    name: 'Anthropic Messages',
    path: '/v1/messages',
    body: { model: MODEL, max_tokens: 64, system: SYSTEM.content, messages: [ASKED], stream: true },
  },
  { name: 'Responses', path: '/v1/responses', body: { model: MODEL, input: MESSAGES, store: false, stream: true } },
  { name: 'Ollama', path: '/api/chat', body: { model: MODEL, messages: MESSAGES, stream: true } },
  {
    name: 'DashScope',
    path: DASHSCOPE,
    headers: { 'x-dashscope-sse': 'enable' },
    body: {
      model: MODEL,
      input: { messages: MESSAGES },
      parameters: { result_format: 'message', incremental_output: true },
    },
  },
].map((asked) => dialect(asked, STREAM_LOAD, 'stream'))
