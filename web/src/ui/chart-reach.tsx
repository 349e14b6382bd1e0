/**
 * The hands on a chart: pointer, touch and keys move the crosshair; a drag marks a stretch of time.
 *
 * A finger moves the crosshair and never zooms, so that one can read while the page still scrolls up and down. With the
 * keyboard: arrows move, Shift with arrows marks, Enter opens or zooms, Escape lets go.
 */
import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import { useStep } from './chart-cross.tsx'
import { clamp } from './chart-scale.ts'
import { WIDTH } from './chart-shapes.ts'
import { stepAfterKey, stepAt } from './chart-time.ts'
import type { Crosshair } from './crosshair.ts'
import { usePartWords } from './words.ts'

type Stretch = { from: number; to: number }

export function Reach({
  id,
  cross,
  starts,
  end,
  edges,
  newest,
  label,
  valueWords,
  onZoom,
  onStep,
}: {
  id: string
  cross: Crosshair
  starts: readonly number[]
  end: number
  /** Of the steps, 0 to WIDTH. */
  edges: Float64Array
  /** Where the keyboard begins. */
  newest: number
  label: string
  valueWords: (step: number) => string
  onZoom: ((from: number, to: number) => void) | undefined
  onStep: ((from: number, to: number) => void) | undefined
}) {
  const t = usePartWords()
  const step = useStep(cross, starts, end)
  const [marked, setMarked] = useState<Stretch | null>(null)
  const pressed = useRef<{ step: number; x: number } | null>(null)
  const last = starts.length - 1
  const stop = (at: number) => starts[at + 1] ?? end
  const go = (at: number) => cross.set({ at: (starts[at]! + stop(at)) / 2, from: id })
  const use = (first: number, second: number) => {
    const [from, to] = [Math.min(first, second), Math.max(first, second)]
    if (from !== to) onZoom?.(starts[from]!, stop(to))
    else onStep?.(starts[from]!, stop(from))
  }

  function stepUnder(event: PointerEvent<HTMLElement>): number {
    const box = event.currentTarget.getBoundingClientRect()
    const from = starts[0]!
    const at = from + clamp((event.clientX - box.left) / box.width, 0, 0.999999) * (end - from)
    return stepAt(at, starts, end)
  }

  function onMove(event: PointerEvent<HTMLElement>) {
    const at = stepUnder(event)
    if (at < 0) return
    go(at)
    if (pressed.current && onZoom && event.pointerType !== 'touch') setMarked({ from: pressed.current.step, to: at })
  }

  function onUp(event: PointerEvent<HTMLElement>) {
    const began = pressed.current
    pressed.current = null
    setMarked(null)
    if (!began || event.pointerType === 'touch') return
    const at = stepUnder(event)
    if (at >= 0) use(Math.abs(event.clientX - began.x) < 4 ? at : began.step, at)
  }

  function onKey(event: KeyboardEvent) {
    const next = stepAfterKey(event.key, step, newest, starts.length)
    if (next !== null) {
      if (event.shiftKey && onZoom) setMarked({ from: marked?.from ?? (step < 0 ? newest : step), to: next })
      else setMarked(null)
      go(next)
    } else if (event.key === 'Enter' && step >= 0) {
      setMarked(null)
      use(marked?.from ?? step, step)
    } else if (event.key === 'Escape' && (marked || step >= 0)) {
      setMarked(null)
      cross.set(null)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <div
      className={onZoom ? 'reach zooms' : 'reach'}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={Math.max(0, step)}
      aria-valuetext={step < 0 ? t('chart.use-arrows') : valueWords(step)}
      onKeyDown={onKey}
      onBlur={() => cross.get()?.from === id && cross.set(null)}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        pressed.current = { step: stepUnder(event), x: event.clientX }
        if (event.pointerType !== 'touch') event.currentTarget.setPointerCapture(event.pointerId)
        else onMove(event)
      }}
      onPointerMove={onMove}
      onPointerUp={onUp}
      onPointerCancel={() => {
        pressed.current = null
        setMarked(null)
      }}
      onPointerLeave={(event) => event.pointerType !== 'touch' && cross.set(null)}
    >
      {marked && marked.from !== marked.to && <Marked {...marked} edges={edges} />}
    </div>
  )
}

function Marked({ from, to, edges }: Stretch & { edges: Float64Array }) {
  const percent = (edge: number) => (edge / WIDTH) * 100
  const left = percent(edges[Math.min(from, to)]!)
  const right = percent(edges[Math.max(from, to) + 1]!)
  return <i className="marked" style={{ left: `${left}%`, width: `${right - left}%` } as CSSProperties} />
}
