/** Wire shapes of /api/backups. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, PageQuery, Time } from '../../platform/wire-shapes.ts'
import { ACTIVITY_KINDS, ACTIVITY_PHASES, type Activity } from './activity.ts'
import { type BackupFile, ORIGINS } from './backup-files.ts'

const Bytes = (description?: string) => Type.Integer({ minimum: 0, ...(description ? { description } : {}) })

export const NIGHTLY_KEPT_MAX = 365

export const BackupShape = Type.Object(
  {
    id: Type.String({ description: 'Name of its file, without `.tar.gz`.' }),
    bytes: Bytes(),
    made_at: Time,
    database: Type.Literal('embedded', { description: 'Kind of the database that it is a copy of.' }),
    origin: oneOf(ORIGINS, {
      description:
        '`nightly`: by itself. `asked`: by a person or the command line. `before_restore`: what a restore replaced. `unknown`: put there by hand, or by an older version.',
    }),
    by: orNull(
      Type.Object({
        id: Type.String({ description: "A person's id, or `machine`." }),
        name: orNull(Type.String({ description: 'At that time; null for `machine`.' })),
      }),
    ),
    version: orNull(Type.String({ description: 'Of Tradewind; null = unknown, as of what was uploaded.' })),
    check: orNull(
      Type.Object(
        {
          at: Time,
          sound: Type.Boolean({ description: 'Whether it was unpacked, opened, migrated, and read to its end.' }),
          sha256: orNull(Type.String({ description: 'Of the archive; null unless sound.' })),
          unpacked_bytes: orNull(Bytes('Null unless sound.')),
          rows: orNull(Type.Integer({ description: 'In all tables; null unless sound.' })),
          code: orNull(Type.String({ description: 'What is wrong with it; null = nothing.' })),
          message: orNull(Type.String()),
        },
        { description: 'Null = was never checked.' },
      ),
    ),
  },
  { $id: 'Backup' },
)

export const BackupActivityShape = Type.Object(
  {
    kind: oneOf(ACTIVITY_KINDS),
    state: oneOf(['running', 'done', 'failed']),
    phase: orNull(
      oneOf(ACTIVITY_PHASES, {
        description:
          'In this order, as far as they come up; null when it is over. From `saving` on, control does not answer for some seconds.',
      }),
    ),
    backup_id: orNull(Type.String()),
    bytes_done: Bytes('Of the archive, while it is received or unpacked.'),
    bytes_total: orNull(Bytes('Null = unknown.')),
    started_at: Time,
    ended_at: orNull(Time),
    error: orNull(Type.Object({ code: Type.String(), message: Type.String() })),
    safety_copy_id: orNull(Type.String({ description: 'Of a restore: the backup that holds what was replaced.' })),
  },
  { $id: 'BackupActivity' },
)

export const BackupQuery = Type.Object(
  { ...PageQuery, after: Type.Optional(Type.String({ maxLength: 100, description: '`next` of the page before.' })) },
  { additionalProperties: false },
)

export const BackupList = Type.Object({
  data: Type.Array(BackupShape),
  next: orNull(Type.String({ description: 'Give it as `after` to get the next page; null on the last.' })),
  database: oneOf(['embedded', 'postgresql']),
  nightly_kept: orNull(Type.Integer({ description: 'How many nightly ones are kept. Null with PostgreSQL.' })),
  activity: orNull(BackupActivityShape),
  postgres_commands: Type.Array(
    Type.Object({
      does: oneOf(['backup', 'restore']),
      line: Type.String({ description: 'For a shell, without a password. Restore while Tradewind is stopped.' }),
    }),
    { description: 'What to run instead, where PostgreSQL keeps the data; else empty.' },
  ),
})

export const ActivityAnswer = Type.Object({
  activity: orNull(BackupActivityShape),
})

export const RESTORE_CONSEQUENCES = [
  'data_as_in_backup',
  'keys_as_in_backup',
  'revoked_keys_valid_again',
  'passwords_and_sessions_as_in_backup',
  'present_data_saved_as_backup',
  'weights_and_engines_stay',
] as const

export const RestoreBegun = Type.Object({
  activity: BackupActivityShape,
  backup: BackupShape,
  consequences: Type.Array(oneOf(RESTORE_CONSEQUENCES), {
    description:
      'What follows once it is done. Keys, people, passwords and sessions are as they were when the backup was made: keys made since are gone, keys revoked since are valid again, and whoever asks may have to sign in again. What is there now is kept as one more backup. Weights on the disk stay; engines whose models the backup knows go on.',
  }),
})

export const Retention = Type.Object(
  { nightly_kept: Type.Integer({ minimum: 1, maximum: NIGHTLY_KEPT_MAX }) },
  { additionalProperties: false },
)

export function backupOnWire({
  id,
  bytes,
  madeAt,
  origin,
  by,
  version,
  check,
}: BackupFile): Static<typeof BackupShape> {
  return {
    id,
    bytes,
    made_at: madeAt.toISOString(),
    database: 'embedded',
    origin,
    by,
    version,
    check: check && {
      at: check.at,
      sound: check.sound,
      sha256: check.sound ? check.sha256 : null,
      unpacked_bytes: check.sound ? check.unpackedBytes : null,
      rows: check.sound ? check.rows : null,
      code: check.sound ? null : check.code,
      message: check.sound ? null : check.message,
    },
  }
}

export function activityOnWire(activity: Activity): Static<typeof BackupActivityShape> {
  return {
    kind: activity.kind,
    state: activity.state,
    phase: activity.phase,
    backup_id: activity.backup,
    bytes_done: activity.bytesDone,
    bytes_total: activity.bytesTotal,
    started_at: activity.startedAt.toISOString(),
    ended_at: activity.endedAt?.toISOString() ?? null,
    error: activity.error,
    safety_copy_id: activity.safetyCopy,
  }
}
