/**
 * What becomes of requests whose worker was killed: each that was opened and never closed is closed from its last mark, as
 * interrupted. The same frames always give the same records, and their ids are those of the requests, so that doing it
 * twice changes nothing.
 *
 * Pure module.
 */
import type { UsageRecord } from '../../billing/usage-record.ts'
import { AnswerInterrupted } from '../errors.ts'
import type { Frame } from './frame.ts'

/** What a mark says over what the opening said. */
export type Mark = Pick<UsageRecord, 'id'> & Partial<UsageRecord>

/** Requests that are open, by what a journal says from its beginning. */
export class OpenRequests {
  readonly #records = new Map<string, UsageRecord>()

  take({ kind, payload }: Frame): void {
    const value = JSON.parse(payload.toString('utf8')) as UsageRecord
    switch (kind) {
      case 'open':
        this.#records.set(value.id, value)
        return
      case 'mark': {
        const record = this.#records.get(value.id)
        if (record !== undefined) Object.assign(record, value)
        return
      }
      case 'close':
      case 'void':
        this.#records.delete(value.id)
        return
      default:
        kind satisfies never
    }
  }

  /** How each of them ended when its worker did. */
  interrupted(): UsageRecord[] {
    return [...this.#records.values()].map((record) => ({
      ...record,
      // A mark knows the status that was sent; without one no piece of an answer was, at most a head.
      status: record.status === 0 ? AnswerInterrupted.status : record.status,
      errorCode: AnswerInterrupted.code,
      cutBy: 'gateway',
    }))
  }
}
