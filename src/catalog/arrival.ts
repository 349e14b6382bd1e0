/**
 * How weights arrive: looked at, room made sure of, fetched, checked, named by their hash. The same for every source.
 *
 *   look ─► room on disk? ─► write to parts/<key>.part ─► weights at all? ─► SHA-256 ─► fsync ─► <sha256>.gguf
 *                                                            │ no                │ wrong
 *                                                            └──── thrown away ──┘
 *
 * Nothing lies under its final name that was not checked, so whoever finds a file there may load it.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DiskFull, NotWeights, WrongHash, WrongSize } from './errors.ts'
import type { Found, Place, Source } from './source.ts'
import { type CheckedWeights, checkWeights, type WeightsKind } from './weights-check.ts'

export type Progress = {
  phase: 'fetching' | 'checking'
  bytesDone: number
  bytesTotal: number
  /** Over the last seconds; 0 until known. */
  bytesPerSecond: number
}

export type Arrival = {
  /** `<folder>/<sha256>.<kind>`. */
  path: string
  sha256: string
  bytes: number
  kind: WeightsKind
  checked: CheckedWeights
  found: Found
  /** False when the source publishes no hash, so that only the form could be checked. */
  hashWasPromised: boolean
}

export type ArrivalRequest<P extends Place> = {
  source: Source<P>
  place: P
  /** What somebody other than the source promises (the catalogue); both must hold. */
  promisedSha256?: string | null
  /** Folder of weights by content hash. */
  folder: string
  /** Names the unfinished part, so that the same pull finds it again. */
  key: string
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
  /** Free bytes of the disk that holds a folder. Default: asks the file system. */
  freeBytesOf?: (folder: string) => Promise<number>
}

/** Disk that a pull never takes, since a full disk takes the database with it. */
const DISK_MARGIN_BYTES = 512 * 1024 * 1024

const PROGRESS_EVERY_MS = 200

/**
 * Brings weights to `<folder>/<sha256>.<kind>`. Costs one read of the whole file after the fetch, for the hash.
 * When it throws, an unfinished part stays for the next try with the same `key`, unless its content was wrong.
 * @throws DiskFull before a byte is fetched; NotWeights, WrongSize, WrongHash after; and what the source throws
 */
export async function bringWeights<P extends Place>(request: ArrivalRequest<P>): Promise<Arrival> {
  const { source, place, folder, signal } = request
  const found = await source.look(place, signal)
  const partPath = partPathOf(folder, request.key)
  await mkdir(dirname(partPath), { recursive: true, mode: 0o700 })
  const alreadyHere = (await stat(partPath).catch(() => null))?.size ?? 0
  await checkRoom(folder, Math.max(0, found.diskBytes - alreadyHere), request.freeBytesOf ?? freeBytesOf)

  const tell = progressTeller(request.onProgress)
  await source.write(place, found, partPath, {
    ...(signal ? { signal } : {}),
    onBytes: (done, total) => tell('fetching', done, total),
  })
  try {
    const checked = await checkWeights(partPath, found.fileName)
    if (checked.bytes !== found.bytes)
      throw new WrongSize({ file: found.fileName, promised: found.bytes, received: checked.bytes })
    const sha256 = await sha256OfFile(partPath, signal, (done) => tell('checking', done, found.bytes))
    for (const promised of [found.sha256, request.promisedSha256]) {
      if (promised && promised !== sha256) throw new WrongHash({ file: found.fileName, promised, received: sha256 })
    }
    const path = weightsPath(folder, sha256, checked.kind)
    await settle(partPath, path)
    const hashWasPromised = Boolean(found.sha256 ?? request.promisedSha256)
    return { path, sha256, bytes: checked.bytes, kind: checked.kind, checked, found, hashWasPromised }
  } catch (error) {
    if (error instanceof NotWeights || error instanceof WrongHash || error instanceof WrongSize)
      await forgetPart(folder, request.key)
    throw error
  }
}

/** Where whole weights lie: by content, so that equal files are one. */
export function weightsPath(folder: string, sha256: string, kind: string): string {
  return join(folder, `${sha256}.${kind}`)
}

export function partPathOf(folder: string, key: string): string {
  return join(folder, 'parts', `${key}.part`)
}

/** Removes an unfinished part and what its source keeps beside it. */
export async function forgetPart(folder: string, key: string): Promise<void> {
  const part = partPathOf(folder, key)
  for (const path of [part, `${part}.of`, `${part}.wheel`]) await rm(path, { recursive: true, force: true })
}

export async function freeBytesOf(folder: string): Promise<number> {
  const disk = await statfs(folder)
  return disk.bavail * disk.bsize
}

/** @throws DiskFull when less than the needed bytes and the margin are free */
export async function checkRoom(
  folder: string,
  neededBytes: number,
  freeOf: (folder: string) => Promise<number>,
): Promise<void> {
  const freeBytes = await freeOf(folder)
  if (freeBytes < neededBytes + DISK_MARGIN_BYTES)
    throw new DiskFull({ folder, neededBytes, freeBytes, marginBytes: DISK_MARGIN_BYTES })
}

async function sha256OfFile(
  path: string,
  signal: AbortSignal | undefined,
  onBytes: (done: number) => void,
): Promise<string> {
  const hash = createHash('sha256')
  let done = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) })) {
    hash.update(chunk as Buffer)
    done += (chunk as Buffer).length
    onBytes(done)
  }
  return hash.digest('hex')
}

/** The bytes reach the disk before the name does, so that a power cut leaves no half file under a whole name. */
async function settle(partPath: string, path: string): Promise<void> {
  const file = await open(partPath, 'r+').catch(() => open(partPath, 'r')) // a hard link to a read-only file opens for reading only
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partPath, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Thins progress to what a person can read, and measures speed over a sliding three seconds. */
function progressTeller(onProgress: ((progress: Progress) => void) | undefined) {
  let told = -Infinity
  let phase: Progress['phase'] | null = null
  let marks: { at: number; bytes: number }[] = []
  return (now: Progress['phase'], bytesDone: number, bytesTotal: number): void => {
    if (onProgress === undefined) return
    const at = performance.now()
    if (now !== phase) marks = []
    const isLast = bytesDone === bytesTotal
    if (now === phase && !isLast && at - told < PROGRESS_EVERY_MS) return
    phase = now
    told = at
    marks = [...marks.filter((mark) => at - mark.at < 3000), { at, bytes: bytesDone }]
    const first = marks[0]
    const elapsedMs = first ? at - first.at : 0
    const bytesPerSecond =
      first && elapsedMs > 0 ? Math.max(0, Math.round(((bytesDone - first.bytes) / elapsedMs) * 1000)) : 0
    onProgress({ phase: now, bytesDone, bytesTotal, bytesPerSecond })
  }
}
