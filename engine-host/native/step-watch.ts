/**
 * Notices that compute threads fight for cores. Pure.
 *
 * ggml's threads spin at a barrier some 300 times in a step. When another process takes a core, every barrier waits for the
 * thread that lost it: two threads on two contended cores were measured 2 to 100 times slower than one. So when steps
 * become many times slower than this machine has shown that they can be, one thread fewer is tried, and given back later.
 */

/** Steps that are looked at together. */
export const WATCH_WINDOW = 64
/** A window's slow steps, against the best median seen with the same threads, that count as an explosion. */
const EXPLODED = 8
/** Windows to stay with fewer threads before one more is tried again. Doubles with each relapse, up to the maximum. */
const CALM_WINDOWS_MIN = 8
const CALM_WINDOWS_MAX = 256

export type StepWatch = {
  threads: number
  /** What was asked for. */
  threadsWanted: number
  /** Lowest median of a window, ms per step, by threads and sequences in the step. */
  bestMs: ReadonlyMap<string, number>
  calmWindows: number
  calmWindowsNeeded: number
}

export function newStepWatch(threads: number): StepWatch {
  return { threads, threadsWanted: threads, bestMs: new Map(), calmWindows: 0, calmWindowsNeeded: CALM_WINDOWS_MIN }
}

/**
 * Looks at one window of steps of one kind (decode steps of equal width: their cost hardly depends on the request).
 * @param stepsMs durations of `WATCH_WINDOW` steps
 * @param sequences how many tokens each of them computed
 */
export function watchSteps(watch: StepWatch, stepsMs: readonly number[], sequences: number): StepWatch {
  if (stepsMs.length === 0) return watch
  const { p50, p95 } = percentiles(stepsMs)
  const kind = `${watch.threads}×${sequences}`
  const best = Math.min(watch.bestMs.get(kind) ?? Number.POSITIVE_INFINITY, p50)
  const next = { ...watch, bestMs: new Map(watch.bestMs).set(kind, best) }
  if (p95 > best * EXPLODED && watch.threads > 1) {
    const relapse = watch.threads < watch.threadsWanted || watch.calmWindowsNeeded > CALM_WINDOWS_MIN
    const needed = relapse ? watch.calmWindowsNeeded * 2 : watch.calmWindowsNeeded
    return {
      ...next,
      threads: watch.threads - 1,
      calmWindows: 0,
      calmWindowsNeeded: Math.min(CALM_WINDOWS_MAX, needed),
    }
  }
  if (watch.threads === watch.threadsWanted) return next
  const calmWindows = watch.calmWindows + 1
  if (calmWindows < watch.calmWindowsNeeded) return { ...next, calmWindows }
  // The wait before the next try doubles in advance; a try that holds costs nothing by it.
  const needed = Math.min(CALM_WINDOWS_MAX, watch.calmWindowsNeeded * 2)
  return { ...next, threads: watch.threads + 1, calmWindows: 0, calmWindowsNeeded: needed }
}

/** Median and 95th percentile; zeros for nothing. */
export function percentiles(values: readonly number[]): { p50: number; p95: number } {
  if (values.length === 0) return { p50: 0, p95: 0 }
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  return { p50: at(0.5), p95: at(0.95) }
}
