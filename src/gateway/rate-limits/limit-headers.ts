/**
 * `x-ratelimit-limit-requests`, `-remaining-requests`, `-reset-requests` and the same of tokens, as OpenAI has them: only
 * where there is a limit, and of the tightest scope. What is left is what this worker knows: it is told anew with each
 * message of the owner, near the limit with each request.
 *
 * Pure module.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { ScopeHold } from './scope-hold.ts'
import { MINUTE_MS } from './sliding-window.ts'

type Seen = { limit: number; left: number; resetMs: number }

/** @param wasCounted whether this very request counts, so that all is as before in a minute */
export function limitHeaders(holds: readonly ScopeHold[], wasCounted: boolean): OutgoingHttpHeaders {
  let requests: Seen | null = null
  let tokens: Seen | null = null
  for (const hold of holds) {
    const left = hold.left()
    const { requestsPerMinute, tokensPerMinute } = hold.limits
    const resetMs = wasCounted ? { requests: MINUTE_MS, tokens: MINUTE_MS } : hold.resetMs()
    if (requestsPerMinute !== null && left.requests !== null)
      requests = tighter(requests, { limit: requestsPerMinute, left: left.requests, resetMs: resetMs.requests })
    if (tokensPerMinute !== null && left.tokens !== null)
      tokens = tighter(tokens, { limit: tokensPerMinute, left: left.tokens, resetMs: resetMs.tokens })
  }
  const headers: OutgoingHttpHeaders = {}
  if (requests !== null) {
    headers['x-ratelimit-limit-requests'] = String(requests.limit)
    headers['x-ratelimit-remaining-requests'] = leftOf(requests)
    headers['x-ratelimit-reset-requests'] = durationOf(requests.resetMs)
  }
  if (tokens !== null) {
    headers['x-ratelimit-limit-tokens'] = String(tokens.limit)
    headers['x-ratelimit-remaining-tokens'] = leftOf(tokens)
    headers['x-ratelimit-reset-tokens'] = durationOf(tokens.resetMs)
  }
  return headers
}

function tighter(one: Seen | null, other: Seen): Seen {
  if (one === null) return other
  return other.left < one.left || (other.left === one.left && other.limit < one.limit) ? other : one
}

function leftOf({ left }: Seen): string {
  return String(Math.max(0, Math.floor(left)))
}

/** As Go writes durations, which is how OpenAI does: `0s`, `1s`, `1.25s`, `6m0s`. */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms)) / 1_000
  const minutes = Math.floor(seconds / 60)
  const rest = Number((seconds - minutes * 60).toFixed(3))
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}
