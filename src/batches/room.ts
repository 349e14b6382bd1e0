/**
 * How many lines of batches may be asked of a model at once: batches run when it is idle.
 *
 *   nobody else asks          one more with each look, up to the setting; a place is left free for who comes next
 *   others are answered       one
 *   others wait               none: whatever ends makes room for them
 *
 * It grows by one and falls at once, since a line that was begun is not broken off. Pure module.
 */

/** What the engines of a model say of themselves, added up. */
export type ModelLoad = { running: number; waiting: number; sequences: number }

/** @param ours lines of batches among what runs and waits there; @param allowed at the last look */
export function linesAllowed(load: ModelLoad | null, ours: number, allowed: number, linesMax: number): number {
  // No engine of ours: it is asleep, or an upstream's. What is too much is refused there, and waits here.
  if (load === null) return linesMax
  const others = Math.max(0, load.running + load.waiting - ours)
  if (others > 0) return load.waiting > 0 ? 0 : 1
  if (load.waiting > 0) return Math.max(1, load.running)
  const most = Math.max(1, Math.min(linesMax, load.sequences - 1))
  return Math.min(most, allowed + 1)
}
