/**
 * The client's side of one answer: what has gone out, whether the client is still there, and whether it keeps up.
 *
 * Chunks of one read are put together by hand and written once: each write is a system call, and `cork()` with `end()`
 * has been seen to cut streams short. The head goes out with the first bytes, so that until then another engine may be
 * tried unseen.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { RecordedAnswer } from './idempotency/recorded-answer.ts'

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
  #status: number | null = null
  readonly #gone = new AbortController()
  readonly #recorded: RecordedAnswer | null
  /** It has left, and the answer goes on for whoever asks again. */
  #isAway = false

  /** @param recorded takes all that goes out, where the client may ask for it again; null = it may not */
  constructor(response: ServerResponse, stallMs: number, recorded: RecordedAnswer | null = null) {
    this.#response = response
    this.#stallMs = stallMs
    this.#recorded = recorded
    this.signal = this.#gone.signal
    this.settled = new Promise((resolve) => {
      response.once('finish', resolve).once('close', resolve)
    })
    response.once('finish', () => this.#clearStall())
    response.once('close', () => {
      this.#clearStall()
      if (!response.writableFinished) this.#leave()
    })
    response.on('drain', () => {
      this.#clearStall()
      this.onDrain()
    })
    if (response.destroyed) this.#leave()
  }

  get isGone(): boolean {
    return this.signal.aborted
  }

  /** Whether a byte was sent, so that nothing can be tried again unseen. */
  get hasBegun(): boolean {
    return this.#begun
  }

  get status(): number {
    return this.#status ?? this.#response.statusCode
  }

  /** Sets the head; it goes out with the first bytes. */
  begin(status: number, headers: OutgoingHttpHeaders): void {
    if (this.isGone) return
    this.#begun = true
    this.#status = status
    this.#recorded?.begin(status, headers)
    if (!this.#isAway) this.#response.writeHead(status, headers)
  }

  send(bytes: Uint8Array): void {
    if (this.isGone || bytes.length === 0) return
    this.#recorded?.take(bytes)
    this.#write(bytes)
    if (this.#isAway && this.#recorded?.outlivesClient !== true) this.#gone.abort()
  }

  end(last?: Uint8Array): void {
    if (this.#recorded === null || this.isGone) {
      this.#conclude(last)
      return
    }
    if (last !== undefined) this.#recorded.take(last)
    void this.#recorded.whole().then(() => this.#conclude(last))
  }

  /** Breaks the connection: the only honest end for a body that stopped halfway. */
  destroy(): void {
    this.#response.destroy()
  }

  #leave(): void {
    if (this.#recorded?.outlivesClient !== true) {
      this.#gone.abort()
      return
    }
    this.#isAway = true
    this.#pending = []
    this.onDrain() // nobody takes anything any more, so that nothing need wait
  }

  #conclude(last?: Uint8Array): void {
    if (last !== undefined) this.#write(last)
    if (this.isGone || this.#isAway) return
    this.#flush()
    this.#response.end()
    if (!this.#response.writableFinished) this.#watchStall()
  }

  #write(bytes: Uint8Array): void {
    if (this.isGone || this.#isAway || bytes.length === 0) return
    if (this.#pending.push(bytes) === 1) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    if (this.#pending.length === 0 || this.isGone || this.#isAway) return
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
