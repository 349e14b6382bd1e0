import type { Tx } from '../platform/database/database.ts'

/** What is about to go. With a project null: the whole organisation. */
export type Deletion = { organizationId: string; projectId: string | null }

export type Deletions = ReturnType<typeof createDeletions>

/**
 * Who keeps something of an organisation or a project, and must let go of it. Told inside the transaction that deletes, so
 * that all of it goes or nothing; a table of news to be drained later lost, since what it tells of would be gone by then
 * and half of a deletion could be seen.
 */
export function createDeletions() {
  const listeners: ((tx: Tx, gone: Deletion) => Promise<void>)[] = []
  return {
    /** @param listener deletes its own rows with `tx`; what it throws keeps everything as it was */
    listen(listener: (tx: Tx, gone: Deletion) => Promise<void>): void {
      listeners.push(listener)
    },
    /** One after another: a transaction has one connection. */
    async tell(tx: Tx, gone: Deletion): Promise<void> {
      for (const listener of listeners) await listener(tx, gone)
    },
  }
}
