/**
 * One server-sent event stream to one client.
 *
 * Headers leave with the first event, not before: a request whose answer has not begun can still be tried elsewhere by
 * the gateway. The engine's loop never waits for a client, so what a slow one has not read is buffered here, up to a
 * bound; past it the client is cut.
 */
import type { ServerResponse } from 'node:http'
import type { RequestError } from './request-error.ts'

/** Most bytes buffered for a client that reads more slowly than its answer is written. */
export const LAG_BYTES_MAX = 1024 * 1024

export class EventStream {
  #response: ServerResponse
  #headers: Record<string, string>

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
    this.#response.end()
  }

  /** The answer broke off: the reason, and no `[DONE]`, so that nobody takes it for complete. */
  fail(error: RequestError): void {
    this.send(error.toWire())
    this.#response.end()
  }

  /** The answer was stopped from outside: it ends without `[DONE]`. */
  close(): void {
    this.#response.end()
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        ...this.#headers,
      })
    }
    this.#response.write(text)
    // Its 'close' event cancels the generation, as any hang-up does.
    if (this.#response.writableLength > LAG_BYTES_MAX) this.#response.destroy()
  }
}
