/**
 * Threads for each of `engines` engines so that their sum stays within `total`. Two engines whose threads together
 * exceed the cores stall each other at every step (measured: 2 to 100 times slower), so an equal, lower share is faster
 * than a generous one. Each has at least one, even where that exceeds the total.
 */
export function threadShare(total: number, engines: number): number {
  return Math.max(1, Math.floor(total / Math.max(1, engines)))
}
