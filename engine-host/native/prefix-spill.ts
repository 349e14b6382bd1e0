/**
 * Cold prefixes on disk.
 *
 *   <folder>/<hash of salt>/<hash of share>/<key>.state   written by the library: the native state of one sequence
 *   <folder>/<hash of salt>/<hash of share>/<key>.head    written by us: fingerprint, tokens, length and checksum of the state
 *
 * The library loads whatever it is given: 400 flipped bytes inside a state load silently and the model answers garbage, and
 * a state of another model may crash the process. So a state is loaded only if its head says that this very engine wrote it
 * (weights, library, sequences, cache types) and its checksum still holds. Anything else in the folder is
 * deleted. Names on disk are hashes, because salts and shares are whatever the caller sends; prompts are content, so folders
 * are 0700 and files 0600.
 *
 * All of it is synchronous or native: the engine process has one libuv thread, and a file read in it would stand in line with
 * the next decode. CRC-32 rather than SHA-256: it must notice decay, not an attacker (who could write the head as well), and it
 * runs at memory speed.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
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
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { prefixFolderName } from '../../src/engines/prefix-folders.ts'
import type { Token } from '../token-engine.ts'
import type { RawContext } from './nlc-raw.ts'
import { PrefixIndex } from './prefix-index.ts'

export type SpillOptions = {
  folder: string
  bytesMax: number
  /** Everything that must be equal for a state to be loadable. */
  fingerprint: SpillFingerprint
  contextTokens: number
  log(message: string): void
}

export type SpillFingerprint = {
  modelSha256: string
  libraryRelease: string
  /** A state of an eight-sequence context does not load into a four-sequence one. */
  sequences: number
  keyType: string
  valueType: string
}

/** A prefix that a sequence holds now. */
export type SpilledPrefix = { scope: string; salt: string; share: string; tokens: readonly Token[]; sequence: number }

type Head = { fingerprint: SpillFingerprint; scope: string; stateBytes: number; stateCrc: number; tokens: Token[] }
type Entry = { key: string; folder: string; scope: string; tokens: number; bytes: number; usedAtMs: number }

/** A shorter prefix is computed faster than it is read and checked. Tokens. */
const TOKENS_MIN = 64
const MAGIC = 0x58505754 // "TWPX"
const VERSION = 1
const CHUNK_BYTES = 8 * 1024 * 1024

export class PrefixSpill {
  readonly #options: SpillOptions
  readonly #fingerprint: string
  readonly #entries = new Map<string, Entry>()
  readonly #index = new PrefixIndex<string>()
  #bytes = 0

