/**
 * One server-sent event stream to one client.
 *
 * Headers leave with the first event, not before: a request whose answer has not begun can still be tried elsewhere by
 * the gateway. The engine's loop never waits for a client, so what a slow one has not read is buffered here, up to a
 * bound; past it the client is cut.
 *
 * Each token is an event of its own, and events that follow one another faster than a screen shows them leave in one
 * write: a write wakes the reader, and on a machine whose cores all compute, that costs the tokens that come next.
 */
import type { ServerResponse } from 'node:http'
import type { RequestError } from './request-error.ts'

/** Most bytes buffered for a client that reads more slowly than its answer is written. */
export const LAG_BYTES_MAX = 1024 * 1024

/** Least time between two writes of one stream. The first event, and whatever follows a longer pause, leaves at once. */
const WRITE_EVERY_MS = 40

export class EventStream {
  #response: ServerResponse
  #headers: Record<string, string>
  #held = ''
  #writtenAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null

  /** @param headers sent beside the content type */
  constructor(response: ServerResponse, headers: Record<string, string> = {}) {
    this.#response = response
    this.#headers = headers
  }

  get started(): boolean {
    return this.#response.headersSent
  }

  send(value: unknown): void {
    this.#write(`data: ${JSON.stringify(value)}\n\n`)
  }

  /** The answer is complete. */
  done(): void {
    this.#write('data: [DONE]\n\n')
    this.close()
  }

  /** The answer broke off: the reason, and no `[DONE]`, so that nobody takes it for complete. */
  fail(error: RequestError): void {
    this.send(error.toWire())
    this.close()
  }

  /** The answer was stopped from outside: it ends without `[DONE]`. */
  close(): void {
    this.#flush()
    this.#response.end()
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return
    this.#held += text
    const waitMs = this.#writtenAt + WRITE_EVERY_MS - performance.now()
    if (waitMs <= 0) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs)
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const text = this.#held
    this.#held = ''
    if (text === '' || this.#response.destroyed || this.#response.writableEnded) return
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        ...this.#headers,
      })
    }
    this.#writtenAt = performance.now()
    this.#response.write(text)
    // Its 'close' event cancels the generation, as any hang-up does.
    if (this.#response.writableLength > LAG_BYTES_MAX) this.#response.destroy()
  }
}
