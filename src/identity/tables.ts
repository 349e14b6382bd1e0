/**
 * Who is who, and who did what. The five `auth_` tables have the shape that Better Auth describes for itself
 * (`getAuthTables` of better-auth/db; identity.test.ts holds the two equal); it reads and writes them. The rest is ours.
 */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import type { InstallationRole, KeyScope, OrganizationRole, ProjectRole } from './rules.ts'

/** `api`: made by a person for programs. `console`: made by the playground for one session. */
export type KeyKind = 'api' | 'console'

const time = (name: string) => timestamp(name, { withTimezone: true })

/** How much may be asked of models by one key, or by all keys of a project or an organisation; null = no limit of its own. */
const rateLimits = () => ({
  requestsPerMinute: integer('requests_per_minute'),
  tokensPerMinute: integer('tokens_per_minute'),
  concurrency: integer(),
})

export const authUser = pgTable('auth_user', {
  id: text().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text(),
  createdAt: time('created_at').notNull().defaultNow(),
  updatedAt: time('updated_at').notNull().defaultNow(),
})

export const authSession = pgTable(
  'auth_session',
  {
    id: text().primaryKey(),
    expiresAt: time('expires_at').notNull(),
    token: text().notNull().unique(),
    createdAt: time('created_at').notNull().defaultNow(),
    updatedAt: time('updated_at').notNull().defaultNow(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
  },
  (table) => [index().on(table.userId)],
)

export const authAccount = pgTable(
  'auth_account',
  {
    id: text().primaryKey(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: time('access_token_expires_at'),
    refreshTokenExpiresAt: time('refresh_token_expires_at'),
    scope: text(),
    password: text(),
    createdAt: time('created_at').notNull().defaultNow(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (table) => [index().on(table.userId)],
)

export const authVerification = pgTable(
  'auth_verification',
  {
    id: text().primaryKey(),
    identifier: text().notNull(),
    value: text().notNull(),
    expiresAt: time('expires_at').notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (table) => [index().on(table.identifier)],
)

export const authPasskey = pgTable(
  'auth_passkey',
  {
    id: text().primaryKey(),
    name: text(),
    publicKey: text('public_key').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
    /** Unique, so that no passkey can ever mean two people. */
    credentialID: text('credential_id').notNull().unique(),
    counter: bigint({ mode: 'number' }).notNull(),
    deviceType: text('device_type').notNull(),
    backedUp: boolean('backed_up').notNull(),
    transports: text(),
    createdAt: time('created_at'),
    aaguid: text(),
  },
  (table) => [index().on(table.userId)],
)

/** A link that lets a person set a new password, or proves that a new e-mail address is his. */
export const personLink = pgTable(
  'person_link',
  {
    /** Hex SHA-256 of the token in the link. The token itself is kept nowhere. */
    sha256: text().primaryKey(),
    kind: text().$type<'password-reset' | 'email-change'>().notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
    /** Where it was mailed, which using it proves to be the person's; null = it was shown to whoever made it. */
    mailedTo: text('mailed_to'),
    /** Of a link that was shown: who made it, a person's id or `machine`; his right to is asked again when it is used. */
    madeBy: text('made_by'),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    usedAt: time('used_at'),
  },
  (table) => [
    index().on(table.userId),
    check('person_link_kind', sql`${table.kind} in ('password-reset', 'email-change')`),
    check('person_link_email_change', sql`${table.kind} <> 'email-change' or ${table.mailedTo} is not null`),
  ],
)

/** The payer. */
export const organization = pgTable('organization', {
  id: text().primaryKey(),
  name: text().notNull(),
  createdAt: time('created_at').notNull(),
  ...rateLimits(),
})

/** A folder of keys, models and data within an organisation. */
export const project = pgTable(
  'project',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    /** Whether prompts of this project may reach a disk. */
    contentOnDisk: boolean('content_on_disk').notNull().default(false),
    /** Whether what its requests and answers say is kept. Wants `contentOnDisk`. */
    contentLogging: boolean('content_logging').notNull().default(false),
    /** For how long, in days. */
    contentRetentionDays: integer('content_retention_days').notNull().default(30),
    /** Whether the address that a request came from is kept with it. */
    contentClientAddress: boolean('content_client_address').notNull().default(false),
    /** Random; engines share cached prefixes only within one salt. */
    salt: text().notNull(),
    createdAt: time('created_at').notNull(),
    ...rateLimits(),
  },
  (table) => [
    index().on(table.organizationId),
    check('project_content_logging', sql`not ${table.contentLogging} or ${table.contentOnDisk}`),
    check('project_content_retention_days', sql`${table.contentRetentionDays} between 1 and 365`),
  ],
)

export const member = pgTable(
  'member',
  {
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    role: text().$type<OrganizationRole>().notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.organizationId] }),
    index().on(table.organizationId),
    check('member_role', sql`${table.role} in ('owner', 'admin', 'developer', 'viewer')`),
  ],
)

/**
 * What somebody may do in one project, where that differs from the organisation, or where that is all that he has there.
 * Never an owner's: an owner is an owner everywhere.
 */
export const projectMember = pgTable(
  'project_member',
  {
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
    projectId: text('project_id')
      .notNull()
      .references(() => project.id, { onDelete: 'cascade' }),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    role: text().$type<ProjectRole>().notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.projectId] }),
    index().on(table.projectId),
    index().on(table.organizationId),
    check('project_member_role', sql`${table.role} in ('admin', 'developer', 'viewer')`),
  ],
)

