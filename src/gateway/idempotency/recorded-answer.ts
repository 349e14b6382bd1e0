/**
 * What the client of a request with an `Idempotency-Key` gets, recorded on its way out, and what becomes of its claim.
 *
 *   a whole answer of 200                           → answered: kept, if its project lets content reach a disk
 *   an engine had it, and it came to something else → spent: it may have cost something, so it is not run again
 *   refused before that, or by the engine (4xx, 503)→ released: trying again is right
 *
 * While it records, a client that leaves cuts nothing: its next try gets the answer, which was paid for. Where nothing is
 * kept, leaving ends the request as it does without a key.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { UsageRecord } from '../../billing/usage-record.ts'
import type { SpentWhy } from './claim-wire.ts'

export type Outcome =
  | { kind: 'answered'; head: { status: number; contentType: string }; body: Buffer }
  | { kind: 'spent'; why: SpentWhy }
  | { kind: 'released' }

type RecordedAnswerDeps = {
  requestId: string
  mayKeep(): boolean
  /** Tells control. Resolves when it knows, or when the client has waited long enough. */
  end(outcome: Outcome): Promise<void>
}

/** Longer ones are not kept. A stream of 4,000 tokens has about 1 MB. */
const RECORDED_BYTES_MAX = 4 * 1024 * 1024

export class RecordedAnswer {
  readonly kind = 'recorded'
  readonly requestId: string
  readonly #deps: RecordedAnswerDeps
  #record: UsageRecord | null = null
  #head: { status: number; contentType: string } | null = null
  #chunks: Uint8Array[] = []
  #bytes = 0
  #ended: Promise<void> | null = null

  constructor(deps: RecordedAnswerDeps) {
    this.requestId = deps.requestId
    this.#deps = deps
  }

  /** Its record, which says at the end what became of it. */
  of(record: UsageRecord): void {
    this.#record = record
  }

  /** Whether somebody who comes later can still get this answer, so that it goes on without its client. */
  get outlivesClient(): boolean {
    return this.#bytes <= RECORDED_BYTES_MAX && this.#deps.mayKeep()
  }

  begin(status: number, headers: OutgoingHttpHeaders): void {
    this.#head = { status, contentType: String(headers['content-type'] ?? 'application/json') }
  }

  take(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.#bytes <= RECORDED_BYTES_MAX) this.#chunks.push(bytes)
    else this.#chunks = []
  }

  /** All of it is here; its last bytes wait until control knows. */
  whole(): Promise<void> {
    return this.#end(true)
  }

  /** Whatever happened is over. Changes nothing where it was whole. */
  close(): Promise<void> {
    return this.#end(false)
  }

  #end(isWhole: boolean): Promise<void> {
    this.#ended ??= this.#deps.end(this.#outcome(isWhole))
    return this.#ended
  }

  #outcome(isWhole: boolean): Outcome {
    const record = this.#record
    // The record's status is set when it is closed, which is before the last bytes; a head that went out says it too.
    const status = record?.status || this.#head?.status || 0
    if (record === null || record.engineId === null) return { kind: 'released' }
    if (!isWhole && this.#head === null && isRefusal(status)) return { kind: 'released' }
    if (isWhole && isRefusal(this.#head?.status ?? 0)) return { kind: 'released' }
    const isSound = isWhole && this.#head?.status === 200 && record.errorCode === null && record.cutBy === null
    if (!isSound) return { kind: 'spent', why: 'failed' }
    if (!this.#deps.mayKeep()) return { kind: 'spent', why: 'forbidden' }
    if (this.#bytes > RECORDED_BYTES_MAX) return { kind: 'spent', why: 'large' }
    return {
      kind: 'answered',
      head: this.#head as { status: number; contentType: string },
      body: Buffer.concat(this.#chunks),
    }
  }
}

/** Nobody worked on it: the request itself was wrong, or there was no room. 499 is a client that left. */
function isRefusal(status: number): boolean {
  return (status >= 400 && status < 499) || status === 503 || status === 529
}
