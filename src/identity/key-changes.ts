import type { Log } from '../platform/log.ts'

export type KeyChanges = ReturnType<typeof createKeyChanges>

/**
 * Who wants to know that `gatewayKeys()` would answer differently now. Told after the commit: a listener that reads at
 * once sees the change. Not the outbox, since it is for this process only and a missed word costs nothing: the next
 * snapshot is whole.
 *
 * Whoever changes what keys depend on tells it too: a session that ended, a role that fell, somebody who left. What
 * follows from that for keys is settled first, so that all listeners see the same.
 */
export function createKeyChanges(log: Log) {
  const listeners = new Set<() => unknown>()
  let settle: () => unknown = () => {}
  const heard = async (listener: () => unknown) => {
    try {
      await listener()
    } catch (error) {
      // The change is committed: its caller must not be told that it failed.
      log.error({ err: error }, 'a listener for key changes failed')
    }
  }
  return {
    /** Runs `first` before any listener hears of a change. */
    settleWith(first: () => unknown): void {
      settle = first
    },
    /** A promise that a listener returns is waited for by whoever made the change. @returns a function that stops listening */
    listen(listener: () => unknown): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** Resolves when every listener has done what it does, so that a revoked key is dead when its revoker is told so. */
    async tell(): Promise<void> {
      await heard(settle)
      await Promise.all([...listeners].map(heard))
    },
  }
}
