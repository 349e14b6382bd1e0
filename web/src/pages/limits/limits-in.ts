/** Limits as they are typed, and back. Pure. */
import type { Static } from 'typebox'
import type { RateLimitsShape } from '../../../../src/identity/rate-limit-schema.ts'

export type Limits = Static<typeof RateLimitsShape>
export type LimitName = keyof Limits
/** As typed; empty = no limit. */
export type LimitsTyped = Record<LimitName, string>

/** The most that the server takes of each. */
export const LIMITS_MAX: Record<LimitName, number> = {
  requests_per_minute: 1_000_000,
  tokens_per_minute: 1_000_000_000,
  concurrency: 100_000,
}
export const LIMIT_NAMES = Object.keys(LIMITS_MAX) as LimitName[]

export function typed(limits: Limits): LimitsTyped {
  const text = (name: LimitName) => String(limits[name] ?? '')
  return {
    requests_per_minute: text('requests_per_minute'),
    tokens_per_minute: text('tokens_per_minute'),
    concurrency: text('concurrency'),
  }
}

/** @returns undefined where it is no limit */
export function limitIn(name: LimitName, text: string): number | null | undefined {
  const plain = text.trim().replaceAll(/[,_ ]/g, '')
  if (plain === '') return null
  const value = Number(plain)
  return /^\d+$/.test(plain) && value >= 1 && value <= LIMITS_MAX[name] ? value : undefined
}

/** @returns null where one of them is no limit */
export function limitsIn(text: LimitsTyped): Limits | null {
  const [requests_per_minute, tokens_per_minute, concurrency] = LIMIT_NAMES.map((name) => limitIn(name, text[name]))
  if (requests_per_minute === undefined || tokens_per_minute === undefined || concurrency === undefined) return null
  return { requests_per_minute, tokens_per_minute, concurrency }
}

export function areSame(one: Limits, other: Limits): boolean {
  return LIMIT_NAMES.every((name) => one[name] === other[name])
}
