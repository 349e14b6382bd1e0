/** A small HTTP client for a Unix socket, for the tests of the engine host. */
import { request as httpRequest, type IncomingMessage } from 'node:http'

// biome-ignore lint/suspicious/noExplicitAny: tests read answers field by field and fail where one is missing
export type Json = any

export type Reply = { status: number; headers: IncomingMessage['headers']; text: string; json: Json }

export type StreamReply = {
  status: number
  headers: IncomingMessage['headers']
  /** Every event's JSON, in order. */
  events: Json[]
  /** Whether `[DONE]` came last. */
  done: boolean
}

export type SocketClient = ReturnType<typeof socketClient>

export function socketClient(socketPath: string) {
  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await open(method, path, body, headers).response
    let text = ''
    response.setEncoding('utf8')
    for await (const chunk of response) text += chunk
    const isJson = response.headers['content-type']?.startsWith('application/json') ?? false
    return { status: response.statusCode ?? 0, headers: response.headers, text, json: isJson ? JSON.parse(text) : null }
  }

  /** Sends a request without reading its answer. */
  function open(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const request = httpRequest({ socketPath, method, path, headers, agent: false })
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    request.on('response', resolve)
    request.on('error', reject)
    request.end(payload)
    // A test that hangs up on purpose does not wait for the answer.
    promise.catch(() => {})
    return { request, response: promise }
  }

  return {
    open,
    get: (path: string) => send('GET', path),
    delete: (path: string) => send('DELETE', path),
    post: (path: string, body: unknown, headers?: Record<string, string>) => send('POST', path, body, headers),

    async stream(path: string, body: object, headers: Record<string, string> = {}): Promise<StreamReply> {
      const reply = await send('POST', path, { ...body, stream: true }, headers)
      return { status: reply.status, headers: reply.headers, ...readEvents(reply.text) }
    },
  }
}

export function readEvents(text: string): { events: Json[]; done: boolean } {
  const blocks = text.split('\n\n').filter((block) => block !== '')
  const data = blocks.map((block) => {
    if (!block.startsWith('data: ')) throw new Error(`not an event: ${block.slice(0, 80)}`)
    return block.slice('data: '.length)
  })
  const done = data.at(-1) === '[DONE]'
  return { events: (done ? data.slice(0, -1) : data).map((event) => JSON.parse(event)), done }
}
