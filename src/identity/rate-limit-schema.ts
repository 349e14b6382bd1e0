/** Wire shapes of how much may be asked of models. */
import { type Static, Type } from 'typebox'
import { orNull } from '../platform/wire-shapes.ts'
import type { RateLimitChange, RateLimits } from './rate-limits.ts'

const fields = {
  requests_per_minute: orNull(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Requests within any 60 s; null = no limit.' }),
  ),
  tokens_per_minute: orNull(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'Tokens of prompts and answers together within any 60 s; null = no limit.',
    }),
  ),
  concurrency: orNull(
    Type.Integer({ minimum: 1, maximum: 100_000, description: 'Requests that run at once; null = no limit.' }),
  ),
}

export const RateLimitsShape = Type.Object(fields, {
  description:
    'How much may be asked of models. A key, its project and its organisation have each their own: the tightest counts.',
})

export const RateLimitChangeShape = Type.Object(
  {
    requests_per_minute: Type.Optional(fields.requests_per_minute),
    tokens_per_minute: Type.Optional(fields.tokens_per_minute),
    concurrency: Type.Optional(fields.concurrency),
  },
  { additionalProperties: false, minProperties: 1, description: 'What is left out stays as it is.' },
)

export function rateLimitsOnWire(limits: RateLimits): Static<typeof RateLimitsShape> {
  return {
    requests_per_minute: limits.requestsPerMinute,
    tokens_per_minute: limits.tokensPerMinute,
    concurrency: limits.concurrency,
  }
}

/** What a change names, and nothing of what it leaves as it is. */
export function rateLimitChangeFrom(body: Static<typeof RateLimitChangeShape>): RateLimitChange {
  const { requests_per_minute, tokens_per_minute, concurrency } = body
  return {
    ...(requests_per_minute === undefined ? {} : { requestsPerMinute: requests_per_minute }),
    ...(tokens_per_minute === undefined ? {} : { tokensPerMinute: tokens_per_minute }),
    ...(concurrency === undefined ? {} : { concurrency }),
  }
}
