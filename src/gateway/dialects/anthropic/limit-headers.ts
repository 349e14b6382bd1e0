/**
 * `anthropic-ratelimit-requests-limit`, `-remaining`, `-reset` and the same of tokens, made of OpenAI's `x-ratelimit-*`
 * (`rate-limits/limit-headers.ts`), so that both say the same. Anthropic's clients want a moment (RFC 3339) where
 * OpenAI's want a duration. We count prompts and answers together, so that there is nothing to say of input and output
 * tokens apart.
 *
 * Pure module.
 */
import type { OutgoingHttpHeaders } from 'node:http'

export function anthropicLimitHeaders(headers: OutgoingHttpHeaders, nowMs: number): OutgoingHttpHeaders {
  const theirs: OutgoingHttpHeaders = {}
  for (const what of ['requests', 'tokens']) {
    const limit = headers[`x-ratelimit-limit-${what}`]
    if (limit === undefined) continue
    const resetMs = msOf(String(headers[`x-ratelimit-reset-${what}`] ?? '0s'))
    theirs[`anthropic-ratelimit-${what}-limit`] = limit
    theirs[`anthropic-ratelimit-${what}-remaining`] = headers[`x-ratelimit-remaining-${what}`]
    // Whole seconds, as theirs are; the next one, or a client that comes then would be early.
    theirs[`anthropic-ratelimit-${what}-reset`] = rfc3339(Math.ceil((nowMs + resetMs) / 1_000) * 1_000)
  }
  return theirs
}

/** Of `6m0s`, `1.25s`. */
function msOf(duration: string): number {
  const [, minutes = '0', seconds = '0'] = /^(?:(\d+)m)?([\d.]+)s$/.exec(duration) ?? []
  return Number(minutes) * 60_000 + Math.round(Number(seconds) * 1_000)
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
