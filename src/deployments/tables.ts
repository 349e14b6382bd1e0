import { bigint, boolean, doublePrecision, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/** The wish that a model be served, and what its last load took, so that a restart need not measure again. */
export const deployment = pgTable('deployment', {
  id: text().primaryKey(),
  /** What a client names; one deployment a model. */
  model: text().notNull().unique(),
  /** Whether it should be running after a restart. One that was evicted for another is not, but is loaded when asked for. */
  loaded: boolean().notNull(),
  /** Wishes of the operator; null = chosen by what fits. */
  contextTokensWish: integer('context_tokens_wish'),
  sequencesWish: integer('sequences_wish'),
  /** The plan of the last load, for the weights of this hash. */
  planSha256: text('plan_sha256'),
  planContextTokens: integer('plan_context_tokens'),
  planSequences: integer('plan_sequences'),
  planWeightsBytes: bigint('plan_weights_bytes', { mode: 'number' }),
  planContextBytes: bigint('plan_context_bytes', { mode: 'number' }),
  planMemoryBytes: bigint('plan_memory_bytes', { mode: 'number' }),
  /** Best speed of one stream that was measured lately with the weights of that hash; tokens a second. */
  speedTokensPerSecond: doublePrecision('speed_tokens_per_second'),
  speedSha256: text('speed_sha256'),
  speedAt: timestamp('speed_at', { withTimezone: true }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
  lastUsedAt: timestamp('last_used_at', { withTimezone: true }).notNull(),
})

/** LoRA weights that are served beside their base model, under a name of their own. */
export const deploymentAdapter = pgTable('deployment_adapter', {
  /** What a client names in `model`. */
  name: text().primaryKey(),
  baseModel: text('base_model').notNull(),
  path: text().notNull(),
  sha256: text().notNull(),
  scale: doublePrecision().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
})
