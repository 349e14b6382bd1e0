/**
 * Who has had how much: one counter of served tokens per share.
 *
 * Virtual token counters (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024): the share that was served
 * least goes first. A share that comes (back) starts no lower than the least of those at work, so silence saves up nothing;
 * and what it used while it was alone is not held against it later, because whoever comes then starts beside it.
 */

/** A generated token costs about as much as this many prompt tokens, which are computed side by side. */
export const GENERATED_TOKEN_COST = 2
/** Counters of quiet shares that are remembered. */
const REMEMBERED_MAX = 1024

export class FairShares {
  /** In order of last arrival. */
  readonly #served = new Map<string, number>()
  readonly #requests = new Map<string, number>()
  /** Where the last share stood when it left and nobody was at work. */
  #floor = 0

  /** A request of this share has come. */
  enter(share: string): void {
    const requests = this.#requests.get(share) ?? 0
    if (requests === 0) {
      const own = Math.max(this.served(share), this.#least() ?? this.#floor)
      this.#served.delete(share)
      this.#served.set(share, own)
    }
    this.#requests.set(share, requests + 1)
    if (requests === 0) this.#forgetQuiet()
  }

  /** A request of this share has ended. */
  leave(share: string): void {
    const requests = (this.#requests.get(share) ?? 0) - 1
    if (requests > 0) {
      this.#requests.set(share, requests)
      return
    }
    this.#requests.delete(share)
    if (this.#requests.size === 0) this.#floor = Math.max(this.#floor, this.served(share))
  }

  serve(share: string, cost: number): void {
    this.#served.set(share, this.served(share) + cost)
  }

  served(share: string): number {
    return this.#served.get(share) ?? 0
  }

  get size(): number {
    return this.#served.size
  }

  #least(): number | null {
    let least: number | null = null
    for (const share of this.#requests.keys()) least = Math.min(least ?? Number.POSITIVE_INFINITY, this.served(share))
    return least
  }

  #forgetQuiet(): void {
    for (const share of this.#served.keys()) {
      if (this.#served.size <= REMEMBERED_MAX) return
      if (!this.#requests.has(share)) this.#served.delete(share)
    }
  }
}
