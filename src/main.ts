/**
 * Control: the database, the houses, and the two servers that speak for them. Started by the supervisor; nothing on the
 * path of a request waits for it.
 *
 * This file opens the database while the rest of the program is read, since each takes half a second of a start;
 * `control/control.ts` builds everything else.
 */
import { readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { supervisorLink } from './engines/supervisor-link.ts'
import { systemClock } from './platform/clock.ts'
import { readConfig } from './platform/config.ts'
import { takeControlLease } from './platform/control-lease.ts'
import { DataFolderLocked, dataFolderAt, lockFile } from './platform/data-folder.ts'
import { openDatabase } from './platform/database/database.ts'
import { createLog } from './platform/log.ts'

const config = readConfig(process.env)
const folder = dataFolderAt(config.dataFolder)
const log = createLog('control', config.logLevel)
const link = supervisorLink(process)

process.on('SIGINT', () => undefined) // the terminal's Ctrl-C is the supervisor's to hear
process.on('disconnect', () => process.exit(0)) // the supervisor is gone
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'control crashed')
  process.exit(1)
})

const opening = open()
const { startControl, StartRefused } = await import('./control/control.ts')
const { database, lease, unlock } = await opening
try {
  const closeControl = await startControl({ config, folder, database, link, clock: systemClock, log })
  process.on('SIGTERM', async () => {
    await closeControl()
    await lease.release()
    await database.close()
    unlock()
    process.exit(0)
  })
} catch (error) {
  if (!(error instanceof StartRefused)) throw error
  await giveUp(error.message)
}

async function open() {
  const unlock = config.databaseUrl === null ? await takeDatabaseFolder() : () => undefined
  const database = await openDatabase({ folder: folder.database, url: config.databaseUrl, log }).catch((error) =>
    giveUp(
      config.databaseUrl === null
        ? `The embedded database in ${folder.database} does not open: ${error.message}.${hasBackups() ? ` Restore a copy from ${folder.backups}: see docs/operating.md.` : ''}`
        : `The database that DATABASE_URL names does not open: ${error.cause?.message ?? error.message}.`,
    ),
  )
  const lease = await takeControlLease({
    db: database.db,
    holder: `${hostname()} ${folder.root}`,
    onWait: (other) =>
      link.send({ type: 'say', lines: [`Another Tradewind (${other}) uses this database; waiting until it ends.`] }),
    onLost: () => {
      log.fatal('another control has taken over this database')
      process.exit(1)
    },
  })
  return { unlock, database, lease }
}

function hasBackups(): boolean {
  return readdirSync(folder.backups).some((name) => name.endsWith('.tar.gz'))
}

/** An earlier control may still be closing: a restart by the supervisor waits for it, a living stranger is refused. */
async function takeDatabaseFolder(): Promise<() => void> {
  for (let waitedMs = 0; ; waitedMs += 100) {
    try {
      return lockFile(
        join(folder.root, 'database.lock'),
        (pid) => `The embedded database in ${folder.database} is open in process ${pid}.`,
      )
    } catch (error) {
      if (!(error instanceof DataFolderLocked)) throw error
      if (waitedMs >= 15_000) await giveUp(error.message)
      await sleep(100)
    }
  }
}

/** Says why there is no start, and waits for the supervisor to end everything. */
function giveUp(message: string): Promise<never> {
  log.fatal(message)
  link.send({ type: 'fatal', message })
  return new Promise(() => undefined)
}
