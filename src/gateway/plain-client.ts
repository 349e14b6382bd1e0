/** A client for the gateway's tests that hides nothing: raw headers, raw bytes, and how the connection ended. */
import { type IncomingHttpHeaders, request } from 'node:http'

export type PlainAnswer = {
  status: number
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: Buffer
  text: string
  /** Whether the answer came to its own end; else the connection broke. */
  isWhole: boolean
}

export type PlainCall = {
  port: number
  method?: string
  path?: string
  headers?: Record<string, string | string[]>
  body?: string | Buffer
  /** Called with each chunk; may call `leave()` to break the connection. */
  onData?: (chunk: Buffer, leave: () => void) => void
  signal?: AbortSignal
}

/** Rejects only when no status ever came. */
export function call({
  port,
  method = 'POST',
  path = '/v1/chat/completions',
  headers = {},
  body,
  onData,
  signal,
}: PlainCall): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const isChunked = headers['transfer-encoding'] !== undefined
    const length = body === undefined || isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: { ...length, ...headers },
        ...(signal ? { signal } : {}),
      },
      (response) => {
        const chunks: Buffer[] = []
        const finish = (isWhole: boolean) => {
          const bytes = Buffer.concat(chunks)
          const { statusCode = 0, headers: received, rawHeaders } = response
          resolve({ status: statusCode, headers: received, rawHeaders, body: bytes, text: bytes.toString(), isWhole })
        }
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          onData?.(chunk, () => outgoing.destroy())
        })
        response.on('end', () => finish(response.complete))
        response.on('error', () => finish(false))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** A chat request with a key. */
export function chat(port: number, secret: string, body: unknown, more: Partial<PlainCall> = {}): Promise<PlainAnswer> {
  const { headers, ...rest } = more
  return call({
    port,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...rest,
  })
}

export function errorOf(answer: PlainAnswer): { code: string; type: string; param: string | null; message: string } {
  return (JSON.parse(answer.text) as { error: { code: string; type: string; param: string | null; message: string } })
    .error
}
