/** Unpacks a backup into an empty folder, or refuses it. Runs in a process of its own (`check-archive.ts`), so it may block. */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { ENTRIES_MAX } from './archive-limits.ts'
import { ArchiveRefused, TarEntries, type TarSink } from './tar-entries.ts'

/** Of the PostgreSQL that the embedded database is. Files of another one do not open. */
const POSTGRES_MAJOR = '18'
/** Without these it is no folder of a database. */
const NEEDED = ['PG_VERSION', 'global/pg_control']

export type Unpacked = { sha256: string; archiveBytes: number; unpackedBytes: number; entries: number }

export type UnpackOptions = {
  archive: string
  /** Made here; must not exist. */
  folder: string
  unpackedBytesMax: number
  /** Bytes of the archive read so far. */
  onProgress?: (bytesDone: number) => void
}

/** @throws ArchiveRefused and leaves behind what was unpacked until then */
export async function unpackArchive({
  archive,
  folder,
  unpackedBytesMax,
  onProgress,
}: UnpackOptions): Promise<Unpacked> {
  mkdirSync(folder, { mode: 0o700 })
  const sink = new FolderSink(folder, unpackedBytesMax)
  const entries = new TarEntries(sink)
  const hash = createHash('sha256')
  let archiveBytes = 0
  const packed = createReadStream(archive)
  packed.on('data', (chunk) => {
    hash.update(chunk)
    archiveBytes += chunk.length
    onProgress?.(archiveBytes)
  })
  const unzipped = packed.pipe(createGunzip())
  packed.on('error', (error) => unzipped.destroy(error))
  try {
    for await (const chunk of unzipped) entries.feed(chunk as Buffer)
    entries.finish()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_')) throw new ArchiveRefused('damaged', `it is no gzip, or was cut or changed (${code})`)
    throw error
  } finally {
    sink.close()
    packed.destroy()
  }
  for (const name of NEEDED)
    if (!sink.files.has(name))
      throw new ArchiveRefused('foreign', `it holds no ${name}, so it is no copy of a database`)
  const version = readFileSync(join(folder, 'PG_VERSION'), 'latin1').trim().slice(0, 20)
  if (version !== POSTGRES_MAJOR)
    throw new ArchiveRefused(
      'foreign',
      `it is of PostgreSQL ${version}, and the embedded database is ${POSTGRES_MAJOR}`,
    )
  return { sha256: hash.digest('hex'), archiveBytes, unpackedBytes: sink.bytes, entries: sink.entries }
}

/** What the file system says to names that cannot stand beside each other. */
const CLASHES = ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']

class FolderSink implements TarSink {
  readonly #folder: string
  readonly #bytesMax: number
  readonly files = new Set<string>()
  bytes = 0
  entries = 0
  #file: number | null = null

  constructor(folder: string, bytesMax: number) {
    this.#folder = folder
    this.#bytesMax = bytesMax
  }

  begin({ kind, path, bytes }: Parameters<TarSink['begin']>[0]): void {
    if (++this.entries > ENTRIES_MAX) throw new ArchiveRefused('hostile', `it holds more than ${ENTRIES_MAX} files`)
    this.bytes += bytes
    // Refused by what it says of itself, before any of it is written; a file cannot hold more than its header says.
    if (this.bytes > this.#bytesMax)
      throw new ArchiveRefused(
        'hostile',
        `it unpacks to more than ${this.#bytesMax} bytes, which is more than may be here`,
      )
    const name = path.join('/')
    const place = join(this.#folder, ...path)
    try {
      if (kind === 'folder') {
        mkdirSync(place, { recursive: true, mode: 0o700 })
        return
      }
      if (name === '') throw new ArchiveRefused('hostile', 'a file of it has no name')
      mkdirSync(join(place, '..'), { recursive: true, mode: 0o700 })
      this.#file = openSync(place, 'wx', 0o600)
      this.files.add(name)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!CLASHES.includes(code)) throw error
      throw new ArchiveRefused('hostile', `"${name}" is in it twice, or as a file and as a folder`)
    }
  }

  data(bytes: Uint8Array): void {
    if (this.#file === null) throw new ArchiveRefused('hostile', 'a folder of it has content')
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written)
  }

  end(): void {
    this.close()
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }
}
