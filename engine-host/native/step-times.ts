/**
 * How long steps take: for whoever asks, for the size of the next step, and to notice that compute threads fight for cores
 * (`step-watch.ts` decides).
 */
import type { RawContext } from './nlc-raw.ts'
import { newStepWatch, percentiles, type StepWatch, WATCH_WINDOW, watchSteps } from './step-watch.ts'

const STEPS_REMEMBERED = 256
/** Steps with fewer prompt tokens say little of what one costs. */
const PROMPT_TOKENS_MEASURED_MIN = 16

export class StepTimes {
  /** Measured over the last steps; 0 = not yet known. */
  msPerPromptToken = 0
  readonly #raw: RawContext
  readonly #log: (message: string) => void
  #stepsMs: number[] = []
  #watch: StepWatch
  #watchedMs: number[] = []
  #watchedSequences = 0

  constructor(raw: RawContext, threads: number, log: (message: string) => void) {
    this.#raw = raw
    this.#log = log
    this.#watch = newStepWatch(threads)
  }

  get threads(): number {
    return this.#watch.threads
  }

  percentiles(): { p50: number; p95: number } {
    return percentiles(this.#stepsMs)
  }

  setThreads(threads: number): void {
    this.#watch = newStepWatch(threads)
    this.#watchedMs = []
    this.#raw.setThreads(threads)
  }

  note(ms: number, promptTokensComputed: number, chosenTokens: number): void {
    if (this.#stepsMs.length >= STEPS_REMEMBERED) this.#stepsMs.shift()
    this.#stepsMs.push(ms)
    if (promptTokensComputed >= PROMPT_TOKENS_MEASURED_MIN) {
      const each = ms / promptTokensComputed
      this.msPerPromptToken = this.msPerPromptToken === 0 ? each : this.msPerPromptToken * 0.8 + each * 0.2
    }
    if (promptTokensComputed > 0 || chosenTokens === 0) return
    // Only steps of the same width are compared: eight sequences cost several times as much as one.
    if (chosenTokens !== this.#watchedSequences) this.#watchedMs = []
    this.#watchedSequences = chosenTokens
    this.#watchedMs.push(ms)
    if (this.#watchedMs.length >= WATCH_WINDOW) this.#lookAtWindow(chosenTokens)
  }

  #lookAtWindow(chosenTokens: number): void {
    const before = this.#watch.threads
    this.#watch = watchSteps(this.#watch, this.#watchedMs, chosenTokens)
    const { p50, p95 } = percentiles(this.#watchedMs)
    this.#watchedMs = []
    if (this.#watch.threads === before) return
    this.#raw.setThreads(this.#watch.threads)
    this.#log(
      `Threads ${before} → ${this.#watch.threads} of ${this.#watch.threadsWanted}: steps took ${p50.toFixed(1)} ms (p50), ${p95.toFixed(1)} ms (p95).`,
    )
  }
}
