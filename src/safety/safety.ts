/**
 * The door: what projects want looked for in their requests and answers. Owns the table safety_policy.
 *
 * Only the wishes live here; the gateway's workers look (src/gateway/hooks/), and hear of a change with their snapshot. All
 * policies are in memory too, as control is one process and workers ask for them on every change of anything.
 */
import { isDeepStrictEqual } from 'node:util'
import { eq } from 'drizzle-orm'
import type { Identity } from '../identity/identity.ts'
import { type Caller, may, requireMay } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { checkPolicy } from './check-policy.ts'
import { isInForce, NO_POLICY, type SafetyPolicy } from './policy.ts'
import { safetyPolicy } from './tables.ts'

export type SafetyOfProject = SafetyPolicy & {
  projectId: string
  /** Whether anything is looked for. */
  inForce: boolean
  /** Null = nobody has ever said anything. */
  updatedAt: Date | null
  updatedBy: string | null
  updatedByName: string | null
  /** Whether the caller may change it. */
  mayChange: boolean
}

export type SafetyDeps = {
  db: Db
  clock: Clock
  audit: Identity['audit']
  organizations: Pick<Identity['organizations'], 'project'>
  /** Names of people, by id. */
  personNames: (ids: string[]) => Promise<ReadonlyMap<string, string>>
}

export type Safety = Awaited<ReturnType<typeof openSafety>>

export async function openSafety({ db, clock, audit, organizations, personNames }: SafetyDeps) {
  // select * from safety_policy
  const rows = new Map((await db.select().from(safetyPolicy)).map((row) => [row.projectId, row]))
  const listeners: (() => Promise<unknown>)[] = []

  async function of(caller: Caller, projectId: string): Promise<SafetyOfProject> {
    const { organizationId } = await organizations.project(caller, projectId)
    const row = rows.get(projectId) ?? null
    const names = row === null ? null : await personNames([row.updatedBy])
    const policy = row?.policy ?? NO_POLICY
    return {
      ...policy,
      projectId,
      inForce: isInForce(policy),
      updatedAt: row?.updatedAt ?? null,
      updatedBy: row?.updatedBy ?? null,
      updatedByName: row === null ? null : (names?.get(row.updatedBy) ?? null),
      mayChange: may(caller, 'project.update', { organizationId, projectId }),
    }
  }

  return {
    /** Of a project that is his to see. @throws ProjectUnknown */
    of,

    /**
     * Puts a policy in the place of the one before. In force in every gateway worker when this resolves.
     * @throws ProjectUnknown · Forbidden · PatternRefused · RuleNameTwice · RulesTooLarge · GuardNotNamed · ModeratorNotChosen
     */
    async change(caller: Caller, projectId: string, policy: SafetyPolicy): Promise<SafetyOfProject> {
      const { organizationId } = await organizations.project(caller, projectId)
      requireMay(caller, 'project.update', { organizationId, projectId })
      checkPolicy(policy)
      const actor = audit.by(caller)
      const row = {
        projectId,
        organizationId,
        policy,
        updatedAt: new Date(clock.nowMs()),
        updatedBy: caller.kind === 'person' ? caller.userId : 'machine',
      }
      const changed = await db.transaction(async (tx) => {
        const [stored] = await tx.select().from(safetyPolicy).where(eq(safetyPolicy.projectId, projectId)).for('update')
        const before = stored?.policy ?? NO_POLICY
        if (isDeepStrictEqual(before, policy)) return false
        const { projectId: _, ...set } = row
        await tx.insert(safetyPolicy).values(row).onConflictDoUpdate({ target: safetyPolicy.projectId, set })
        await audit.record(tx, {
          ...actor,
          action: 'project.safety_changed',
          target: projectId,
          organizationId,
          before: { ...before },
          after: { ...policy },
        })
        return true
      })
      if (changed) {
        rows.set(projectId, row)
        await Promise.all(listeners.map((tell) => tell()))
      }
      return of(caller, projectId)
    },

    /** All that is in force, for the gateways' snapshot. */
    inForce: (): { projectId: string; policy: SafetyPolicy }[] =>
      [...rows.values()]
        .filter(({ policy }) => isInForce(policy))
        .map(({ projectId, policy }) => ({ projectId, policy })),

    /** Calls back after each change; the change waits for it. */
    onChanged(listener: () => Promise<unknown>): void {
      listeners.push(listener)
    },

    /** Deletes what a project, or with `projectId` null an organisation, wanted, in the transaction that ends it. */
    async forget(tx: Tx, gone: { organizationId: string; projectId: string | null }): Promise<void> {
      // In memory it stays until the next start: no key is left that it could be for, and were the transaction to fail after
      // all, rules that are gone from memory only would protect nobody.
      await tx
        .delete(safetyPolicy)
        .where(
          gone.projectId === null
            ? eq(safetyPolicy.organizationId, gone.organizationId)
            : eq(safetyPolicy.projectId, gone.projectId),
        )
    },
  }
}
