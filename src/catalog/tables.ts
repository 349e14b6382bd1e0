import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type { ModelFacts, Precision } from './model-family.ts'
import type { PullState } from './pull-state.ts'
import type { Place } from './source.ts'

const time = (name: string) => timestamp(name, { withTimezone: true })

/**
 * Weights on this machine's disk, one row a model; two models may share the bytes of one file. The path is not kept:
 * it is `<weights>/<sha256>.gguf`, so that the data folder can move.
 */
export const catalogArtefact = pgTable(
  'catalog_artefact',
  {
    id: text().primaryKey(),
    model: text().notNull().unique(),
    sha256: text().notNull(),
    kind: text().$type<'gguf'>().notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
    precision: text().$type<Precision>().notNull(),
    fileName: text('file_name').notNull(),
    place: jsonb().$type<Place>().notNull(),
    /** Commit or package version that the bytes came from. */
    revision: text(),
    /** False: the source publishes no hash, and only the form was checked. */
    hashWasPromised: boolean('hash_was_promised').notNull(),
    /** Facts read from the file's header, for models that the catalogue does not know. */
    facts: jsonb().$type<ModelFacts>(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [index().on(table.sha256)],
)

export type ArtefactRow = typeof catalogArtefact.$inferSelect

/** One wish to have weights here, with how far it is and how it ended. Kept for ever: it says who accepted a licence. */
export const catalogPull = pgTable(
  'catalog_pull',
  {
    id: text().primaryKey(),
    model: text().notNull(),
    precision: text().$type<Precision>().notNull(),
    place: jsonb().$type<Place>().notNull(),
    /** What the catalogue promises about the bytes. */
    promisedSha256: text('promised_sha256'),
    facts: jsonb().$type<ModelFacts>(),
    state: text().$type<PullState>().notNull(),
    bytesDone: bigint('bytes_done', { mode: 'number' }).notNull().default(0),
    /** 0 until the source has said. */
    bytesTotal: bigint('bytes_total', { mode: 'number' }).notNull().default(0),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    licenceId: text('licence_id').notNull(),
    licenceAcceptedBy: text('licence_accepted_by'),
    licenceAcceptedAt: time('licence_accepted_at'),
    startedBy: text('started_by').notNull(),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (table) => [
    index().on(table.createdAt),
    // Two people who pull the same model at once get one pull.
    uniqueIndex('catalog_pull_one_open_per_model')
      .on(table.model)
      .where(sql`${table.state} in ('queued', 'running', 'paused')`),
  ],
)

export type PullRow = typeof catalogPull.$inferSelect

/** The hub's token as an operator gave it: a single row, so that two who set it at once leave one. */
export const catalogHubToken = pgTable(
  'catalog_hub_token',
  {
    id: integer().primaryKey(),
    /** Under a key that is not in the database; see `platform/sealed-text.ts`. */
    sealed: text().notNull(),
    last4: text().notNull(),
    /** A person's id, or `machine`. */
    setBy: text('set_by').notNull(),
    setAt: time('set_at').notNull(),
  },
  (table) => [check('catalog_hub_token_single', sql`${table.id} = 1`)],
)
