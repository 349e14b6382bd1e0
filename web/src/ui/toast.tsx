/** Short news of something that was done, at the foot of the window. What failed stays until it is closed. */
import { useEffect } from 'react'
import { ahead, useLate } from './late.ts'

export type ToastWords = { title: string; says?: string; act?: { label: string; onSelect: () => void } }
export type News = ToastWords & { tone: 'good' | 'bad' }

const waiting: News[] = []
const listeners = new Set<() => void>()

export function toast(words: ToastWords, tone: News['tone'] = 'good'): void {
  waiting.push({ ...words, tone })
  for (const listener of listeners) listener()
}

/** What was not shown yet. */
export const takeNews = (): News[] => waiting.splice(0)

export function onNews(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const load = async () => (await import('./toast-stack.tsx')).ToastStack

/** Mounted once, in the frame. The stack is fetched when somebody first does something: before, there is no news. */
export function Toasts() {
  const [ToastStack, fetch] = useLate(load)
  useEffect(() => {
    const stop = onNews(fetch)
    addEventListener('pointerdown', ahead(load), { once: true })
    return stop
  }, [])
  return ToastStack && <ToastStack />
}
