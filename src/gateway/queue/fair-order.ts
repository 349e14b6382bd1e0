/**
 * Whose turn it is among requests that wait for the same thing: that of the share which was served least since it waits,
 * and within a share, who came first. All shares weigh the same, so that one key with a thousand requests holds up
 * another's first by one.
 *
 * Pure module.
 */
export class FairOrder<Item extends { share: string }> {
  /** By share: its items, oldest first, and how often it was served, counted from the least of those that waited. */
  readonly #shares = new Map<string, { served: number; items: Item[] }>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(item: Item): void {
    const share = this.#shares.get(item.share)
    // Who comes late owes nothing for the time before, and has nothing saved up from it.
    if (share === undefined) this.#shares.set(item.share, { served: this.#leastServed(), items: [item] })
    else share.items.push(item)
    this.#size++
  }

  /** Puts back one that was taken and not served: it is first of its share again, and the turn is given back. */
  giveBack(item: Item): void {
    const share = this.#shares.get(item.share)
    if (share === undefined) this.#shares.set(item.share, { served: this.#leastServed(), items: [item] })
    else {
      share.items.unshift(item)
      share.served--
    }
    this.#size++
  }

  /** The next one, which waits no longer; null = nobody waits. */
  take(): Item | null {
    let next: { name: string; served: number; items: Item[] } | null = null
    for (const [name, share] of this.#shares) if (next === null || share.served < next.served) next = { name, ...share }
    const item = next?.items.shift()
    if (next === null || item === undefined) return null
    this.#served(next.name)
    this.#size--
    return item
  }

  /** @returns whether it was there */
  remove(item: Item): boolean {
    const share = this.#shares.get(item.share)
    const at = share?.items.indexOf(item) ?? -1
    if (share === undefined || at < 0) return false
    share.items.splice(at, 1)
    if (share.items.length === 0) this.#shares.delete(item.share)
    this.#size--
    return true
  }

  #served(name: string): void {
    const share = this.#shares.get(name)
    if (share === undefined) return
    share.served++
    if (share.items.length === 0) this.#shares.delete(name)
  }

  #leastServed(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { served } of this.#shares.values()) least = Math.min(least, served)
    return Number.isFinite(least) ? least : 0
  }
}
