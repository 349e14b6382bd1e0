import { and, eq, isNull } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import { personLink } from './tables.ts'

/** Ends the open links to set a new password for somebody: he set one himself, or holds more or less than when they were made. */
export async function endResetLinks(tx: Tx, userId: string): Promise<void> {
  await tx
    .delete(personLink)
    .where(and(eq(personLink.userId, userId), eq(personLink.kind, 'password-reset'), isNull(personLink.usedAt)))
}
