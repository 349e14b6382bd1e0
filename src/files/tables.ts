import { bigint, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { FilePurpose } from './purposes.ts'

const time = (name: string) => timestamp(name, { withTimezone: true })

export const storedFile = pgTable(
  'stored_file',
  {
    /** Also the name of its bytes in the data folder. */
    id: text().primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** No reference: the house that deletes a project tells this one, in its own transaction. */
    projectId: text('project_id').notNull(),
    /** As the client called it. */
    filename: text().notNull(),
    purpose: text().$type<FilePurpose>().notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** Hex, of the bytes. */
    sha256: text().notNull(),
    createdAt: time('created_at').notNull(),
    /** The key that uploaded it, or the batch that made it. */
    createdBy: text('created_by').notNull(),
    expiresAt: time('expires_at'),
  },
  (table) => [index().on(table.projectId, table.id), index().on(table.organizationId), index().on(table.expiresAt)],
)
