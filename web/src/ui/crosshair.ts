/** The moment under the pointer. Charts over the same time share one, and each shows it at its own step. */
import { useLayoutEffect, useState, useSyncExternalStore } from 'react'

export type Crosshair = {
  get: () => CrosshairAt | null
  set: (at: CrosshairAt | null) => void
  subscribe: (listener: () => void) => () => void
  rooms: Rooms
}

/** Room beside the plots, px: charts that share a crosshair stand exactly under each other. */
type Rooms = {
  /** @returns takes the room back */
  ask: (axis: number, ends: number) => () => void
  axis: () => number
  ends: () => number
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
    rooms: createRooms(),
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

function createRooms(): Rooms {
  const asked = new Set<{ axis: number; ends: number }>()
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  return {
    ask(axis, ends) {
      const room = { axis, ends }
      asked.add(room)
      tell()
      return () => {
        asked.delete(room)
        tell()
      }
    },
    axis: () => Math.max(0, ...[...asked].map((room) => room.axis)),
    ends: () => Math.max(0, ...[...asked].map((room) => room.ends)),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The room that the widest of the charts needs; known before the first paint. */
export function useRoom({ rooms }: Crosshair, axis: number, ends: number): { axis: number; ends: number } {
  useLayoutEffect(() => rooms.ask(axis, ends), [rooms, axis, ends])
  return {
    axis: Math.max(axis, useSyncExternalStore(rooms.subscribe, rooms.axis)),
    ends: Math.max(ends, useSyncExternalStore(rooms.subscribe, rooms.ends)),
  }
}
