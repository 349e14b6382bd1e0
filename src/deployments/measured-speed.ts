/**
 * How fast a model is here, as real requests showed it. Pure.
 *
 * A request that shared the engine with others was slower than one alone, and nobody writes down how many there were, so
 * the best of the last day is kept: it is the nearest to one stream alone. A day-old best gives way to whatever is
 * measured next, since a machine may have become slower.
 */
import type { UsageRecord } from '../billing/usage-record.ts'

export type MeasuredSpeed = { tokensPerSecond: number; atMs: number }

/** What a usage record says of speed, and of who was used. */
export type ModelUse = Pick<
  UsageRecord,
  | 'model'
  | 'engineId'
  | 'startedAtMs'
  | 'totalMs'
  | 'tokensIn'
  | 'tokensInSource'
  | 'tokensOut'
  | 'tokensOutSource'
  | 'prefillMs'
  | 'decodeMs'
>

/** Shorter answers tell more of the start than of the speed. */
const TOKENS_MIN = 16
const KEPT_MS = 24 * 60 * 60_000
/** Steps differ; one that is half as long again as the usual one is still believed. */
const STEP_TOLERANCE = 1.5

/**
 * Tokens a second that one request showed: written ones, or for a model that writes nothing, read ones.
 * @returns null where the engine did not count or time it, or where it was too short to tell
 */
export function speedShownBy(use: ModelUse, task: 'chat' | 'embedding'): number | null {
  if (task === 'embedding') {
    if (use.tokensInSource !== 'engine' || use.tokensIn < TOKENS_MIN || !use.prefillMs) return null
    return (use.tokensIn / use.prefillMs) * 1000
  }
  if (use.tokensOutSource !== 'engine' || use.tokensOut < TOKENS_MIN || !use.decodeMs) return null
  // Decoding is timed from the first token on, which the prompt's last step made.
  return ((use.tokensOut - 1) / use.decodeMs) * 1000
}

/** Which of the two to keep. */
export function betterSpeed(kept: MeasuredSpeed | null, seen: MeasuredSpeed): MeasuredSpeed {
  if (kept === null || seen.atMs - kept.atMs > KEPT_MS) return seen
  return seen.tokensPerSecond > kept.tokensPerSecond ? seen : kept
}

/**
 * Whether one stream can have been this fast: it gets one token a step. Several choices in one answer are counted
 * together and look faster than that.
 * @param stepMs median step of the engine lately
 */
export function isOneStream(tokensPerSecond: number, stepMs: number): boolean {
  return stepMs <= 0 || tokensPerSecond <= (1000 / stepMs) * STEP_TOLERANCE
}
