/** What the queue for room at an engine refuses. Nothing was begun, so that trying again is right. */
import { AppError } from '../../platform/errors.ts'

type Busy = { model: string; waitedMs: number; crowded: boolean; retryAfterMs: number }

export class EngineBusy extends AppError<Busy> {
  static override code = 'engine_busy'
  static override status = 429
  static override say = ({ model, waitedMs, crowded, retryAfterMs }: Busy) => {
    const again = `Try again in ${Math.ceil(retryAfterMs / 1_000)} s.`
    return crowded
      ? `Every engine of \`${model}\` is full, and as many requests as may wait for one do so already. ${again}`
      : `Every engine of \`${model}\` was full for the ${waitedMs} ms that this request waited. ${again}`
  }
}
