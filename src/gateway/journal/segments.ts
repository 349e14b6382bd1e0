/**
 * Files of the usage journal. Each life of a worker process has a folder of its own, so that nobody writes where another
 * does: after a killed supervisor the worker of before may still be ending its answers while the next one starts.
 *
 *   usage-journal/                            0700
 *     worker-0.1790000000000-4711/            a life: worker, start, process
 *       lock                                  whose it is, while that process lives
 *       000001.segment  000002.segment …      frames; a segment goes when control has all of it
 *       position                              how far control has confirmed
 *     worker-0.refused.jsonl                  what control refused for good
 *     damaged-….bin                           bytes that were no longer as they were written
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { type DataFolder, DataFolderLocked, lockFile } from '../../platform/data-folder.ts'
import type { Log } from '../../platform/log.ts'
import type { Trouble } from './frame.ts'

/** A place in a life's frames: a segment's number, and a byte in it. */
export type Position = { segment: number; offset: number }

export function journalFolder(folder: DataFolder): string {
  return join(folder.root, 'usage-journal')
}

export function segmentPath(life: string, segment: number): string {
  return join(life, `${String(segment).padStart(6, '0')}.segment`)
}

/** Numbers of the segments that are there, in order. */
export function segmentsOf(life: string): number[] {
  return readdirSync(life)
    .flatMap((name) => /^(\d+)\.segment$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

export function segmentBytes(life: string, segment: number): number {
  return statSync(segmentPath(life, segment), { throwIfNoEntry: false })?.size ?? 0
}

export function readBytes(life: string, { segment, offset }: Position, length: number): Buffer {
  const file = openSync(segmentPath(life, segment), 'r')
  try {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset))
  } finally {
    closeSync(file)
  }
}

/**
 * Makes the folder of a life that begins, held by this process.
 * @returns its path
 * @throws Error ENOSPC, EACCES …
 */
export function beginLife(root: string, worker: string, startedAtMs: number): string {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const name = `worker-${worker}.${startedAtMs}-${process.pid}`
  const making = join(root, `making-${name}`)
  const life = join(root, name)
  try {
    mkdirSync(making, { mode: 0o700 })
    lockFile(join(making, 'lock'), () => `Another process has the usage journal ${name}.`)
    renameSync(making, life) // named only when it is held: a life without a holder is taken over
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    throw error
  }
  return life
}

/**
 * Takes over lives whose process is gone: those of this worker's number, and for worker 0 those of numbers that no longer
 * exist. From then on they are this process's.
 * @returns their paths, oldest first
 */
export function takeDeadLives(root: string, worker: string, workers: number, held: ReadonlySet<string>): string[] {
  return readdirSync(root)
    .filter((name) => {
      const index = /^worker-(\d+)\.\d+-\d+$/.exec(name)?.[1]
      return index === worker || (worker === '0' && index !== undefined && Number(index) >= workers)
    })
    .map((name) => join(root, name))
    .filter((life) => !held.has(life) && isTaken(life))
    .sort()
}

function isTaken(life: string): boolean {
  try {
    lockFile(join(life, 'lock'), () => `Another process has the usage journal ${life}.`)
    return true
  } catch (error) {
    // It lives, or another took it, or it has delivered everything and removed itself.
    if (error instanceof DataFolderLocked || !existsSync(life)) return false
    throw error
  }
}

/** Text of one short line that is as good as lost where it is torn: then all is delivered again, which changes nothing. */
export function readPosition(life: string): Position | null {
  const path = join(life, 'position')
  if (!existsSync(path)) return null
  const found = /^(\d+) (\d+)\n$/.exec(readFileSync(path, 'utf8'))
  return found === null ? null : { segment: Number(found[1]), offset: Number(found[2]) }
}

export function writePosition(life: string, { segment, offset }: Position): void {
  writeFileSync(join(life, 'position'), `${segment} ${offset}\n`, { mode: 0o600 })
}

/** Keeps bytes that are no frame for a person to look at, and says so once. */
export function setAside(
  life: string,
  segment: number,
  start: number,
  trouble: Trouble,
  bytes: Buffer,
  log: Log,
): void {
  const at = start + trouble.at
  const path = join(life, '..', `damaged-${basename(life)}-${segment}-${at}.bin`)
  try {
    writeFileSync(path, bytes.subarray(trouble.at, trouble.end), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  log.error(
    { file: segmentPath(life, segment), at, bytes: trouble.end - trouble.at, setAside: path },
    'a part of the usage journal is damaged; it is set aside, what follows it is read',
  )
}
