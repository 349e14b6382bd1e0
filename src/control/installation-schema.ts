/** Wire shape of /api/installation. */
import { Type } from 'typebox'
import { oneOf, orNull, Time } from '../platform/wire-shapes.ts'

const Bytes = (description?: string) => Type.Integer({ minimum: 0, ...(description ? { description } : {}) })
const Count = Type.Integer({ minimum: 0 })

export const DURABILITIES = [
  'power_cut_can_damage',
  'server_without_fsync',
  'server_delays_commits',
  'power_cut_survived',
] as const

export const SettingShape = Type.Object({
  env: Type.String({ description: 'Its name in the environment.' }),
  file: orNull(Type.String({ description: 'Its name in the config file; null = only by environment.' })),
  from: oneOf(['environment', 'file', 'default']),
  value: orNull(Type.String({ description: 'In force since the start. Secrets are taken out: `***`, or null.' })),
  is_set: Type.Boolean({ description: 'Whether somebody set it, in the environment or the file.' }),
  is_secret: Type.Boolean(),
  default: orNull(Type.String()),
  says: Type.String({ description: 'What it does.' }),
})

export const DatabaseShape = Type.Object({
  kind: oneOf(['embedded', 'postgresql']),
  version: Type.String({ description: 'Of PostgreSQL.' }),
  size_bytes: Bytes(),
  durability: oneOf(DURABILITIES, {
    description:
      '`power_cut_can_damage`: the embedded database, which never calls fsync. `server_without_fsync`: PostgreSQL that is told not to. `server_delays_commits`: the last moments can be lost, nothing is damaged. `power_cut_survived`.',
  }),
  sentence: Type.String({ description: 'The same in English.' }),
  survives_crash: Type.Boolean({ description: 'Of the program.' }),
  survives_power_cut: Type.Boolean({ description: 'As far as its settings say.' }),
  fsync: orNull(Type.Boolean({ description: 'Setting of the server; null = embedded.' })),
  synchronous_commit: orNull(Type.String({ description: 'Setting of the server; null = embedded.' })),
  full_page_writes: orNull(Type.Boolean({ description: 'Setting of the server; null = embedded.' })),
  migrations: Type.Object({
    applied: Count,
    known: Type.Integer({ description: 'To this version.' }),
    latest: Type.String({ description: 'Name of the last one that is applied.' }),
  }),
})

export const InstallationShape = Type.Object(
  {
    versions: Type.Object({ tradewind: Type.String(), node: Type.String(), engine_library: orNull(Type.String()) }),
    database: DatabaseShape,
    data_folder: Type.Object({
      path: Type.String(),
      disk_free_bytes: Bytes(),
      disk_total_bytes: Bytes(),
    }),
    address: Type.Object({
      public_url: Type.String(),
      host: Type.String({ description: 'That it is bound to.' }),
      port: Type.Integer(),
      is_local_only: Type.Boolean({ description: 'Whether it is bound to this machine alone.' }),
    }),
    workers: Type.Array(
      Type.Object({
        worker: Type.String(),
        pid: orNull(Type.Integer()),
        restarts: Count,
        ready: Type.Boolean({ description: 'Listens, and holds keys and routes.' }),
      }),
    ),
    started_at: Type.String({ format: 'date-time', description: 'UTC, of control, which a restore starts anew.' }),
    uptime_seconds: Count,
    limits: Type.Object({
      inference_body_bytes: Bytes('Of a request to a model.'),
      header_bytes: Bytes(),
      header_count: Count,
      connections_per_worker: Count,
      api_body_bytes: Bytes('Of a request under /api, unless its route says otherwise.'),
      playground_session_bytes: Bytes('Of a saved session.'),
      backup_upload_bytes: Bytes(),
      sign_ins: Type.Array(
        Type.Object({
          per: oneOf(['one_person_from_one_address', 'one_address', 'one_person']),
          most: Count,
          within_seconds: Count,
        }),
      ),
    }),
    logs: Type.Object({
      folder: Type.String(),
      level: Type.String(),
      files: Type.Array(Type.Object({ name: Type.String(), bytes: Bytes(), modified_at: Time })),
    }),
    config_file: Type.Object({
      path: Type.String(),
      settings: Type.Integer({ description: 'How many it sets; 0 where it is not there.' }),
    }),
    settings: Type.Array(SettingShape),
    backups: Type.Object({
      count: Count,
      bytes_total: Bytes(),
      last_at: orNull(Time),
      nightly_kept: orNull(Type.Integer({ description: 'Null with PostgreSQL, which has its own tools.' })),
    }),
  },
  { $id: 'Installation' },
)
