/**
 * How a restore changes the database: by a plan on the disk that the next control carries out before it opens anything.
 * So the swap happens under the lock of the database, in one place, also when somebody pulls the plug in the middle.
 *
 *     restore/plan.json    what is to be done, or how the last one ended
 *     restore/database/    the backup, unpacked and tried
 *     restore/replaced/    the database as it was, until the restored one serves
 *
 *     checking ─► saving ─► swapping ─► opening ─► done          failed: from `checking` and `saving` at once,
 *     └── this control ──┘  └─────── the next one ──────┘        from `opening` by `undoing`
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Asker } from './backup-files.ts'

export const RESTORE_STATES = ['checking', 'saving', 'swapping', 'opening', 'undoing', 'done', 'failed'] as const
export type RestoreState = (typeof RESTORE_STATES)[number]

export type RestorePlan = {
  state: RestoreState
  /** Its id. */
  backup: string
  /** When the data was as it will be. */
  backupMadeAt: string
  by: Asker
  actor: { kind: 'person' | 'key' | 'machine'; id: string }
  address: string | null
  startedAt: string
  endedAt: string | null
  /** Id of the backup that holds what was replaced; null until it is written. */
  safetyCopy: string | null
  error: { code: string; message: string } | null
}

export type RestorePlaces = { plan: string; unpacked: string; replaced: string; database: string; folder: string }

export function restorePlacesIn(folder: { root: string; database: string }): RestorePlaces {
  const restore = join(folder.root, 'restore')
  return {
    folder: restore,
    plan: join(restore, 'plan.json'),
    unpacked: join(restore, 'database'),
    replaced: join(restore, 'replaced'),
    database: folder.database,
  }
}

/** @returns null where there never was a restore, or the file is none of ours */
export function readPlan(places: RestorePlaces): RestorePlan | null {
  try {
    const plan = JSON.parse(readFileSync(places.plan, 'utf8')) as RestorePlan
    return RESTORE_STATES.includes(plan.state) ? plan : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null
    throw error
  }
}

/** Whole or not at all, and on the disk when it returns: what follows relies on it. */
export function writePlan(places: RestorePlaces, plan: RestorePlan): void {
  mkdirSync(places.folder, { recursive: true, mode: 0o700 })
  const part = `${places.plan}.part`
  const file = openSync(part, 'w', 0o600)
  try {
    writeSync(file, JSON.stringify(plan))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(part, places.plan)
}

/** Makes the folder of restores empty but for the plan. */
export function clearRestore(places: RestorePlaces): void {
  mkdirSync(places.folder, { recursive: true, mode: 0o700 })
  for (const path of [places.unpacked, places.replaced]) rmSync(path, { recursive: true, force: true })
}

/**
 * Carries out what a plan says, from wherever an earlier try was ended. Call it under the lock of the database and before
 * it is opened. @returns whether a restored database is now to be opened for the first time
 */
export function carryOutPlan(places: RestorePlaces, now: Date): boolean {
  const plan = readPlan(places)
  if (plan?.state === 'undoing') putBack(places, plan, now)
  if (plan?.state !== 'swapping') return plan?.state === 'opening'
  if (existsSync(places.unpacked)) {
    if (existsSync(places.database)) renameSync(places.database, places.replaced)
    renameSync(places.unpacked, places.database)
  }
  writePlan(places, { ...plan, state: 'opening' })
  return true
}

/** Puts the replaced database back, since the restored one does not open. */
export function undoSwap(places: RestorePlaces, error: { code: string; message: string }, now: Date): void {
  const plan = readPlan(places)
  if (plan === null || !existsSync(places.replaced)) throw new Error('There is no replaced database to put back.')
  const undoing: RestorePlan = { ...plan, state: 'undoing', error }
  writePlan(places, undoing)
  putBack(places, undoing, now)
}

function putBack(places: RestorePlaces, plan: RestorePlan, now: Date): void {
  if (existsSync(places.replaced)) {
    rmSync(places.unpacked, { recursive: true, force: true })
    if (existsSync(places.database)) renameSync(places.database, places.unpacked)
    renameSync(places.replaced, places.database)
  }
  writePlan(places, { ...plan, state: 'failed', endedAt: now.toISOString() })
}
