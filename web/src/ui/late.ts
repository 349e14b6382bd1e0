/** Parts that come with their first use: what a press opens need not be there before it. */
import { useState } from 'react'

/** @returns the part once it is here, and what fetches it. A fetch that failed is tried again by the next press. */
export function useLate<Part>(load: () => Promise<Part>): [part: Part | null, fetch: () => void] {
  const [here, setHere] = useState<{ part: Part } | null>(null)
  const fetch = () => {
    load().then(
      (part) => setHere({ part }),
      () => {},
    )
  }
  return [here?.part ?? null, fetch]
}

/** Begins to fetch while a pointer comes near, so that the press finds it. */
export const ahead = (load: () => Promise<unknown>) => () => {
  load().catch(() => {})
}
