/**
 * The data folder: what lies where in it, and the lock that keeps a second installation out.
 *
 *   tradewind.json     settings, if any           weights/       model files by content hash
 *   database/          the embedded database      prefixes/      spilled prefixes, one folder an engine
 *   backups/           dumps of it                logs/          one file a process
 *   restore/           a dump that takes its place
 *   run/               sockets (0700)             usage-journal/ what became of requests, until the database has it
 *   last-engines.json  what ran when it was ended
 *   import/            files that the console may take in, unless IMPORT_FOLDER names another
 *   compile-cache/     Node's own, may be deleted
 *   gpu-library/       `npm run gpu`              lock           who runs here
 *   session-secret     signs, and seals secrets   database.lock  who has the embedded database open
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type DataFolder = {
  root: string
  database: string
  weights: string
  prefixes: string
  backups: string
  logs: string
  /** Sockets. In a short temporary folder when the data folder's own path is too long for a socket's name. */
  run: string
  gpuLibrary: string
}

/** Unix socket paths end at 104 bytes (macOS); the longest name we add is `/control-admin.sock`. */
const RUN_PATH_BYTES_MAX = 80

/** Names the places; makes nothing. */
export function dataFolderAt(root: string): DataFolder {
  const run = join(root, 'run')
  const short = join(tmpdir(), `tradewind-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`)
  return {
    root,
    database: join(root, 'database'),
    weights: join(root, 'weights'),
    prefixes: join(root, 'prefixes'),
    backups: join(root, 'backups'),
    logs: join(root, 'logs'),
    run: Buffer.byteLength(run) <= RUN_PATH_BYTES_MAX ? run : short,
    gpuLibrary: join(root, 'gpu-library'),
  }
}

/** Makes the folders, for the owner's eyes only. */
export function makeDataFolder(folder: DataFolder): void {
  for (const path of [folder.root, folder.weights, folder.prefixes, folder.backups, folder.logs, folder.run]) {
    makeFolder(path)
  }
  chmodSync(folder.run, 0o700)
}

/**
 * Makes a folder and those above it. One by one, not by `recursive`: where the kernel answers "no such file" to every
 * attempt, as under /proc, Node's own goes round for ever (seen with 24.21).
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error
    makeFolder(dirname(path))
    mkdirSync(path, { mode: 0o700 })
  }
}

/** Sockets of the processes, by who listens. */
export const sockets = {
  /** Control, for what the gateway passes on from the public. */
  control: (folder: DataFolder) => join(folder.run, 'control.sock'),
  /** Control, for workers and the command line: trusted, since the folder is the owner's alone. */
  controlAdmin: (folder: DataFolder) => join(folder.run, 'control-admin.sock'),
  engine: (folder: DataFolder, engineId: string) => join(folder.run, `${engineId}.sock`),
}

/** Removes all sockets, of which a process that was killed leaves its own. Only for whoever knows that none is listened on. */
export function removeSockets(folder: DataFolder): void {
  for (const name of readdirSync(folder.run))
    if (name.endsWith('.sock')) rmSync(join(folder.run, name), { force: true })
}

export class DataFolderLocked extends Error {
  override name = 'DataFolderLocked'
}

type Holder = { pid: number; bootId: string; startedAt: string }

/** Takes the whole data folder for the supervisor, or says who has it. */
export function lockDataFolder(folder: DataFolder): () => void {
  return lockFile(
    join(folder.root, 'lock'),
    (pid) =>
      `Tradewind already runs on ${folder.root} (process ${pid}). Stop it, or set TRADEWIND_DATA to another folder.`,
  )
}

/**
 * Takes the lock file at `path` for this process, or says who has it. The embedded database has no lock of its own, and two
 * processes on one folder lose rows silently, so a live holder is never overruled, however late it seems.
 * A pid alone would lie after a reboot or in a container, so boot and start time are kept beside it.
 * @returns a function that gives the lock back
 * @throws DataFolderLocked
 */
export function lockFile(path: string, says: (pid: number) => string): () => void {
  const holder: Holder = { pid: process.pid, bootId: bootId(), startedAt: startTimeOf(process.pid) }
  const mine = JSON.stringify(holder)
  // Written whole before it gets the name that counts: who reads half a lock takes its holder for dead.
  const own = `${path}.${process.pid}`
  writeFileSync(own, mine, { mode: 0o600 })
  try {
    if (!hasLinked(own, path)) {
      refuseIfHeld(path, says)
      replaceDead(own, path, says)
    }
  } finally {
    rmSync(own, { force: true })
  }
  return () => {
    if (readText(path) === mine) unlinkSync(path)
  }
}

/** Two starts may find the same dead holder, so replacing it takes a lock of its own. */
function replaceDead(own: string, path: string, says: (pid: number) => string): void {
  const tryAgain = `Another start is taking ${path} right now; try again.`
  const giveBack = lockFile(`${path}.taking`, () => tryAgain)
  try {
    refuseIfHeld(path, says) // the other start may be done by now
    if (existsSync(path)) renameSync(own, path)
    else if (!hasLinked(own, path)) throw new DataFolderLocked(tryAgain)
  } finally {
    giveBack()
  }
}

/** Gives `own` the name `path`, unless something has it. */
function hasLinked(own: string, path: string): boolean {
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function refuseIfHeld(path: string, says: (pid: number) => string): void {
  const holder = readHolder(path)
  if (holder !== null && isAlive(holder)) throw new DataFolderLocked(says(holder.pid))
}

/** @returns null also for what no process of ours can have written: a lock that a full disk left empty, say */
function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readText(path)) as Holder | null
  } catch {
    return null
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.bootId !== bootId()) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return startTimeOf(holder.pid) === holder.startedAt
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown' // macOS: the pid and its being alive must do
  }
}

/** Clock ticks since boot at which a process began (field 22 of /proc/<pid>/stat). */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
