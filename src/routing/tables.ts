import { boolean, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { AliasRules } from './alias.ts'

const time = (name: string) => timestamp(name, { withTimezone: true })

/** A name that leads to several models; see alias.ts. */
export const routeAlias = pgTable('route_alias', {
  name: text().primaryKey(),
  tiers: jsonb().$type<AliasRules['tiers']>().notNull(),
  retries: integer().notNull(),
  firstTokenMs: integer('first_token_ms'),
  silenceMs: integer('silence_ms'),
  shadow: jsonb().$type<NonNullable<AliasRules['shadow']>>(),
  enabled: boolean().notNull(),
  createdAt: time('created_at').notNull(),
  updatedAt: time('updated_at').notNull(),
  /** A person's id, or `machine`. */
  updatedBy: text('updated_by').notNull(),
})

/** Models that get no new request. */
export const drainedModel = pgTable('drained_model', {
  model: text().primaryKey(),
  since: time('since').notNull(),
  by: text().notNull(),
})
