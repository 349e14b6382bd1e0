import type { Log } from '../platform/log.ts'

export type KeyChanges = ReturnType<typeof createKeyChanges>

/**
 * Who wants to know that `gatewayKeys()` would answer differently now. Told after the commit: a listener that reads at
 * once sees the change. Not the outbox, since it is for this process only and a missed word costs nothing: the next
 * snapshot is whole.
 */
export function createKeyChanges(log: Log) {
  const listeners = new Set<() => unknown>()
  return {
    /** A promise that a listener returns is waited for by whoever made the change. @returns a function that stops listening */
    listen(listener: () => unknown): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** Resolves when every listener has done what it does, so that a revoked key is dead when its revoker is told so. */
    async tell(): Promise<void> {
      await Promise.all(
        [...listeners].map(async (listener) => {
          try {
            await listener()
          } catch (error) {
            // The change is committed: its caller must not be told that it failed.
            log.error({ err: error }, 'a listener for key changes failed')
          }
        }),
      )
    },
  }
}
