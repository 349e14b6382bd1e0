/** A body on its way to somebody else, within limits of silence and of time. */
import type { IncomingMessage } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import type { AppError } from '../platform/errors.ts'
import { BodyOverdue, BodyTooSlow } from './errors.ts'

export type BodyBounds = {
  /** Longest without a byte. */
  idleMs: number
  /** From its first byte to its last; null = as long as it takes. */
  wholeMs: number | null
}

/**
 * The bytes of `request`, in a stream of their own: whoever reads may destroy it, and the client can still be answered.
 * @param onSlow is called once, where a bound was passed before the body ended
 */
export function watchedBody(
  request: IncomingMessage,
  { idleMs, wholeMs }: BodyBounds,
  onSlow: (error: AppError) => void,
): Readable {
  const passed = new Transform({
    transform(chunk, _encoding, done) {
      idle.refresh()
      done(null, chunk)
    },
  })
  const idle = setTimeout(() => {
    // Bytes wait here to be taken: it is not the client who is slow.
    if (passed.writableNeedDrain) idle.refresh()
    else end(new BodyTooSlow({ idleMs }))
  }, idleMs)
  const whole = wholeMs === null ? null : setTimeout(() => end(new BodyOverdue({ wholeMs })), wholeMs)
  const leave = () => {
    clearTimeout(idle)
    if (whole !== null) clearTimeout(whole)
  }
  const end = (error: AppError) => {
    leave()
    onSlow(error)
  }
  request.once('end', leave).once('close', leave)
  passed.on('error', () => {}) // its reader gave up, and says why itself
  return request.pipe(passed)
}
