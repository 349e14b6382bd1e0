import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { PlaygroundDocument, SessionKind } from './document.ts'

const time = (name: string) => timestamp(name, { withTimezone: true })

export const playgroundSession = pgTable(
  'playground_session',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** No reference: the house that deletes a project tells this one, in its own transaction. */
    projectId: text('project_id').notNull(),
    title: text().notNull(),
    kind: text().$type<SessionKind>().notNull(),
    visibility: text().$type<'private' | 'project'>().notNull(),
    document: jsonb().$type<PlaygroundDocument>().notNull(),
    documentBytes: integer('document_bytes').notNull(),
    /** 1, 2, 3 …: one more with each save. */
    revision: integer().notNull(),
    createdAt: time('created_at').notNull(),
    /** A person's id, or `machine`. */
    createdBy: text('created_by').notNull(),
    updatedAt: time('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
  },
  (table) => [
    index().on(table.projectId, table.updatedAt, table.id),
    index().on(table.organizationId),
    check('playground_session_kind', sql`${table.kind} in ('chat', 'completion', 'embeddings', 'tokens')`),
    check('playground_session_visibility', sql`${table.visibility} in ('private', 'project')`),
  ],
)
