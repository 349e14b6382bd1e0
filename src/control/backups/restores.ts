/** Puts a backup in the place of the present data; `restore-plan.ts` is what outlives this process. */
import { rm } from 'node:fs/promises'
import type { Identity } from '../../identity/identity.ts'
import type { Caller } from '../../identity/rules.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Log } from '../../platform/log.ts'
import { errorOf, type Step } from './activity.ts'
import type { Asker, BackupFile, BackupFiles, Origin } from './backup-files.ts'
import { BackupCheckEnded, BackupForeign } from './errors.ts'
import { clearRestore, type RestorePlaces, type RestorePlan, readPlan, writePlan } from './restore-plan.ts'
import type { SoundArchive } from './run-check.ts'

export type RestoresDeps = {
  database: Database
  audit: Identity['audit']
  files: BackupFiles
  places: RestorePlaces
  restart: (whileClosed: () => Promise<void>) => void
  check: (archive: string, into: string, step: Step) => Promise<SoundArchive>
  backUp: (origin: Origin, by: Asker | null) => Promise<BackupFile>
  clock: Clock
  log: Log
}

export function createRestores({ database, audit, places, restart, check, backUp, clock, log }: RestoresDeps) {
  const now = () => new Date(clock.nowMs())

  return {
    /**
     * Tries the backup and has control started again on it. Does not return when all goes well: this control ends.
     * @throws as the check of a backup does, and then nothing has changed
     */
    async begin(caller: Caller, by: Asker, file: BackupFile, step: Step): Promise<void> {
      const { actor, address } = audit.by(caller)
      let plan: RestorePlan = {
        state: 'checking',
        backup: file.id,
        backupMadeAt: file.madeAt.toISOString(),
        by,
        actor,
        address,
        startedAt: now().toISOString(),
        endedAt: null,
        safetyCopy: null,
        error: null,
      }
      const go = (change: Partial<RestorePlan>) => {
        plan = { ...plan, ...change }
        writePlan(places, plan)
      }
      const fail = async (error: unknown) => {
        clearRestore(places)
        go({ state: 'failed', endedAt: now().toISOString(), error: errorOf(error) })
      }

      clearRestore(places)
      go({})
      try {
        const { operators } = await check(file.path, places.unpacked, step)
        if (operators === 0)
          throw new BackupForeign({ reason: 'it is from before the set-up, so nobody could sign in afterwards' })
        await audit.note(caller, { action: 'backup.restore_begun', target: file.id })
        step({ phase: 'saving' })
        go({ state: 'saving' })
      } catch (error) {
        await fail(error)
        throw error
      }

      return new Promise((_, reject) => {
        restart(async () => {
          try {
            const { id } = await backUp('before_restore', by)
            go({ state: 'swapping', safetyCopy: id })
            step({ phase: 'restarting', safetyCopy: id })
          } catch (error) {
            log.error({ err: error }, 'the present data could not be saved, so the backup is not restored')
            await fail(error)
            reject(error)
          }
        })
      })
    },

    /** At a start: what an earlier control could not end has failed, and what the last one began is told in the trail. */
    async settle(): Promise<void> {
      const plan = readPlan(places)
      if (plan === null) return
      if (plan.state === 'checking' || plan.state === 'saving') {
        const error = errorOf(new BackupCheckEnded({ reason: 'control ended in the middle of it' }))
        writePlan(places, { ...plan, state: 'failed', endedAt: now().toISOString(), error })
      }
      if (plan.state === 'opening') {
        await database.db.transaction((tx) =>
          audit.record(tx, {
            actor: plan.actor,
            address: plan.address,
            action: 'backup.restored',
            target: plan.backup,
            organizationId: null,
            after: { backupMadeAt: plan.backupMadeAt, by: plan.by, safetyCopy: plan.safetyCopy },
          }),
        )
        writePlan(places, { ...plan, state: 'done', endedAt: now().toISOString() })
        log.info({ backup: plan.backup, safetyCopy: plan.safetyCopy }, 'a backup was restored')
      }
      for (const path of [places.unpacked, places.replaced]) await rm(path, { recursive: true, force: true })
    },
  }
}
