/** Exact words for what is shown in short: after a moment under the pointer, at once with the keyboard. */
import {
  cloneElement,
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from 'react'
import { useLate } from './late.ts'

const load = async () => (await import('./tip-open.tsx')).OpenTip
const AFTER_MS = 300

type Heard = {
  onPointerEnter?: (event: PointerEvent) => void
  onPointerLeave?: (event: PointerEvent) => void
  onFocus?: (event: FocusEvent) => void
  onBlur?: (event: FocusEvent) => void
  onKeyDown?: (event: KeyboardEvent) => void
}

/** `children` must hand on what it hears, and be reachable: a button, a link, a span with tabIndex. */
export function Tip({ text, children }: { text: ReactNode; children: ReactElement<Heard> }) {
  const [OpenTip, fetch] = useLate(load)
  const [at, setAt] = useState<Element | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const heard = children.props
  const hide = () => {
    clearTimeout(timer.current)
    setAt(null)
  }
  return (
    <>
      {cloneElement(children, {
        onPointerEnter(event) {
          heard.onPointerEnter?.(event)
          const over = event.currentTarget
          if (event.pointerType === 'touch') return
          fetch()
          timer.current = setTimeout(() => setAt(over), AFTER_MS)
        },
        onPointerLeave(event) {
          heard.onPointerLeave?.(event)
          hide()
        },
        onFocus(event) {
          heard.onFocus?.(event)
          if (!event.currentTarget.matches(':focus-visible')) return
          fetch()
          setAt(event.currentTarget)
        },
        onBlur(event) {
          heard.onBlur?.(event)
          hide()
        },
        onKeyDown(event) {
          heard.onKeyDown?.(event)
          if (event.key === 'Escape') hide()
        },
      })}
      {OpenTip && at && <OpenTip at={at} text={text} onClose={hide} />}
    </>
  )
}
