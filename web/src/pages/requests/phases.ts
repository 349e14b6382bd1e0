/** Where the time of a request went. Pure. */
import type { RequestOnWire } from '../../../../src/billing/request-schema.ts'

export const PHASES = ['gateway', 'queue', 'prefill', 'decode'] as const
export type PhaseName = (typeof PHASES)[number] | 'rest'
export type Phase = { name: PhaseName; ms: number; share: number }

type Times = Pick<
  RequestOnWire,
  'gateway_ms' | 'queue_ms' | 'prefill_ms' | 'decode_ms' | 'total_ms' | 'first_token_ms' | 'engine_id'
>

/** What no phase explains is noise below this. */
const REST_MS_MIN = 0.05

/** In the order in which they happened; those that were not reached or not reported are left out. */
export function phasesOf(times: Times): Phase[] {
  const known = PHASES.flatMap((name) => {
    const ms = times[`${name}_ms`]
    return ms === null ? [] : [{ name, ms: Math.max(0, ms) }]
  })
  const sum = known.reduce((total, { ms }) => total + ms, 0)
  // Engine and gateway have clocks of their own: phases may add up to a little more than the whole.
  const whole = Math.max(times.total_ms, sum)
  const rest = whole - sum
  const all: { name: PhaseName; ms: number }[] = rest > REST_MS_MIN ? [...known, { name: 'rest', ms: rest }] : known
  return all.map(({ name, ms }) => ({ name, ms, share: whole === 0 ? 0 : ms / whole }))
}

/** Where the first token came, as a share of the whole; null = none came. */
export function firstTokenShare({ first_token_ms, total_ms }: Times): number | null {
  return first_token_ms === null || total_ms === 0 ? null : Math.min(1, first_token_ms / total_ms)
}

/** Tokens a second while the answer was written; null = too little to tell. */
export function speedOf({ tokens_out, decode_ms }: Pick<RequestOnWire, 'tokens_out' | 'decode_ms'>): number | null {
  return decode_ms === null || decode_ms <= 0 || tokens_out < 2 ? null : (tokens_out / decode_ms) * 1_000
}
