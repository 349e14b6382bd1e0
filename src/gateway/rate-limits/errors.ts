/** What limits refuse, in OpenAI's code. `headers` are for the answer and not for its body. */
import type { OutgoingHttpHeaders } from 'node:http'
import { AppError } from '../../platform/errors.ts'
import type { ScopeLimits } from '../snapshot.ts'
import type { LimitKind } from './lease-wire.ts'

const WHOSE: Record<ScopeLimits['scope'], string> = {
  key: 'this key',
  project: 'all keys of this project together',
  organization: 'all keys of this organisation together',
}

type Exceeded = {
  scope: ScopeLimits['scope']
  of: LimitKind
  limit: number
  /** Where it is one second that is full and not the minute: most that it takes. */
  burst: number | null
  retryAfterMs: number
  headers: OutgoingHttpHeaders
}

export class RateLimitExceeded extends AppError<Exceeded> {
  static override code = 'rate_limit_exceeded'
  static override status = 429
  static override say = ({ scope, of, limit, burst, retryAfterMs }: Exceeded) => {
    if (of === 'concurrency')
      return `The limit of ${limit} requests at once for ${WHOSE[scope]} is reached; try again when one has ended.`
    const smoothed = burst === null ? '' : `, of which one second takes ${burst} at most,`
    return `The limit of ${limit} ${of} per minute${smoothed} for ${WHOSE[scope]} is reached; it is free again in ${seconds(retryAfterMs)} s.`
  }
}

type Over = { scope: ScopeLimits['scope']; limit: number; tokens: number; headers: OutgoingHttpHeaders }

/** Waiting would not help. */
export class RequestOverLimit extends AppError<Over> {
  static override code = 'rate_limit_exceeded'
  static override status = 429
  static override say = ({ scope, limit, tokens }: Over) =>
    `This request may take ${tokens} tokens, more than the limit of ${limit} tokens per minute for ${WHOSE[scope]}; shorten it, or lower max_tokens.`
}

/** Control counts for all workers. Without it nothing new of a limited key is let in. */
export class LimitsUnavailable extends AppError {
  static override code = 'limits_unavailable'
  static override status = 503
  static override say = () =>
    'The process that counts what this key may use is not answering; it may be restarting. Try again in a moment.'
}

function seconds(ms: number): string {
  return (Math.ceil(ms / 100) / 10).toFixed(1)
}
