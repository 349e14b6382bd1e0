import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'

export type SocketAnswer = { status: number; body: unknown }

/** The other end of a Unix socket did not answer: nobody listens, or it took too long. */
export class SocketSilent extends Error {
  override name = 'SocketSilent'
}

/**
 * One JSON request over a Unix socket. A connection of its own each time: these are rare, and a kept one would have to
 * survive the other end's restarts.
 * @throws SocketSilent
 */
export async function socketRequest(
  socketPath: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options: { body?: unknown; timeoutMs?: number } = {},
): Promise<SocketAnswer> {
  const text = options.body === undefined ? null : JSON.stringify(options.body)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        headers: text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      resolve,
    )
    outgoing.setTimeout(options.timeoutMs ?? 10_000, () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', (error) =>
      reject(new SocketSilent(`${socketPath} does not answer: ${error.message}.`, { cause: error })),
    )
    outgoing.end(text)
  })
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  const received = Buffer.concat(chunks).toString('utf8')
  const isJson = answer.headers['content-type']?.includes('json') ?? false
  return { status: answer.statusCode ?? 0, body: isJson && received !== '' ? JSON.parse(received) : received }
}