/** Owns keys in the place of a person, so that people can leave. */
export const serviceAccount = pgTable(
  'service_account',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    /** Null = its keys may be of any project of the organisation. */
    projectId: text('project_id').references(() => project.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    createdAt: time('created_at').notNull(),
    /** A person's id, or `machine`. */
    createdBy: text('created_by').notNull(),
    /** The row stays, so that its revoked keys keep the name of their owner. */
    deletedAt: time('deleted_at'),
  },
  (table) => [index().on(table.organizationId, table.id), index().on(table.projectId)],
)

/** A link by which somebody joins an organisation, or one project of it. */
export const invitation = pgTable(
  'invitation',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    /** Null = the role is one of the whole organisation. */
    projectId: text('project_id').references(() => project.id, { onDelete: 'cascade' }),
    email: text().notNull(),
    role: text().$type<OrganizationRole>().notNull(),
    /** Hex SHA-256 of the token in the link. The token itself is kept nowhere. */
    sha256: text().notNull().unique(),
    createdAt: time('created_at').notNull(),
    /** A person's id, or `machine`. */
    createdBy: text('created_by').notNull(),
    expiresAt: time('expires_at').notNull(),
    acceptedAt: time('accepted_at'),
    acceptedBy: text('accepted_by'),
    revokedAt: time('revoked_at'),
  },
  (table) => [
    index().on(table.organizationId, table.id),
    index().on(table.projectId),
    check('invitation_role', sql`${table.role} in ('owner', 'admin', 'developer', 'viewer')`),
    check('invitation_project_role', sql`${table.projectId} is null or ${table.role} <> 'owner'`),
  ],
)

export const installationRole = pgTable(
  'installation_role',
  {
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
    role: text().$type<InstallationRole>().notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.role] })],
)

