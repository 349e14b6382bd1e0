/**
 * What things are called, for houses that know them by their ids. Who may see the name is theirs to decide: they name
 * only what belongs to rows that they show.
 */
import { eq, inArray } from 'drizzle-orm'
import type { Db, Tx } from '../platform/database/database.ts'
import { apiKey, authUser, type KeyKind, project, serviceAccount } from './tables.ts'

export type KeyFacts = {
  keyId: string
  name: string
  kind: KeyKind
  projectId: string
  projectName: string
  /** A person's id, a service account's, or `machine`. */
  ownerId: string
  ownerName: string
}

export type Name = { name: string; email: string }

/** Names and addresses of those of these people who are here, by id. */
export async function namesOf(db: Db | Tx, userIds: readonly string[]): Promise<ReadonlyMap<string, Name>> {
  if (userIds.length === 0) return new Map()
  // select id, name, email from auth_user where id in (…)
  const rows = await db
    .select({ id: authUser.id, name: authUser.name, email: authUser.email })
    .from(authUser)
    .where(inArray(authUser.id, [...new Set(userIds)]))
  return new Map(rows.map(({ id, name, email }) => [id, { name, email }]))
}

export type Names = ReturnType<typeof createNames>

export function createNames({ db }: { db: Db }) {
  return {
    /** Of each of these people who is here, by id. */
    async people(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
      const people = await namesOf(db, userIds)
      return new Map([...people].map(([id, { name }]) => [id, name]))
    },

    /** Of each of these keys that exists, live or revoked: its name, its project and whose it is. */
    async keys(keyIds: readonly string[]): Promise<KeyFacts[]> {
      if (keyIds.length === 0) return []
      // select … from api_key join project … left join service_account … left join auth_user … where api_key.id in (…)
      const rows = await db
        .select({
          keyId: apiKey.id,
          name: apiKey.name,
          kind: apiKey.kind,
          projectId: apiKey.projectId,
          projectName: project.name,
          createdBy: apiKey.createdBy,
          serviceAccountId: serviceAccount.id,
          serviceAccountName: serviceAccount.name,
          personName: authUser.name,
        })
        .from(apiKey)
        .innerJoin(project, eq(project.id, apiKey.projectId))
        .leftJoin(serviceAccount, eq(serviceAccount.id, apiKey.serviceAccountId))
        .leftJoin(authUser, eq(authUser.id, apiKey.createdBy))
        .where(inArray(apiKey.id, [...keyIds]))
      return rows.map(({ createdBy, serviceAccountId, serviceAccountName, personName, ...row }) => ({
        ...row,
        ownerId: serviceAccountId ?? createdBy,
        ownerName: serviceAccountName ?? personName ?? (createdBy === 'machine' ? 'Command line' : createdBy),
      }))
    },
  }
}
