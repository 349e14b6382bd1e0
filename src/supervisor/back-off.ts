/** Never at once: a signal to the whole process group reaches children first, and the supervisor a moment later. */
const WAITS_MS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000]
/** A life this long clears the record. */
const STEADY_MS = 60_000

/** How long to wait before a process is started again: a moment the first time, then longer, at most 10 s. */
export class BackOff {
  #failures = 0

  /** @param livedMs how long the process that just ended had lived */
  nextMs(livedMs: number): number {
    if (livedMs >= STEADY_MS) this.#failures = 0
    return WAITS_MS[Math.min(this.#failures++, WAITS_MS.length - 1)] ?? 10_000
  }

  /** Failures in a row so far. */
  get failures(): number {
    return this.#failures
  }
}
