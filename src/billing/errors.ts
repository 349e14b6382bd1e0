import { AppError } from '../platform/errors.ts'

export class TimeZoneUnknown extends AppError<{ timeZone: string }> {
  static override code = 'billing.time_zone_unknown'
  static override status = 400
  static override say = (d: { timeZone: string }) =>
    `There is no time zone "${d.timeZone}". Use a name of the IANA list, such as Europe/Berlin.`
}

export class RangeEmpty extends AppError<{ from: string; to: string }> {
  static override code = 'billing.range_empty'
  static override status = 400
  static override say = (d: { from: string; to: string }) =>
    `The range ends at ${d.to}, which is not after its beginning at ${d.from}.`
}

export class TooManySteps extends AppError<{ steps: number; most: number; step: string }> {
  static override code = 'billing.too_many_steps'
  static override status = 400
  static override say = (d: { steps: number; most: number; step: string }) =>
    `The range has ${d.steps} steps of ${d.step}; at most ${d.most} are answered. Take longer steps or a shorter range.`
}

/** Not there, or not for whoever asks. */
export class RequestUnknown extends AppError<{ request: string }> {
  static override code = 'billing.request_unknown'
  static override status = 404
  static override say = (d: { request: string }) => `There is no record of a request ${d.request}.`
}

/** Never kept, gone by now, or of a request that is not there for whoever asks. */
export class ContentNotKept extends AppError<{ request: string }> {
  static override code = 'billing.content_not_kept'
  static override status = 404
  static override say = (d: { request: string }) =>
    `Nothing is kept of what request ${d.request} said: its project keeps nothing, or it has been deleted.`
}
