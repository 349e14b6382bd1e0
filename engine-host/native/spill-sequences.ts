/**
 * Which sequences go to disk, and when: one that was idle for a while, one whose tokens are about to be overwritten, and the
 * latest ones at the end. How they are kept there is `prefix-spill.ts`.
 */
import { performance } from 'node:perf_hooks'
import type { RawContext } from './nlc-raw.ts'
import type { PrefixSpill } from './prefix-spill.ts'
import type { Running } from './running-request.ts'
import type { Sequence, Sequences } from './sequences.ts'

/** An idle prefix goes to disk after this time. */
export const SPILL_IDLE_MS = 3000
/** Prefixes that `close` may still save, in time. */
const SPILL_CLOSE_MS = 5000

export class SequenceSpill {
  readonly #raw: RawContext
  readonly #sequences: Sequences
  readonly #disk: PrefixSpill | null

  constructor(raw: RawContext, sequences: Sequences, disk: PrefixSpill | null) {
    this.#raw = raw
    this.#sequences = sequences
    this.#disk = disk
  }

  /** Whether an idle sequence holds what disk may hold and does not. */
  get isDue(): boolean {
    if (this.#disk === null) return false
    return this.#sequences.all.some(({ disk, saved, running }) => disk && !saved && running === null)
  }

  async save(sequence: Sequence): Promise<void> {
    const { scope, salt, share, tokens, running, disk, saved, forget } = sequence
    if (this.#disk === null || scope === null || running !== null || !disk || saved || forget) return
    if (this.#sequences.copiesPending) return
    sequence.saved = true
    await this.#disk.save(this.#raw, { scope, salt, share, tokens, sequence: sequence.id })
  }

  /** Saves what was idle long enough, until a request waits. */
  async saveIdle(waiting: readonly Running[]): Promise<void> {
    for (const sequence of this.#sequences.all) {
      if (performance.now() - sequence.lastUsedAt < SPILL_IDLE_MS * 0.9) continue
      await this.save(sequence)
      if (waiting.length > 0) return
    }
  }

  /** Saves within a bound, what was used last first. */
  async saveLatest(): Promise<void> {
    const deadline = performance.now() + SPILL_CLOSE_MS
    const recent = [...this.#sequences.all].sort((a, b) => b.lastUsed - a.lastUsed)
    for (const sequence of recent) if (performance.now() < deadline) await this.save(sequence)
  }
}
