/** What an `Idempotency-Key` refuses. All of them are said before an engine is asked. */
import { AppError } from '../../platform/errors.ts'
import type { SpentWhy } from './claim-wire.ts'

export class IdempotencyKeyInvalid extends AppError<{ charactersMax: number }> {
  static override code = 'idempotency_key_invalid'
  static override status = 400
  static override say = (d: { charactersMax: number }) =>
    `Idempotency-Key must be one text of 1 to ${d.charactersMax} printable ASCII characters.`
}

export class IdempotencyKeyReused extends AppError<{ first: string }> {
  static override code = 'idempotency_key_reused'
  static override status = 422
  static override say = (d: { first: string }) =>
    `This Idempotency-Key was used for another request (${d.first}) within the last 24 hours: each path and body needs a key of its own.`
}

export class IdempotencyInProgress extends AppError<{ first: string; waitedMs: number; retryAfterMs: number }> {
  static override code = 'idempotency_in_progress'
  static override status = 409
  static override say = (d: { first: string; waitedMs: number }) =>
    `The request with this Idempotency-Key (${d.first}) has not ended within ${d.waitedMs} ms; try again to get its answer.`
}

const WHY: Record<SpentWhy, string> = {
  forbidden: 'its project lets no content reach a disk, so the answer was not kept',
  large: 'its answer was larger than what is kept',
  failed: 'it came to no whole answer',
  removed: 'its answer was removed since',
}

export class IdempotencyAnswerNotKept extends AppError<{ first: string; why: SpentWhy }> {
  static override code = 'idempotency_answer_not_kept'
  static override status = 409
  static override say = (d: { first: string; why: SpentWhy }) =>
    `The request with this Idempotency-Key has run once (${d.first}) and is not run again; ${WHY[d.why]}. To run it anew, send another key.`
}

export class IdempotencyUnavailable extends AppError {
  static override code = 'idempotency_unavailable'
  static override status = 503
  static override say = () =>
    'Idempotency keys cannot be kept at the moment, since the control process is not answering; try again in a moment, or send the request without one.'
}
