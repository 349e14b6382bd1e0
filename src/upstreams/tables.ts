import { sql } from 'drizzle-orm'
import { boolean, check, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { NetworkReach } from '../platform/network-reach.ts'
import type { AuthKind } from './credential.ts'
import type { DiscoveredModel } from './model-list.ts'
import type { PublishedModel } from './published-models.ts'
import type { UpstreamKind } from './upstream-kinds.ts'

const time = (name: string) => timestamp(name, { withTimezone: true })

export const upstreamEndpoint = pgTable(
  'upstream_endpoint',
  {
    id: text().primaryKey(),
    /** The first part of its models' names. */
    name: text().notNull().unique(),
    kind: text().$type<UpstreamKind>().notNull(),
    /** Without `/v1` and without a slash at its end. */
    baseUrl: text('base_url').notNull(),
    network: text().$type<NetworkReach>().notNull(),
    authKind: text('auth_kind').$type<AuthKind>().notNull(),
    /** Of a header that the operator named, in small letters. */
    authHeader: text('auth_header'),
    /** Under a key that is not in the database; see `platform/sealed-text.ts`. */
    secretSealed: text('secret_sealed'),
    /** Null also for a secret too short to show any of it. */
    secretLast4: text('secret_last4'),
    enabled: boolean().notNull(),
    /** What the operator chose to publish; null = all that it lists. */
    published: jsonb().$type<PublishedModel[]>(),
    /** What it listed last, so that a start while it is away has its models. */
    discovered: jsonb().$type<DiscoveredModel[]>().notNull(),
    createdAt: time('created_at').notNull(),
    /** A person's id, or `machine`. */
    createdBy: text('created_by').notNull(),
    updatedAt: time('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
  },
  (table) => [
    check('upstream_endpoint_network', sql`${table.network} in ('public', 'private')`),
    check('upstream_endpoint_auth', sql`(${table.authKind} = 'none') = (${table.secretSealed} is null)`),
    check('upstream_endpoint_header', sql`(${table.authKind} = 'header') = (${table.authHeader} is not null)`),
  ],
)

export type UpstreamRow = typeof upstreamEndpoint.$inferSelect
