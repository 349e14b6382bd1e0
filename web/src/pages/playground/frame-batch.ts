/**
 * Pieces of answers come faster than a screen shows them, and from several streams at once. What grew is told once a
 * frame, all of it together, so that four columns cost one layout. Where drawing took long, the next frames are left to
 * whoever types or scrolls.
 */

/** After a draw of so many milliseconds, at least twice as many are free. */
const REST_FACTOR = 2

const waiting = new Set<() => void>()
let asked = false
let restUntil = 0

/** Calls `tell` in one of the next frames; once, however often it is asked for until then. */
export function inNextFrame(tell: () => void): void {
  waiting.add(tell)
  if (asked) return
  asked = true
  requestAnimationFrame(draw)
}

function draw(now: number): void {
  if (now < restUntil) {
    requestAnimationFrame(draw)
    return
  }
  asked = false
  const begun = performance.now()
  const all = [...waiting]
  waiting.clear()
  for (const tell of all) tell()
  // React draws when this task is over; the next task knows how long it took.
  setTimeout(() => {
    restUntil = performance.now() + (performance.now() - begun) * REST_FACTOR
  })
}
