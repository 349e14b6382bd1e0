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
  const requests: Seen[] = []
  const tokens: Seen[] = []
  for (const hold of holds) {
    const left = hold.left()
    const resetMs = hold.resetMs()
    const { requestsPerMinute, tokensPerMinute } = hold.limits
    if (requestsPerMinute !== null && left.requests !== null)
      requests.push({ limit: requestsPerMinute, left: left.requests, resetMs: resetMs.requests })
    if (tokensPerMinute !== null && left.tokens !== null)
      tokens.push({ limit: tokensPerMinute, left: left.tokens, resetMs: resetMs.tokens })
  }
  const headersOf = (name: string, seen: Seen[]): OutgoingHttpHeaders => {
    const tightest = seen.toSorted((a, b) => a.left - b.left || a.limit - b.limit)[0]
    if (tightest === undefined) return {}
    return {
      [`x-ratelimit-limit-${name}`]: String(tightest.limit),
      [`x-ratelimit-remaining-${name}`]: String(Math.max(0, Math.floor(tightest.left))),
      [`x-ratelimit-reset-${name}`]: durationOf(wasCounted ? MINUTE_MS : tightest.resetMs),
    }
  }
  return { ...headersOf('requests', requests), ...headersOf('tokens', tokens) }
}

/** As Go writes durations, which is how OpenAI does: `0s`, `1s`, `1.25s`, `6m0s`. */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms)) / 1_000
  const minutes = Math.floor(seconds / 60)
  const rest = Number((seconds - minutes * 60).toFixed(3))
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}
