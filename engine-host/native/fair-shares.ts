/**
 * Who has had how much: one counter of served tokens per share. Pure but for its own numbers.
 *
 * Virtual token counters (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024): the share that has been
 * served least goes first. A share that was quiet may use up what it left unused, but at most `CREDIT` tokens of it, so
 * that nobody saves up an hour of silence and then blocks the others.
 */

/** Tokens that a quiet share may be ahead. */
export const CREDIT = 4096
/** A generated token costs about as much as this many prompt tokens, which are computed side by side. */
export const GENERATED_TOKEN_COST = 2
/** Counters of quiet shares that are remembered. */
const REMEMBERED_MAX = 1024

export class FairShares {
  readonly #served = new Map<string, number>()
  readonly #requests = new Map<string, number>()

  /** A request of this share has come. */
  enter(share: string): void {
    const requests = this.#requests.get(share) ?? 0
    this.#requests.set(share, requests + 1)
    if (requests > 0) return
    let least = Number.POSITIVE_INFINITY
    for (const other of this.#requests.keys()) {
      if (other !== share) least = Math.min(least, this.#served.get(other) ?? 0)
    }
    const own = this.#served.get(share) ?? 0
    this.#served.delete(share) // Re-inserted below, so that the map's order is that of last use.
    this.#served.set(share, Number.isFinite(least) ? Math.max(own, least - CREDIT) : own)
    for (const quiet of this.#served.keys()) {
      if (this.#served.size <= REMEMBERED_MAX) break
      if (!this.#requests.has(quiet)) this.#served.delete(quiet)
    }
  }

  /** A request of this share has ended. */
  leave(share: string): void {
    const requests = (this.#requests.get(share) ?? 0) - 1
    if (requests > 0) this.#requests.set(share, requests)
    else this.#requests.delete(share)
  }

  serve(share: string, cost: number): void {
    this.#served.set(share, (this.#served.get(share) ?? 0) + cost)
  }

  served(share: string): number {
    return this.#served.get(share) ?? 0
  }

  get size(): number {
    return this.#served.size
  }
}
