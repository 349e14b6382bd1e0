/** Requests that are being answered, by id, so that `DELETE /requests/{id}` and a shutdown can stop them. */
export class RunningRequests {
  #running = new Map<string, Set<() => void>>()
  #idle: (() => void)[] = []

  get count(): number {
    let count = 0
    for (const cancels of this.#running.values()) count += cancels.size
    return count
  }

  /** @returns call it when the request has ended. Ids need not be unique: clients may send one twice. */
  add(id: string, cancel: () => void): () => void {
    const cancels = this.#running.get(id) ?? new Set()
    this.#running.set(id, cancels)
    const entry = () => cancel()
    cancels.add(entry)
    return () => {
      cancels.delete(entry)
      if (cancels.size === 0 && this.#running.get(id) === cancels) this.#running.delete(id)
      if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    }
  }

  /** Stops what runs under this id; an unknown id has already ended. */
  cancel(id: string): void {
    for (const cancel of this.#running.get(id) ?? []) cancel()
  }

  cancelAll(): void {
    for (const id of [...this.#running.keys()]) this.cancel(id)
  }

  /** Resolves when nothing runs. */
  whenIdle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }
}
