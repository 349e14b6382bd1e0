/** A moment: relative in the line, exact on hover and focus, in the viewer's zone. It keeps itself fresh. */
import { useSyncExternalStore } from 'react'
import { Tip } from './tip.tsx'
import { useFormat } from './use-format.ts'

let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | null = null

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const one of listeners) one()
  }, 5_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

/** The time of the moment, to five seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => Math.max(now, 0))
}

export function Ago({ at }: { at: string | number | Date }) {
  const format = useFormat()
  const tick = useNow()
  const date = new Date(at)
  return (
    <Tip text={format.time(date)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be reachable without a pointer */}
      <time dateTime={date.toISOString()} tabIndex={0} className="when">
        {format.ago(date, Math.max(tick, date.getTime() > Date.now() ? tick : date.getTime()))}
      </time>
    </Tip>
  )
}
