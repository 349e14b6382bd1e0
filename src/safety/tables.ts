import { jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { SafetyPolicy } from './policy.ts'

/** What a project wants looked for; a project without a row wants nothing. */
export const safetyPolicy = pgTable('safety_policy', {
  projectId: text('project_id').primaryKey(),
  organizationId: text('organization_id').notNull(),
  policy: jsonb().$type<SafetyPolicy>().notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull(),
  /** A person's id, or `machine`. */
  updatedBy: text('updated_by').notNull(),
})
