/** The moment under the pointer. Charts over the same time share one, and each shows it at its own step. */
import { useState } from 'react'

export type Crosshair = {
  get: () => CrosshairAt | null
  set: (at: CrosshairAt | null) => void
  subscribe: (listener: () => void) => () => void
}

export type CrosshairAt = {
  /** A moment within the step; ms. */
  at: number
  /** The chart that it came from, which shows the figures. */
  from: string
}

export function createCrosshair(): Crosshair {
  let now: CrosshairAt | null = null
  const listeners = new Set<() => void>()
  return {
    get: () => now,
    set(next) {
      if (next?.at === now?.at && next?.from === now?.from) return
      now = next
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** One for several charts: `const cross = useCrosshair()`, then `cross={cross}` on each. */
export function useCrosshair(): Crosshair {
  return useState(createCrosshair)[0]
}
