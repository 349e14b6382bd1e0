import { inArray } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import { namesOf } from './names.ts'
import { apiKey, organization, project, serviceAccount } from './tables.ts'

/** What people call something. `email` for persons alone. */
export type ThingName = { name: string; email: string | null }

const NAMED = { org: organization, proj: project, key: apiKey, sa: serviceAccount } as const

/** Names of what ids stand for, whatever of identity it is, in one query for each kind. What is gone has none. */
export async function thingNames(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, ThingName>> {
  const wanted = (prefix: string) => [...new Set(ids.filter((id) => id.startsWith(`${prefix}_`)))]
  const names = new Map<string, ThingName>(await namesOf(db, wanted('usr')))
  for (const [prefix, table] of Object.entries(NAMED)) {
    const those = wanted(prefix)
    if (those.length === 0) continue
    const rows = await db.select({ id: table.id, name: table.name }).from(table).where(inArray(table.id, those))
    for (const { id, name } of rows) names.set(id, { name, email: null })
  }
  return names
}
