/** A route as it is typed, and back. Pure. */
import type { Route, RouteWanted } from './routes-api.ts'

export type TargetTyped = { id: number; model: string; weight: string }
export type TierTyped = { id: number; targets: TargetTyped[] }
export type RouteTyped = {
  name: string
  enabled: boolean
  tiers: TierTyped[]
  retries: string
  /** Seconds; empty = the gateway's own. */
  firstToken: string
  silence: string
  /** Empty = none. */
  shadow: string
  /** Per cent. */
  share: string
}

/** Rows keep their identity while one types, so that a field does not lose its place. */
let lastId = 0
export const targetOf = (model: string, weight = '100'): TargetTyped => ({ id: ++lastId, model, weight })
export const tierOf = (...targets: TargetTyped[]): TierTyped => ({ id: ++lastId, targets })

export function emptyRoute(model: string): RouteTyped {
  return {
    ...{ name: '', enabled: true, tiers: [tierOf(targetOf(model))], retries: '2' },
    ...{ firstToken: '', silence: '', shadow: '', share: '5' },
  }
}

export function typedRoute(route: Route): RouteTyped {
  const seconds = (ms: number | null) => (ms === null ? '' : String(ms / 1_000))
  return {
    name: route.name,
    enabled: route.enabled,
    tiers: route.tiers.map(({ targets }) =>
      tierOf(...targets.map(({ model, weight }) => targetOf(model, String(weight)))),
    ),
    retries: String(route.retries),
    firstToken: seconds(route.first_token_ms),
    silence: seconds(route.silence_ms),
    shadow: route.shadow?.model ?? '',
    share: route.shadow === null ? '5' : String(Math.round(route.shadow.share * 10_000) / 100),
  }
}

export function wholeIn(text: string, max: number): number | null {
  const value = Number(text.trim())
  return /^\d+$/.test(text.trim()) && value <= max ? value : null
}

/** @returns milliseconds, null = empty, undefined = no such time */
export function msIn(seconds: string): number | null | undefined {
  const text = seconds.trim()
  if (text === '') return null
  const ms = Math.round(Number(text) * 1_000)
  return /^\d+(\.\d+)?$/.test(text) && ms >= 100 && ms <= 600_000 ? ms : undefined
}

/** @returns 0–1, or null */
export function shareIn(percent: string): number | null {
  const value = Number(percent.trim())
  return percent.trim() !== '' && value > 0 && value <= 100 ? Math.round(value * 100) / 10_000 : null
}

export const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}$/

/** @returns null where something is not filled in */
export function wantedOf(form: RouteTyped): RouteWanted | null {
  const tiers = form.tiers.map(({ targets }) => ({
    targets: targets.map(({ model, weight }) => ({ model, weight: wholeIn(weight, 1_000) ?? -1 })),
  }))
  const retries = wholeIn(form.retries, 10)
  const [first_token_ms, silence_ms] = [msIn(form.firstToken), msIn(form.silence)]
  const share = shareIn(form.share)
  const isFilled = tiers.every(({ targets }) => targets.every(({ model, weight }) => model !== '' && weight >= 0))
  if (!isFilled || retries === null || first_token_ms === undefined || silence_ms === undefined) return null
  if (form.shadow !== '' && share === null) return null
  const shadow = form.shadow === '' || share === null ? null : { model: form.shadow, share }
  return { enabled: form.enabled, tiers, retries, first_token_ms, silence_ms, shadow }
}

/** What part of its tier a target gets, 0–1. */
export function partOf(weight: string, tier: readonly { weight: string }[]): number | null {
  const own = wholeIn(weight, 1_000)
  const sum = tier.reduce((total, one) => total + (wholeIn(one.weight, 1_000) ?? 0), 0)
  return own === null || sum === 0 ? null : own / sum
}
