/**
 * Whether a project keeps what its requests and answers say, for how long, and what else with it. Off by default; it is a
 * policy of its own beside `contentOnDisk`, since spilled prefixes are for engines and this is for people to read.
 *
 *   operator  contentDaysMax 0  → nobody keeps anything          contentOnDisk off → logging off, in the same change
 *             contentDaysMax n  → nobody keeps it for longer      logging on       → wants contentOnDisk on
 */
import { and, eq, inArray, isNull, or } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import { ContentLoggingForbidden, ContentLoggingNeedsDisk, ContentRetentionTooLong } from './errors.ts'
import { apiKey, project } from './tables.ts'

/** A project's columns of it. */
export type ContentSettings = {
  contentOnDisk: boolean
  contentLogging: boolean
  contentRetentionDays: number
  contentClientAddress: boolean
}

export const CONTENT_COLUMNS = {
  contentOnDisk: project.contentOnDisk,
  contentLogging: project.contentLogging,
  contentRetentionDays: project.contentRetentionDays,
  contentClientAddress: project.contentClientAddress,
}

/** What is in force for a key. */
export type ContentPolicy = { projectId: string; retentionDays: number; address: boolean }

/**
 * What a change makes of a project's settings. Pure.
 * @param daysMax the installation's ceiling; 0 = nothing is kept here
 * @throws ContentLoggingForbidden · ContentLoggingNeedsDisk · ContentRetentionTooLong
 */
export function changedContentSettings(
  before: ContentSettings,
  change: Partial<ContentSettings>,
  daysMax: number,
): ContentSettings {
  const wanted = {
    contentOnDisk: change.contentOnDisk ?? before.contentOnDisk,
    contentRetentionDays: change.contentRetentionDays ?? before.contentRetentionDays,
    contentClientAddress: change.contentClientAddress ?? before.contentClientAddress,
  }
  const contentLogging = change.contentLogging ?? (before.contentLogging && wanted.contentOnDisk)
  if (change.contentLogging === true && daysMax === 0) throw new ContentLoggingForbidden({})
  if (change.contentLogging === true && !wanted.contentOnDisk) throw new ContentLoggingNeedsDisk({})
  if (change.contentRetentionDays !== undefined && daysMax > 0 && change.contentRetentionDays > daysMax)
    throw new ContentRetentionTooLong({ days: change.contentRetentionDays, daysMax })
  // What was chosen before the ceiling was lowered is lowered with it.
  const contentRetentionDays =
    daysMax > 0 ? Math.min(wanted.contentRetentionDays, daysMax) : wanted.contentRetentionDays
  return { ...wanted, contentLogging, contentRetentionDays }
}

/** What gateways are told of a project. Null = nothing is kept. Pure. */
export function contentLoggingOf(settings: ContentSettings, daysMax: number): { address: boolean } | null {
  const isOn = settings.contentLogging && settings.contentOnDisk && daysMax > 0
  return isOn ? { address: settings.contentClientAddress } : null
}

export type ContentPolicies = ReturnType<typeof createContentPolicies>

export function createContentPolicies({ db, daysMax }: { db: Db; daysMax: number }) {
  return {
    /** The installation's ceiling, in days; 0 = nothing is kept here. */
    daysMax,

    /** Those of the projects that are there and let prompts reach a disk. */
    async onDisk(projectIds: readonly string[]): Promise<Set<string>> {
      if (projectIds.length === 0) return new Set()
      const rows = await db
        .select({ id: project.id })
        .from(project)
        .where(and(inArray(project.id, [...projectIds]), eq(project.contentOnDisk, true)))
      return new Set(rows.map(({ id }) => id))
    },

    /**
     * The policies of those of the keys whose content is kept; the content of all others has to go. A revoked key takes
     * its content with it, as it takes its prefixes; one of the playground ends with each session and does not.
     */
    async ofKeys(keyIds: readonly string[]): Promise<Map<string, ContentPolicy>> {
      if (keyIds.length === 0 || daysMax === 0) return new Map()
      // select … from api_key join project on … where api_key.id = any($1) and content_logging and content_on_disk
      //   and (revoked_at is null or kind = 'console')
      const rows = await db
        .select({ keyId: apiKey.id, projectId: project.id, ...CONTENT_COLUMNS })
        .from(apiKey)
        .innerJoin(project, eq(project.id, apiKey.projectId))
        .where(
          and(
            inArray(apiKey.id, [...keyIds]),
            eq(project.contentLogging, true),
            eq(project.contentOnDisk, true),
            or(isNull(apiKey.revokedAt), eq(apiKey.kind, 'console')),
          ),
        )
      return new Map(
        rows.map((row) => [
          row.keyId,
          {
            projectId: row.projectId,
            retentionDays: Math.min(row.contentRetentionDays, daysMax),
            address: row.contentClientAddress,
          },
        ]),
      )
    },
  }
}
