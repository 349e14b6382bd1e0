/** Commands on backups of the embedded database. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SocketSilent } from '../platform/socket-request.ts'
import type { Command } from './commands.ts'
import { CommandFailed, type Control } from './control.ts'
import { bytes, table } from './table.ts'

type Activity = {
  state: string
  phase: string | null
  backup_id: string | null
  error: { code: string; message: string } | null
  safety_copy_id: string | null
}
type Backup = {
  id: string
  bytes: number
  made_at: string
  origin: string
  by: { id: string; name: string | null } | null
  check: { sound: boolean; rows: number | null } | null
}
type BackupList = { data: Backup[]; database: string; postgres_commands: { line: string }[] }

const POLL_MS = 300
/** Longer than any restart of control. */
const SILENT_MS_MAX = 60_000

export const BACKUP_COMMANDS: Command[] = [
  {
    words: 'backup create',
    takes: [],
    says: 'Write a copy of the embedded database, and check it.',
    async run(control, _given, _options, print) {
      await control.ask('POST', '/api/backups')
      const { backup_id } = await untilOver(control)
      const made = (await control.ask<BackupList>('GET', '/api/backups')).data.find(({ id }) => id === backup_id)
      if (!made) throw new CommandFailed(`${backup_id} was made and is not there any more.`)
      print(`${join(control.folder.backups, `${made.id}.tar.gz`)} (${bytes(made.bytes)}, checked)`)
    },
  },
  {
    words: 'backup list',
    takes: [],
    says: 'List backups. With PostgreSQL: what to run instead.',
    async run(control, _given, _options, print) {
      const { data, database, postgres_commands } = await control.ask<BackupList>('GET', '/api/backups?limit=200')
      for (const { line } of postgres_commands) print(line)
      if (database === 'postgresql') return
      if (data.length === 0) return print('No backup yet. Make one with: npm run tradewind -- backup create')
      print(
        table(
          ['BACKUP', 'MADE (UTC)', 'SIZE', 'FROM', 'BY', 'CHECKED'],
          data.map(({ id, made_at, bytes: size, origin, by, check }) => [
            id,
            made_at.slice(0, 16).replace('T', ' '),
            bytes(size),
            origin,
            by?.name ?? by?.id ?? '–',
            check === null ? 'not yet' : check.sound ? 'sound' : 'damaged',
          ]),
          [2],
        ),
      )
    },
  },
  {
    words: 'backup restore',
    takes: ['backup'],
    says: 'Put a backup in the place of the present data, which is saved as one more. Keys and people are as they were then.',
    async run(control, [id = ''], _options, print) {
      await control.ask('POST', `/api/backups/${encodeURIComponent(id)}/restore`)
      print('The backup is checked; then control starts again on it. Models go on answering.')
      const { safety_copy_id } = await untilOver(control)
      print(`${id} is restored. What was there before is ${safety_copy_id}.`)
      print('Keys revoked since it was made are valid again, and newer ones are gone: see keys list.')
    },
  },
]

/** Follows what was begun, also while control starts again. @throws CommandFailed where it failed */
async function untilOver(control: Control): Promise<Activity> {
  let heardAtMs = Date.now()
  for (;;) {
    await sleep(POLL_MS)
    try {
      const { activity } = await control.ask<{ activity: Activity }>('GET', '/api/backups/activity')
      heardAtMs = Date.now()
      if (activity.error !== null) throw new CommandFailed(`${activity.error.message} (${activity.error.code})`)
      if (activity.state === 'done') return activity
    } catch (error) {
      const isSilent = (error as Error).cause instanceof SocketSilent
      if (!isSilent || Date.now() - heardAtMs > SILENT_MS_MAX) throw error
    }
  }
}
