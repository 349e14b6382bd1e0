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
import { BackupDamaged } from './control/backups/errors.ts'
import { carryOutPlan, restorePlacesIn, undoSwap } from './control/backups/restore-plan.ts'
import { supervisorLink } from './engines/supervisor-link.ts'
import { systemClock } from './platform/clock.ts'
import { readConfig } from './platform/config.ts'
import { takeControlLease } from './platform/control-lease.ts'
import { DataFolderLocked, dataFolderAt, lockFile } from './platform/data-folder.ts'
import { openDatabase } from './platform/database/database.ts'
import { createLog } from './platform/log.ts'
import { settingsInForce } from './platform/settings-in-force.ts'

const config = readConfig(process.env)
const settings = settingsInForce(process.env)
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
let closeControl: () => Promise<void> = async () => undefined
let ending = false
try {
  closeControl = await startControl({
    config,
    settings,
    folder,
    database,
    link,
    // The supervisor starts control again, whatever it ended of.
    restart: (whileClosed) => void end(whileClosed),
    clock: systemClock,
    log,
  })
  process.on('SIGTERM', () => void end())
} catch (error) {
  if (!(error instanceof StartRefused)) throw error
  await giveUp(error.message)
}

/** @param whileClosed runs when nobody can change anything any more, and the database is still open */
async function end(whileClosed?: () => Promise<void>): Promise<void> {
  if (ending) return
  ending = true
  await closeControl()
  await whileClosed?.()
  await lease.release()
  await database.close()
  unlock()
  process.exit(0)
}

async function open() {
  const unlock = config.databaseUrl === null ? await takeDatabaseFolder() : () => undefined
  const database = await openRestoredOrAsItWas().catch((error) =>
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

/** A backup that is to be put in place is put there now, under the lock; if it does not open, what it replaced comes back. */
async function openRestoredOrAsItWas() {
  const openIt = () => openDatabase({ folder: folder.database, url: config.databaseUrl, log })
  const places = restorePlacesIn(folder)
  if (config.databaseUrl !== null || !carryOutPlan(places, new Date(systemClock.nowMs()))) return openIt()
  return openIt().catch((error) => {
    log.error({ err: error }, 'the restored database does not open; the one before it is put back')
    const { code, message } = new BackupDamaged({ reason: `it does not open: ${error.message}` })
    undoSwap(places, { code, message }, new Date(systemClock.nowMs()))
    return openIt()
  })
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
