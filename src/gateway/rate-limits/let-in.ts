/** What limits mean for one request to a model: whether it is let in, and what its answer says of them. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { Exchange } from '../exchange.ts'
import type { ScopeLimits } from '../snapshot.ts'
import { RateLimitExceeded, RequestOverLimit } from './errors.ts'
import type { Admission, RateLimiter } from './rate-limiter.ts'
import { type Estimated, estimateTokens } from './token-estimate.ts'

/** Notes headers for the answer, whichever it will be. @throws RateLimitExceeded · RequestOverLimit · LimitsUnavailable */
export async function letIn(
  exchange: Exchange,
  limits: readonly ScopeLimits[],
  request: Estimated,
  limiter: RateLimiter,
): Promise<Admission> {
  try {
    const admission = await limiter.admit(limits, estimateTokens(limits, request))
    exchange.limitHeaders = admission.headers
    return admission
  } catch (error) {
    if (error instanceof RateLimitExceeded)
      exchange.limitHeaders = { ...error.data.headers, ...whenAgain(error.data.retryAfterMs) }
    else if (error instanceof RequestOverLimit)
      exchange.limitHeaders = { ...error.data.headers, 'x-should-retry': 'false' }
    throw error
  }
}

/** Nothing was begun, so that trying again is right, and this is when. */
function whenAgain(afterMs: number): OutgoingHttpHeaders {
  return {
    'retry-after': String(Math.ceil(afterMs / 1_000)),
    'retry-after-ms': String(Math.ceil(afterMs)),
    'x-should-retry': 'true',
  }
}