export const apiKey = pgTable(
  'api_key',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    projectId: text('project_id')
      .notNull()
      .references(() => project.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    /** Hex SHA-256 of the whole secret. The secret itself is kept nowhere. */
    sha256: text().notNull().unique(),
    /** What a person recognises it by: its first and last characters. */
    prefix: text().notNull(),
    last4: text().notNull(),
    scopes: jsonb().$type<KeyScope[]>().notNull(),
    /** Models it may name; null = all. */
    models: jsonb().$type<string[]>(),
    /** Addresses and ranges that it may come from, canonical; null = all. */
    ips: jsonb().$type<string[]>(),
    /** `console`: made for a person's browser by the playground; ends with the session. */
    kind: text().$type<KeyKind>().notNull().default('api'),
    /** Of a console key: the session that it ends with. Null once that is gone, and for every other key. */
    sessionId: text('session_id').references(() => authSession.id, { onDelete: 'set null' }),
    /** Random; engines give turns fairly between shares. */
    share: text().notNull(),
    createdAt: time('created_at').notNull(),
    /** A person's id, or `machine` for the command line on this machine. */
    createdBy: text('created_by').notNull(),
    /** Who owns it, where that is a service account; null = it belongs to `createdBy` and goes when that person does. */
    serviceAccountId: text('service_account_id').references(() => serviceAccount.id, { onDelete: 'cascade' }),
    expiresAt: time('expires_at'),
    revokedAt: time('revoked_at'),
    /** At once for the first use, then up to ten seconds behind. */
    lastUsedAt: time('last_used_at'),
    ...rateLimits(),
  },
  (table) => [
    index().on(table.organizationId, table.id),
    index().on(table.projectId, table.id),
    index().on(table.serviceAccountId),
    index().on(table.sessionId),
    check('api_key_kind', sql`${table.kind} in ('api', 'console')`),
  ],
)

/** Secrets that a key had before. One that has ended stays for a while, so that a leaked one is still recognised. */
export const apiKeyOldSecret = pgTable(
  'api_key_old_secret',
  {
    /** Hex SHA-256 of the whole secret. */
    sha256: text().primaryKey(),
    keyId: text('key_id')
      .notNull()
      .references(() => apiKey.id, { onDelete: 'cascade' }),
    prefix: text().notNull(),
    last4: text().notNull(),
    replacedAt: time('replaced_at').notNull(),
    /** It works until then, if the key does. */
    endsAt: time('ends_at').notNull(),
    /** Since it was replaced; null = not used since. */
    lastUsedAt: time('last_used_at'),
  },
  (table) => [index().on(table.keyId)],
)

/** Days (UTC) on which the trail already says that somebody used the playground: unique, so that it says so once. */
export const consoleKeyDay = pgTable(
  'console_key_day',
  {
    userId: text('user_id')
      .notNull()
      .references(() => authUser.id, { onDelete: 'cascade' }),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.id, { onDelete: 'cascade' }),
    /** Such as `2027-01-31`. */
    day: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.organizationId, table.day] })],
)

/** The one link that makes the first owner: a single row, so that there is never a second link to race with. */
export const setupLink = pgTable(
  'setup_link',
  {
    id: integer().primaryKey(),
    sha256: text().notNull(),
    expiresAt: time('expires_at').notNull(),
    usedAt: time('used_at'),
  },
  (table) => [check('setup_link_single', sql`${table.id} = 1`)],
)

/** Every change, chained: each event's hash covers the hash before it. */
export const auditEvent = pgTable(
  'audit_event',
  {
    id: text().primaryKey(),
    /** 1, 2, 3 … without gaps. */
    sequence: bigint({ mode: 'number' }).notNull().unique(),
    at: time('at').notNull(),
    /** Whose trail it belongs to; null = the installation's. No reference: the trail outlives what it tells of. */
    organizationId: text('organization_id'),
    actorKind: text('actor_kind').$type<'person' | 'key' | 'machine'>().notNull(),
    actorId: text('actor_id').notNull(),
    action: text().notNull(),
    target: text().notNull(),
    address: text(),
    before: jsonb().$type<Record<string, unknown>>(),
    after: jsonb().$type<Record<string, unknown>>(),
    /** Unique, so that no two events can follow the same one: the chain cannot fork. */
    previousHash: text('previous_hash').notNull().unique(),
    hash: text().notNull().unique(),
  },
  (table) => [
    index().on(table.organizationId, table.sequence),
    index().on(table.actorId, table.sequence),
    index().on(table.target, table.sequence),
  ],
)

/** Where the chain ends: the row that an event must lock and move to be appended. */
export const auditHead = pgTable(
  'audit_head',
  {
    id: integer().primaryKey(),
    sequence: bigint({ mode: 'number' }).notNull(),
    hash: text().notNull(),
  },
  (table) => [check('audit_head_single', sql`${table.id} = 1`)],
)
