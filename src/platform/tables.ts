import { bigint, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/**
 * Who is the one active control of this database. Fenced by `term`: whoever takes the lease raises it, and a holder that
 * finds a higher term stops at once.
 */
export const controlLease = pgTable('control_lease', {
  id: integer().primaryKey(),
  holder: text().notNull(),
  term: bigint({ mode: 'number' }).notNull(),
  heldUntil: timestamp('held_until', { withTimezone: true }).notNull(),
})