  /** Reads the folder; deletes what this engine did not write or can no longer load. */
  constructor(options: SpillOptions) {
    this.#options = options
    this.#fingerprint = JSON.stringify(options.fingerprint)
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    for (const salt of folderNames(options.folder)) {
      for (const share of folderNames(join(options.folder, salt))) this.#readFolder(join(options.folder, salt, share))
    }
    this.#shrink()
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Tokens that the best file has in common with `tokens`. */
  longest(scope: string, tokens: readonly Token[]): number {
    for (const { length } of this.#index.longestFirst(scope, tokens)) return length
    return 0
  }

  /**
   * Loads the best file into a sequence, which must be empty.
   * @returns the tokens it holds now; null when the file was broken (it is gone then) or the library refused it
   */
  async load(raw: RawContext, scope: string, tokens: readonly Token[], sequence: number): Promise<Token[] | null> {
    for (const { holder } of this.#index.longestFirst(scope, tokens)) {
      const entry = this.#entries.get(holder)!
      const state = join(entry.folder, `${entry.key}.state`)
      try {
        const head = readHead(join(entry.folder, `${entry.key}.head`))
        if (statSync(state).size !== head.stateBytes || crcOfFile(state) !== head.stateCrc) {
          throw new Error('its checksum does not hold')
        }
        const loaded = Array.from(await raw.loadSequence(state, sequence, this.#options.contextTokens))
        if (loaded.length !== head.tokens.length || loaded.some((token, i) => token !== head.tokens[i])) {
          throw new Error('it holds other tokens than its head says')
        }
        entry.usedAtMs = Date.now()
        utimesSync(join(entry.folder, `${entry.key}.head`), new Date(), new Date())
        return loaded
      } catch (error) {
        this.#options.log(`A spilled prefix was deleted: ${error instanceof Error ? error.message : error}.`)
        this.#delete(entry)
        return null
      }
    }
    return null
  }

  /** Saves a prefix unless disk has it already. Never throws: a full disk costs a cache entry, not a request. */
  async save(raw: RawContext, prefix: SpilledPrefix): Promise<void> {
    const { scope, salt, share, tokens, sequence } = prefix
    if (tokens.length < TOKENS_MIN || this.longest(scope, tokens) === tokens.length) return
    const folder = join(this.#options.folder, prefixFolderName(salt), prefixFolderName(share))
    const list = Uint32Array.from(tokens)
    const key = hashed(`${scope}\n${this.#fingerprint}\n${hashed(Buffer.from(list.buffer))}`)
    const state = join(folder, `${key}.state`)
    const part = `${state}.part`
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // Made here so that the library's fopen, which knows no mode, finds a file that only we can read.
      closeSync(openSync(part, 'w', 0o600))
      chmodSync(part, 0o600)
      await raw.saveSequence(part, sequence, list)
      const stateBytes = statSync(part).size
      if (stateBytes > this.#options.bytesMax) {
        rmSync(part, { force: true })
        return
      }
      const head: Head = {
        fingerprint: this.#options.fingerprint,
        scope,
        stateBytes,
        stateCrc: crcOfFile(part),
        tokens: Array.from(list),
      }
      renameSync(part, state)
      const headPath = join(folder, `${key}.head`)
      writeFileSync(`${headPath}.part`, encodeHead(head), { mode: 0o600 })
      renameSync(`${headPath}.part`, headPath)
      const shorter = this.#coveredBy(scope, tokens)
      this.#add({ key, folder, scope, tokens: tokens.length, bytes: stateBytes, usedAtMs: Date.now() }, head.tokens)
      for (const entry of shorter) this.#delete(entry)
      this.#shrink()
    } catch (error) {
      rmSync(part, { force: true })
      this.#options.log(`A prefix could not be spilled: ${error instanceof Error ? error.message : error}.`)
    }
  }

  /** Deletes the files of a salt, or of one share in it. */
  forget(salt: string, share: string | null): void {
    const root = join(this.#options.folder, prefixFolderName(salt))
    const folder = share === null ? root : join(root, prefixFolderName(share))
    for (const entry of [...this.#entries.values()]) {
      if (entry.folder === folder || entry.folder.startsWith(`${folder}/`)) this.#delete(entry)
    }
    rmSync(folder, { recursive: true, force: true })
  }

  #readFolder(folder: string): void {
    const names = readdirSync(folder)
    const heads = new Set(names.filter((name) => name.endsWith('.head')).map((name) => name.slice(0, -'.head'.length)))
    for (const name of names) {
      const key = name.replace(/\.(head|state)$/, '')
      if (key !== name && heads.has(key)) continue
      rmSync(join(folder, name), { recursive: true, force: true })
    }
    for (const key of heads) {
      const path = join(folder, `${key}.head`)
      try {
        const head = readHead(path)
        if (JSON.stringify(head.fingerprint) !== this.#fingerprint) throw new Error('another engine wrote it')
        if (head.tokens.length > this.#options.contextTokens) throw new Error('it is longer than the context')
        const { size } = statSync(join(folder, `${key}.state`))
        if (size !== head.stateBytes) throw new Error('its length is wrong')
        const usedAtMs = statSync(path).mtimeMs
        this.#add({ key, folder, scope: head.scope, tokens: head.tokens.length, bytes: size, usedAtMs }, head.tokens)
      } catch (error) {
        this.#options.log(`A spilled prefix was deleted: ${error instanceof Error ? error.message : error}.`)
        rmSync(path, { force: true })
        rmSync(join(folder, `${key}.state`), { force: true })
      }
    }
  }

  #add(entry: Entry, tokens: readonly Token[]): void {
    const name = `${entry.folder}/${entry.key}`
    const before = this.#entries.get(name)
    if (before !== undefined) this.#bytes -= before.bytes
    this.#entries.set(name, entry)
    this.#index.set(name, entry.scope, tokens)
    this.#bytes += entry.bytes
  }

  #delete(entry: Entry): void {
    const name = `${entry.folder}/${entry.key}`
    if (!this.#entries.delete(name)) return
    this.#index.delete(name)
    this.#bytes -= entry.bytes
    rmSync(join(entry.folder, `${entry.key}.head`), { force: true })
    rmSync(join(entry.folder, `${entry.key}.state`), { force: true })
  }

  /** Files whose whole content `tokens` begins with. */
  #coveredBy(scope: string, tokens: readonly Token[]): Entry[] {
    const covered: Entry[] = []
    for (const { holder, length } of this.#index.longestFirst(scope, tokens)) {
      const entry = this.#entries.get(holder)!
      if (length === entry.tokens) covered.push(entry)
    }
    return covered
  }

  /** Least recently used first, until the folder fits. */
  #shrink(): void {
    if (this.#bytes <= this.#options.bytesMax) return
    for (const entry of [...this.#entries.values()].sort((a, b) => a.usedAtMs - b.usedAtMs)) {
      this.#delete(entry)
      if (this.#bytes <= this.#options.bytesMax) return
    }
  }
}

/** magic, version, length of the JSON, JSON, number of tokens, tokens, CRC-32 of all before; all numbers u32 little-endian. */
function encodeHead({ tokens, ...rest }: Head): Buffer {
  const json = Buffer.from(JSON.stringify(rest))
  const bytes = Buffer.alloc(12 + json.length + 4 + tokens.length * 4 + 4)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(VERSION, 4)
  bytes.writeUInt32LE(json.length, 8)
  json.copy(bytes, 12)
  let at = bytes.writeUInt32LE(tokens.length, 12 + json.length)
  for (const token of tokens) at = bytes.writeUInt32LE(token, at)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, at)), at)
  return bytes
}

/** @throws Error saying what is wrong with the file */
function readHead(path: string): Head {
  const bytes = readFileSync(path)
  if (bytes.length < 20 || bytes.readUInt32LE(0) !== MAGIC) throw new Error('its head is not ours')
  if (bytes.readUInt32LE(4) !== VERSION) throw new Error('its head is of another version')
  const end = bytes.length - 4
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end))
    throw new Error('the checksum of its head does not hold')
  const jsonEnd = 12 + bytes.readUInt32LE(8)
  const rest = JSON.parse(bytes.toString('utf8', 12, jsonEnd)) as Omit<Head, 'tokens'>
  const tokens = Array.from({ length: bytes.readUInt32LE(jsonEnd) }, (_, i) => bytes.readUInt32LE(jsonEnd + 4 + i * 4))
  return { ...rest, tokens }
}

function crcOfFile(path: string): number {
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let crc = 0
    for (;;) {
      const read = readSync(file, chunk, 0, chunk.length, null)
      if (read === 0) return crc
      crc = crc32(chunk.subarray(0, read), crc)
    }
  } finally {
    closeSync(file)
  }
}

function hashed(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 32)
}

function folderNames(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}
