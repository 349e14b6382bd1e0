/** What is being done with backups: one thing at a time, so that two do not want the disk, or the database, at once. */
import type { Clock } from '../../platform/clock.ts'
import { AppError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { BackupBusy } from './errors.ts'
import type { RestorePlan } from './restore-plan.ts'

export const ACTIVITY_KINDS = ['create', 'check', 'upload', 'restore'] as const
export const ACTIVITY_PHASES = ['copying', 'receiving', 'unpacking', 'opening', 'saving', 'restarting'] as const

export type Activity = {
  kind: (typeof ACTIVITY_KINDS)[number]
  state: 'running' | 'done' | 'failed'
  /** Null when it is over. */
  phase: (typeof ACTIVITY_PHASES)[number] | null
  /** Id of the backup; null until it has one. */
  backup: string | null
  /** Of the archive, while it is received or unpacked. */
  bytesDone: number
  bytesTotal: number | null
  startedAt: Date
  endedAt: Date | null
  error: { code: string; message: string } | null
  /** Of a restore: id of the backup that holds what was replaced. */
  safetyCopy: string | null
}

export type Step = (
  change: Partial<Pick<Activity, 'phase' | 'backup' | 'bytesDone' | 'bytesTotal' | 'safetyCopy'>>,
) => void

export function createActivities({ clock, log }: { clock: Clock; log: Log }) {
  let current: Activity | null = null

  return {
    current: (): Activity | null => current,
    isBusy: (): boolean => current?.state === 'running',

    /** Takes up a restore, which is the only thing that outlives a process. */
    remember(plan: RestorePlan): void {
      current = activityOf(plan)
    },

    /**
     * Does one thing; what it throws is in `current().error` as well.
     * @throws BackupBusy at once, where something else is being done
     */
    run<Result>(
      kind: Activity['kind'],
      first: Pick<Activity, 'phase'> & Partial<Activity>,
      work: (step: Step) => Promise<Result>,
    ): Promise<Result> {
      if (current?.state === 'running')
        throw new BackupBusy({ kind: current.kind, sinceMs: clock.nowMs() - current.startedAt.getTime() })
      const mine: Activity = {
        kind,
        state: 'running',
        backup: null,
        bytesDone: 0,
        bytesTotal: null,
        startedAt: new Date(clock.nowMs()),
        endedAt: null,
        error: null,
        safetyCopy: null,
        ...first,
      }
      current = mine
      const end = (change: Partial<Activity>) =>
        Object.assign(mine, { phase: null, endedAt: new Date(clock.nowMs()) }, change)
      return work((change) => Object.assign(mine, change)).then(
        (result) => {
          end({ state: 'done' })
          return result
        },
        (error: unknown) => {
          end({ state: 'failed', error: errorOf(error) })
          if (!(error instanceof AppError)) log.error({ err: error, kind }, 'something with backups failed')
          throw error
        },
      )
    },
  }
}

export type Activities = ReturnType<typeof createActivities>

export function errorOf(error: unknown): { code: string; message: string } {
  return error instanceof AppError
    ? { code: error.code, message: error.message }
    : { code: 'internal', message: 'Something went wrong here. The log has it.' }
}

function activityOf(plan: RestorePlan): Activity {
  return {
    kind: 'restore',
    state: plan.state === 'done' ? 'done' : plan.state === 'failed' ? 'failed' : 'running',
    phase: plan.state === 'done' || plan.state === 'failed' ? null : 'restarting',
    backup: plan.backup,
    bytesDone: 0,
    bytesTotal: null,
    startedAt: new Date(plan.startedAt),
    endedAt: plan.endedAt === null ? null : new Date(plan.endedAt),
    error: plan.error,
    safetyCopy: plan.safetyCopy,
  }
}
