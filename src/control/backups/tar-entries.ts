/**
 * Reads a tar as it comes, and believes none of it: plain files and folders with names that stay inside, and nothing else.
 * Written here and not taken from a package, since what matters is what it refuses; the format is four fields.
 *
 *     header 512 ─ data, filled up to 512s ─ header 512 ─ … ─ two blocks of zeros
 *
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 (ustar). Pure module.
 */

const BLOCK = 512
const NAME_DEPTH_MAX = 16

export type TarEntry = { kind: 'file' | 'folder' /** Never empty. */; path: string[]; bytes: number }

/**
 * `damaged`: cut or changed on the way. `foreign`: no backup of ours. `hostile`: wants what no backup wants. `newer`: of a
 * version whose tables are not known here.
 */
export const ARCHIVE_TROUBLES = ['damaged', 'foreign', 'hostile', 'newer'] as const
export type ArchiveTrouble = (typeof ARCHIVE_TROUBLES)[number]

export class ArchiveRefused extends Error {
  override name = 'ArchiveRefused'
  readonly trouble: ArchiveTrouble
  constructor(trouble: ArchiveTrouble, reason: string) {
    super(reason)
    this.trouble = trouble
  }
}

export type TarSink = {
  /** @throws ArchiveRefused to stop */
  begin(entry: TarEntry): void
  /** A part of the file begun last. */
  data(bytes: Uint8Array): void
  end(): void
}

/** Gives what it is fed, in pieces of any length, to `sink`. @throws ArchiveRefused */
export class TarEntries {
  readonly #sink: TarSink
  #header = Buffer.alloc(BLOCK)
  #headerBytes = 0
  /** Of the present file: still to come, and then what fills up its last block. */
  #dataLeft = 0
  #fillLeft = 0
  #isOpen = false
  #zeroBlocks = 0

  constructor(sink: TarSink) {
    this.#sink = sink
  }

  feed(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const left = chunk.length - at
      if (this.#dataLeft > 0) {
        const taken = Math.min(left, this.#dataLeft)
        this.#sink.data(chunk.subarray(at, at + taken))
        this.#dataLeft -= taken
        at += taken
        if (this.#dataLeft === 0) this.#close()
      } else if (this.#fillLeft > 0) {
        const taken = Math.min(left, this.#fillLeft)
        this.#fillLeft -= taken
        at += taken
      } else {
        const taken = Math.min(left, BLOCK - this.#headerBytes)
        this.#header.set(chunk.subarray(at, at + taken), this.#headerBytes)
        this.#headerBytes += taken
        at += taken
        if (this.#headerBytes === BLOCK) this.#readHeader()
      }
    }
  }

  /** Call it when all was fed. @throws ArchiveRefused where something is missing */
  finish(): void {
    if (this.#isOpen || this.#fillLeft > 0 || this.#headerBytes > 0 || this.#zeroBlocks < 2)
      throw new ArchiveRefused('damaged', 'it ends in the middle')
  }

  #readHeader(): void {
    this.#headerBytes = 0
    if (this.#header.every((byte) => byte === 0)) {
      this.#zeroBlocks++
      return
    }
    if (this.#zeroBlocks >= 2) throw new ArchiveRefused('hostile', 'something comes after its end')
    if (this.#zeroBlocks > 0) throw new ArchiveRefused('damaged', 'a block of it was lost')
    const entry = entryOf(this.#header)
    this.#sink.begin(entry)
    this.#isOpen = true
    this.#dataLeft = entry.bytes
    this.#fillLeft = (BLOCK - (entry.bytes % BLOCK)) % BLOCK
    if (this.#dataLeft === 0) this.#close()
  }

  #close(): void {
    this.#isOpen = false
    this.#sink.end()
  }
}

function entryOf(header: Buffer): TarEntry {
  if (octal(header, 148, 8) !== checksumOf(header))
    throw new ArchiveRefused('damaged', 'it is no tar, or a header of it was changed')
  const isUstar = header.toString('latin1', 257, 262) === 'ustar'
  const prefix = isUstar ? text(header, 345, 155) : ''
  const name = `${prefix === '' ? '' : `${prefix}/`}${text(header, 0, 100)}`
  const type = String.fromCharCode(header[156] ?? 0)
  const kind = kindOf(type, name)
  const bytes = kind === 'folder' ? 0 : octal(header, 124, 12)
  return { kind, path: pathOf(name), bytes }
}

function kindOf(type: string, name: string): TarEntry['kind'] {
  if (type === '0' || type === '\0') return 'file'
  if (type === '5') return 'folder'
  if ('12346'.includes(type)) throw new ArchiveRefused('hostile', `"${name}" is a link or a device`)
  throw new ArchiveRefused('foreign', `"${name}" is of a kind that no backup has`)
}

/** The names of the folders and the file, below wherever it is unpacked. */
function pathOf(name: string): string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..') || name.includes('\\')) throw new ArchiveRefused('hostile', `"${name}" leads outside`)
  if (parts.length > NAME_DEPTH_MAX) throw new ArchiveRefused('hostile', 'its folders are too deep')
  return parts
}

/** Numbers are octal digits, ended by a space or a zero byte. */
function octal(header: Buffer, at: number, length: number): number {
  const digits = header
    .toString('latin1', at, at + length)
    .replace(/[\0 ]+$/, '')
    .trim()
  if (!/^[0-7]{1,12}$/.test(digits))
    throw new ArchiveRefused('damaged', 'a header of it holds no number where one must be')
  return Number.parseInt(digits, 8)
}

/** Of all bytes of the header, its own eight taken as spaces. */
function checksumOf(header: Buffer): number {
  let sum = 0
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : (header[at] ?? 0)
  return sum
}

function text(header: Buffer, at: number, length: number): string {
  const end = header.subarray(at, at + length).indexOf(0)
  return header.toString('utf8', at, at + (end === -1 ? length : end))
}
