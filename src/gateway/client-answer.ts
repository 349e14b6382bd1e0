/**
 * The client's side of one answer: what has gone out, whether the client is still there, and whether it keeps up.
 *
 * Chunks of one read are put together by hand and written once: each write is a system call, and `cork()` with `end()`
 * has been seen to cut streams short. The head goes out with the first bytes, so that until then another engine may be
 * tried unseen.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

export class ClientAnswer {
  /** Aborted when the client has left, or was cut because it took nothing for too long. */
  readonly signal: AbortSignal
  /** Resolves when the last byte is handed to the system, or the client has left. */
  readonly settled: Promise<void>
  /** Called when the client takes bytes slower than they come, and when it has caught up. */
  onFull: () => void = () => {}
  onDrain: () => void = () => {}
  readonly #response: ServerResponse
  readonly #stallMs: number
  #pending: Uint8Array[] = []
  #stall: NodeJS.Timeout | null = null
  #begun = false

  constructor(response: ServerResponse, stallMs: number) {
    this.#response = response
    this.#stallMs = stallMs
    const gone = new AbortController()
    this.signal = gone.signal
    this.settled = new Promise((resolve) => {
      response.once('finish', resolve).once('close', resolve)
    })
    response.once('finish', () => this.#clearStall())
    response.once('close', () => {
      this.#clearStall()
      if (!response.writableFinished) gone.abort()
    })
    response.on('drain', () => {
      this.#clearStall()
      this.onDrain()
    })
    if (response.destroyed) gone.abort()
  }

  get isGone(): boolean {
    return this.signal.aborted
  }

  /** Whether a byte was sent, so that nothing can be tried again unseen. */
  get hasBegun(): boolean {
    return this.#begun
  }

  get status(): number {
    return this.#response.statusCode
  }

  /** Sets the head; it goes out with the first bytes. */
  begin(status: number, headers: OutgoingHttpHeaders): void {
    if (this.isGone) return
    this.#begun = true
    this.#response.writeHead(status, headers)
  }

  send(bytes: Uint8Array): void {
    if (this.isGone || bytes.length === 0) return
    if (this.#pending.push(bytes) === 1) queueMicrotask(() => this.#flush())
  }

  end(last?: Uint8Array): void {
    if (last !== undefined) this.send(last)
    if (this.isGone) return
    this.#flush()
    this.#response.end()
    if (!this.#response.writableFinished) this.#watchStall()
  }

  /** Breaks the connection: the only honest end for a body that stopped halfway. */
  destroy(): void {
    this.#response.destroy()
  }

  #flush(): void {
    if (this.#pending.length === 0 || this.isGone) return
    const bytes = this.#pending.length === 1 ? (this.#pending[0] as Uint8Array) : Buffer.concat(this.#pending)
    this.#pending = []
    if (this.#response.write(bytes)) return
    this.#watchStall()
    this.onFull()
  }

  #watchStall(): void {
    this.#stall ??= setTimeout(() => this.destroy(), this.#stallMs)
  }

  #clearStall(): void {
    if (this.#stall !== null) clearTimeout(this.#stall)
    this.#stall = null
  }
}
