/** Asks the gateway what a line says, over the inner sockets of its workers (`gateway/inner-door.ts`), in the name of a key. */
import { Pool } from 'undici'
import { headersFromWithin, innerSocket } from '../gateway/inner-door.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import type { LineAnswer } from './line-answer.ts'

export type LineRequest = {
  endpoint: string
  keyId: string
  requestId: string
  batchId: string
  body: Buffer
}

export type LineSender = {
  /** @throws whatever breaks the connection before the whole answer is here; AbortError where `signal` says so */
  send(request: LineRequest, signal: AbortSignal): Promise<LineAnswer>
  close(): Promise<void>
}

/** Longer than a worker waits for an engine. */
const ANSWER_MS_MAX = 15 * 60_000
/** A vector of every token of a long text, and more than any model writes. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024

export function createLineSender(folder: DataFolder, workers: number): LineSender {
  const pools = Array.from(
    { length: workers },
    (_, worker) =>
      new Pool('http://worker', {
        socketPath: innerSocket(folder, worker),
        connections: null,
        pipelining: 1,
        allowH2: false,
        connectTimeout: 2_000,
        headersTimeout: ANSWER_MS_MAX,
        bodyTimeout: ANSWER_MS_MAX,
      }),
  )
  let turn = 0
  return {
    async send({ endpoint, keyId, requestId, batchId, body }, signal) {
      const pool = pools[turn++ % pools.length]!
      const answer = await pool.request({
        method: 'POST',
        path: endpoint,
        headers: {
          ...headersFromWithin({ keyId, requestId }),
          'content-type': 'application/json',
          'user-agent': `tradewind-batch/${batchId}`,
          'x-tradewind-queue-timeout-ms': '0', // it waits here, where it takes nobody's place
        },
        body,
        signal,
      })
      const chunks: Buffer[] = []
      let bytes = 0
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer is longer than ${ANSWER_BYTES_MAX} bytes`)
        chunks.push(chunk)
      }
      return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.destroy()))
    },
  }
}
