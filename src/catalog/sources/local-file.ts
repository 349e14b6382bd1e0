/**
 * A file that is already on this machine. It is not moved: on the same disk both names share the bytes (a hard link,
 * no time and no room), else it is copied. A file that its owner later edits in place would change under both names;
 * weights are never edited in place, and what we recorded is the hash of what we took.
 */
import { constants, createReadStream, createWriteStream } from 'node:fs'
import { copyFile, link, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FileMissing, NotWeights } from '../errors.ts'
import type { Found, LocalFilePlace, Source } from '../source.ts'

export function createLocalFileSource(): Source<LocalFilePlace> {
  return {
    kind: 'local-file',

    async look(place): Promise<Found> {
      const found = await stat(place.path).catch((error: NodeJS.ErrnoException) => {
        throw new FileMissing(
          { place: place.path, detail: error.code === 'ENOENT' ? 'no such file.' : error.message },
          { cause: error },
        )
      })
      if (!found.isFile()) throw new NotWeights({ file: place.path, reason: 'it is not a plain file.' })
      return { fileName: basename(place.path), bytes: found.size, sha256: null, diskBytes: found.size, revision: null }
    },

    async write(place, found, partPath, { signal, onBytes }) {
      signal?.throwIfAborted()
      const path = await realpath(place.path)
      await rm(partPath, { force: true })
      if (!(await shareBytes(path, partPath))) await copyBytes(path, partPath, found.bytes, signal, onBytes)
      onBytes?.(found.bytes, found.bytes)
    },
  }
}

/** A copy-on-write clone where the file system can (nothing shared that matters), else a hard link; false when neither. */
async function shareBytes(path: string, partPath: string): Promise<boolean> {
  try {
    await copyFile(path, partPath, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch {
    await rm(partPath, { force: true })
  }
  try {
    const [file, folder] = await Promise.all([stat(path), stat(dirname(partPath))])
    if (file.dev !== folder.dev) return false
    await link(path, partPath)
    return true
  } catch {
    return false
  }
}

async function copyBytes(
  path: string,
  partPath: string,
  bytesTotal: number,
  signal: AbortSignal | undefined,
  onBytes: ((done: number, total: number) => void) | undefined,
): Promise<void> {
  let done = 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length
      onBytes?.(done, bytesTotal)
      next(null, chunk)
    },
  })
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), count, createWriteStream(partPath), {
    ...(signal ? { signal } : {}),
  })
}
