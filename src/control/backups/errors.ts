import { AppError } from '../../platform/errors.ts'
import type { ArchiveTrouble } from './tar-entries.ts'

export class BackupIsPostgres extends AppError<Record<string, never>> {
  static override code = 'operations.backup_is_postgresql'
  static override status = 409
  static override say = () =>
    'This installation keeps its data in PostgreSQL: back it up with pg_dump and restore it with pg_restore, and copy the weights folder.'
}

export class BackupUnknown extends AppError<{ backup: string }> {
  static override code = 'operations.backup_unknown'
  static override status = 404
  static override say = (d: { backup: string }) => `There is no backup ${d.backup}.`
}

/** One thing at a time is done with backups. */
export class BackupBusy extends AppError<{ kind: string; sinceMs: number }> {
  static override code = 'operations.backup_busy'
  static override status = 409
  static override say = (d: { kind: string; sinceMs: number }) =>
    `Something else is being done with backups (${d.kind}, for ${Math.round(d.sinceMs / 1_000)} s). Wait until it is over.`
}

type Refused = { reason: string }
const refusal = (what: string) => (d: Refused) => `The backup ${what}: ${d.reason}. Nothing was changed.`

/** Cut or changed on its way, or what it holds does not open. */
export class BackupDamaged extends AppError<Refused> {
  static override code = 'operations.backup_damaged'
  static override status = 422
  static override say = refusal('is damaged')
}

/** A tar of something else, or the database of another program. */
export class BackupForeign extends AppError<Refused> {
  static override code = 'operations.backup_foreign'
  static override status = 422
  static override say = refusal('is none of Tradewind')
}

/** Names that lead outside, links, or more than a disk can take. */
export class BackupHostile extends AppError<Refused> {
  static override code = 'operations.backup_hostile'
  static override status = 422
  static override say = refusal('holds what no backup holds')
}

/** Migrations go forward only. */
export class BackupNewer extends AppError<Refused> {
  static override code = 'operations.backup_newer'
  static override status = 422
  static override say = refusal('cannot be used by this version')
}

export class BackupTooLarge extends AppError<{ bytesMax: number }> {
  static override code = 'operations.backup_too_large'
  static override status = 413
  static override say = (d: { bytesMax: number }) => `A backup may be ${d.bytesMax} bytes long, and this one is longer.`
}

export class BackupDiskShort extends AppError<{ neededBytes: number; freeBytes: number }> {
  static override code = 'operations.backup_disk_short'
  static override status = 409
  static override say = (d: { neededBytes: number; freeBytes: number }) =>
    `This needs about ${d.neededBytes} bytes on the disk of the data folder, and ${Math.max(0, Math.floor(d.freeBytes))} can be had.`
}

/** It took too long, or its process was ended from outside: nothing is known about the backup. */
export class BackupCheckEnded extends AppError<{ reason: string }> {
  static override code = 'operations.backup_check_ended'
  static override status = 503
  static override say = (d: { reason: string }) => `The backup could not be checked: ${d.reason}. Nothing was changed.`
}

export function refusalOf(trouble: ArchiveTrouble, reason: string): AppError<Refused> {
  switch (trouble) {
    case 'damaged':
      return new BackupDamaged({ reason })
    case 'foreign':
      return new BackupForeign({ reason })
    case 'hostile':
      return new BackupHostile({ reason })
    case 'newer':
      return new BackupNewer({ reason })
    default:
      return trouble satisfies never
  }
}
