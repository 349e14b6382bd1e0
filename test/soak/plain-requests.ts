/** Requests that are right, of every dialect and of control's API: what the soak breaks, and what must work in between. */
import type { Random } from './random.ts'

export type PlainRequest = { method: string; path: string; headers?: Record<string, string>; body?: object }

export const MODEL = 'tiny'

/** Costs an engine a few tokens at most. */
const MESSAGES = [{ role: 'user', content: 'How far is the lighthouse?' }]
const TOOL = {
  name: 'look_up',
  description: 'Looks up.',
  parameters: { type: 'object', properties: { q: { type: 'string' } } },
}

export const PLAIN_REQUESTS: readonly PlainRequest[] = [
  post('/v1/chat/completions', { model: MODEL, messages: MESSAGES, max_tokens: 2, temperature: 0.5, seed: 1 }),
  post('/v1/chat/completions', {
    model: MODEL,
    messages: [{ role: 'system', content: 'Be brief.' }, ...MESSAGES],
    max_tokens: 2,
    stream: true,
    stream_options: { include_usage: true },
    tools: [{ type: 'function', function: TOOL }],
    tool_choice: 'auto',
  }),
  post('/v1/completions', { model: MODEL, prompt: 'It is', max_tokens: 2, echo: false, stop: ['\n'] }),
  post('/v1/embeddings', { model: MODEL, input: ['a', 'b'] }),
  post('/tokenize', { model: MODEL, prompt: 'A few words.' }),
  post('/detokenize', { model: MODEL, tokens: [1, 2, 3] }),
  post('/v1/messages', {
    model: MODEL,
    max_tokens: 2,
    system: 'Be brief.',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'How far?' }] }],
    tools: [{ name: 'look_up', description: 'Looks up.', input_schema: { type: 'object', properties: {} } }],
  }),
  post('/v1/messages/count_tokens', { model: MODEL, messages: MESSAGES }),
  post('/v1/responses', {
    model: MODEL,
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'How far?' }] }],
    max_output_tokens: 16,
    store: false,
    stream: true,
  }),
  post('/api/chat', { model: MODEL, messages: MESSAGES, stream: false, options: { num_predict: 2, temperature: 0 } }),
  post('/api/generate', { model: MODEL, prompt: 'It is', stream: true, options: { num_predict: 2 } }),
  post('/api/embed', { model: MODEL, input: ['a'] }),
  post('/api/show', { model: MODEL }),
  {
    ...post('/api/v1/services/aigc/text-generation/generation', {
      model: MODEL,
      input: { messages: MESSAGES },
      parameters: { max_tokens: 2, result_format: 'message', incremental_output: true },
    }),
    headers: { 'x-dashscope-sse': 'enable' },
  },
  { method: 'GET', path: '/v1/models' },
  { method: 'GET', path: `/v1/models/${MODEL}` },
  { method: 'GET', path: '/api/tags' },
  { method: 'GET', path: '/v1/files?limit=3' },
  { method: 'GET', path: '/v1/responses/resp_0' },
  { method: 'GET', path: '/api/me' },
  { method: 'GET', path: '/api/requests?limit=2' },
  { method: 'GET', path: '/livez' },
  { method: 'OPTIONS', path: '/v1/chat/completions', headers: { 'access-control-request-method': 'POST' } },
]

function post(path: string, body: object): PlainRequest {
  return { method: 'POST', path, body }
}

/** On the wire, with a key. */
export function wireOf({ method, path, headers = {}, body }: PlainRequest, key: string, text?: Buffer): Buffer {
  const bytes = text ?? Buffer.from(body === undefined ? '' : JSON.stringify(body))
  const lines = Object.entries({
    host: 'localhost',
    authorization: `Bearer ${key}`,
    ...(method === 'POST' ? { 'content-type': 'application/json', 'content-length': String(bytes.length) } : {}),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}

export function anyPlain(random: Random): PlainRequest {
  return random.oneOf(PLAIN_REQUESTS)
}

export function anyWithBody(random: Random): PlainRequest & { body: object } {
  return random.oneOf(PLAIN_REQUESTS.filter((one) => one.body !== undefined)) as PlainRequest & { body: object }
}
