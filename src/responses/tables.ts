import { customType, index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

const time = (name: string) => timestamp(name, { withTimezone: true })

/** One database gives a Buffer, the other a Uint8Array. */
const bytes = customType<{ data: Buffer; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
})

/** Responses of the Responses API, until they expire. */
export const storedResponse = pgTable(
  'stored_response',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** No reference: the house that deletes a project tells this one, in its own transaction. */
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    model: text().notNull(),
    /** No reference: the one before may be deleted, and then the conversation cannot be gone on with. */
    previousId: text('previous_id'),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    /** Bytes of the items and the response as JSON; `storedBytes` of them are left when it is compressed. */
    textBytes: integer('text_bytes').notNull(),
    storedBytes: integer('stored_bytes').notNull(),
    /** As `packed-response.ts` packs it. */
    body: bytes().notNull(),
  },
  (table) => [index().on(table.organizationId), index().on(table.projectId), index().on(table.expiresAt)],
)
