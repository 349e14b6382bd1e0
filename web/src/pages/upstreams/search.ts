import type { UpstreamRowOnWire } from '../../../../src/upstreams/schema.ts'

export const UPSTREAM_STATES = [
  'healthy',
  'unhealthy',
  'checking',
  'disabled',
] as const satisfies readonly UpstreamRowOnWire['state'][]

export type UpstreamsSearch = {
  q?: string
  state?: (typeof UPSTREAM_STATES)[number]
  /** The dialog that adds one is open. */
  add?: true
}

/** What the address of this page may say. What it does not know is left out. */
export function parseUpstreamsSearch(raw: Record<string, unknown>): UpstreamsSearch {
  const state = UPSTREAM_STATES.find((one) => one === raw.state)
  return {
    ...(typeof raw.q === 'string' && raw.q !== '' ? { q: raw.q } : {}),
    ...(state ? { state } : {}),
    ...(raw.add === true ? { add: true } : {}),
  }
}
