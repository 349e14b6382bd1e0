/**
 * Reads the header of a GGUF file before native code sees it, and refuses what would make that code fail badly.
 *
 * llama.cpp checks much, but it also asserts (which ends the process), divides by hyperparameters and reads arrays by
 * the length of another one. So the form is checked here first: sizes and counts against the length of the file, and
 * the place of every tensor. What the contents must be is `check-model.ts`.
 * Layout: `src/platform/gguf-format.ts`.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import {
  GGUF_ALIGNMENT_DEFAULT,
  GGUF_ARRAY,
  GGUF_DIMENSIONS_MAX,
  GGUF_KEY_BYTES_MAX,
  GGUF_STRING,
  GGUF_TENSOR_NAME_BYTES_MAX,
  GGUF_TENSOR_TYPES,
  GGUF_VALUE_BYTES,
  ggufScalar,
  isGgufAlignment,
} from '../../src/platform/gguf-format.ts'
import { EngineError } from '../token-engine.ts'
import { whatIsWrong } from './check-model.ts'
import { type GgufMetadata, type GgufTensor, type GgufValue, numberOf } from './gguf-header.ts'

export type GgufSummary = {
  version: number
  architecture: string
  metadata: GgufMetadata
  tensors: number
  /** Of all files of the set. */
  bytes: number
}

/** Far above any real model; keeps a hostile count from costing memory before the file's end is reached. */
const KEYS_MAX = 65_536
const TENSORS_MAX = 1_048_576
const NUMBERS_KEPT = 1024

/**
 * Checks a model file, and the other files of its set where it is split.
 * @throws EngineError `engine.model_missing` or `engine.model_broken`, naming what is wrong and where
 */
export function checkGguf(path: string): GgufSummary {
  const first = checkFile(path)
  const count = numberOf(first.metadata.get('split.count')) ?? 1
  const part = numberOf(first.metadata.get('split.no')) ?? 0
  if (part !== 0) throw broken(path, `it is part ${part + 1} of a set of ${count} files; the first one must be named`)
  if (count <= 1) return checked(path, first)
  const names = /^(.*-)(\d{5})(-of-\d{5}\.gguf)$/.exec(path)
  if (names === null)
    throw broken(path, `it says that it is one of ${count} files, but its name is not …-00001-of-000NN.gguf`)
  let { bytes, tensors } = first
  const list = [...first.list]
  for (let number = 2; number <= count; number++) {
    const next = checkFile(`${names[1]}${String(number).padStart(5, '0')}${names[3]}`)
    bytes += next.bytes
    tensors += next.tensors
    list.push(...next.list)
  }
  return checked(path, { ...first, bytes, tensors, list })
}

function checked(path: string, summary: FileSummary): GgufSummary {
  const wrong = whatIsWrong(summary.architecture, summary.metadata, summary.list)
  if (wrong !== null) throw broken(path, wrong)
  return summary
}

type FileSummary = GgufSummary & { list: readonly GgufTensor[] }

function checkFile(path: string): FileSummary {
  if (!existsSync(path)) throw new EngineError('engine.model_missing', `There is no model file at ${path}.`)
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw new EngineError(
      'engine.model_missing',
      `The model file ${path} cannot be read: ${(error as Error).message}.`,
      {
        cause: error,
      },
    )
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw new EngineError('engine.model_missing', `${path} is not a file.`)
    return readHeader(path, new Cursor(path, file, stat.size))
  } finally {
    closeSync(file)
  }
}

function readHeader(path: string, cursor: Cursor): FileSummary {
  if (cursor.size < 24) throw broken(path, `it has ${cursor.size} bytes, less than the smallest header`)
  const magic = cursor.bytes(4, 'the magic number').toString('latin1')
  if (magic !== 'GGUF') throw broken(path, 'it is not a GGUF file')
  const version = cursor.u32('the version')
  if (version >>> 16 !== 0) throw broken(path, 'it is a big-endian file, which this machine cannot use')
  if (version !== 2 && version !== 3) throw broken(path, `its GGUF version is ${version}; versions 2 and 3 are known`)
  const tensors = cursor.count('the number of tensors', TENSORS_MAX)
  const keys = cursor.count('the number of metadata keys', KEYS_MAX)

  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < keys; i++) {
    const key = cursor.string(`metadata key ${i + 1} of ${keys}`, GGUF_KEY_BYTES_MAX)
    if (key === '') throw broken(path, `metadata key ${i + 1} of ${keys} is empty`)
    if (metadata.has(key)) throw broken(path, `the metadata key ${key} is there twice`)
    metadata.set(key, readValue(path, cursor, key))
  }

  const alignment = metadata.has('general.alignment')
    ? (numberOf(metadata.get('general.alignment')) ?? Number.NaN)
    : GGUF_ALIGNMENT_DEFAULT
  if (!isGgufAlignment(alignment)) throw broken(path, `its alignment is ${alignment}, not a power of two from 8`)
  const list: GgufTensor[] = []
  const places: { name: string; start: number; end: number }[] = []
  const names = new Set<string>()
  for (let i = 0; i < tensors; i++) {
    const name = cursor.string(`the name of tensor ${i + 1} of ${tensors}`, GGUF_TENSOR_NAME_BYTES_MAX)
    if (names.has(name)) throw broken(path, `the tensor ${name} is there twice`)
    names.add(name)
    const dimensions = cursor.u32(`the shape of tensor ${name}`)
    if (dimensions > GGUF_DIMENSIONS_MAX) throw broken(path, `tensor ${name} has ${dimensions} dimensions`)
    const shape: number[] = []
    for (let d = 0; d < dimensions; d++) shape.push(cursor.u64(`the shape of tensor ${name}`))
    const type = cursor.u32(`the type of tensor ${name}`)
    const start = cursor.u64(`the place of tensor ${name}`)
    if (start % alignment !== 0) throw broken(path, `tensor ${name} does not begin at a multiple of ${alignment}`)
    list.push({ name, shape, type })
    places.push({ name, start, end: start + tensorBytes(path, name, shape, type) })
  }
  const dataStart = Math.ceil(cursor.position / alignment) * alignment
  places.sort((a, b) => a.start - b.start)
  for (const [i, { name, start, end }] of places.entries()) {
    if (dataStart + end > cursor.size) {
      throw broken(path, `tensor ${name} ends at byte ${dataStart + end}, the file at ${cursor.size}: it is cut off`)
    }
    const before = places[i - 1]
    if (before !== undefined && before.end > start) throw broken(path, `tensors ${before.name} and ${name} overlap`)
  }
  const architecture = metadata.get('general.architecture')
  return {
    version,
    architecture: typeof architecture === 'string' ? architecture : '',
    metadata,
    tensors,
    bytes: cursor.size,
    list,
  }
}

function readValue(path: string, cursor: Cursor, key: string): GgufValue {
  const type = cursor.u32(`the type of ${key}`)
  if (type === GGUF_STRING) return cursor.string(key)
  if (type !== GGUF_ARRAY) return readScalar(path, cursor, key, type)
  const of = cursor.u32(`the type of ${key}`)
  const length = cursor.u64(`the length of ${key}`)
  if (of === GGUF_STRING) {
    // Every string has at least its length, so a hostile count ends at the end of the file.
    if (length * 8 > cursor.left) throw broken(path, `${key} says it has ${length} texts, more than the file can hold`)
    const texts: string[] | null = key === 'tokenizer.ggml.tokens' ? [] : null
    for (let i = 0; i < length; i++) {
      if (texts === null) cursor.skip(cursor.u64(key), key)
      else texts.push(cursor.string(`token ${i}`))
    }
    return { arrayOf: of, length, numbers: null, texts }
  }
  const width = GGUF_VALUE_BYTES[of]
  if (width === undefined) throw broken(path, `${key} is a list of an unknown type (${of})`)
  if (length * width > cursor.left)
    throw broken(path, `${key} says it has ${length} values, more than the file can hold`)
  if (length > NUMBERS_KEPT) {
    cursor.skip(length * width, key)
    return { arrayOf: of, length, numbers: null, texts: null }
  }
  const numbers = Array.from({ length }, () => Number(readScalar(path, cursor, key, of)))
  return { arrayOf: of, length, numbers, texts: null }
}

function readScalar(path: string, cursor: Cursor, key: string, type: number): number | bigint | boolean {
  const width = GGUF_VALUE_BYTES[type]
  if (width === undefined) throw broken(path, `${key} has an unknown type (${type})`)
  return ggufScalar(cursor.bytes(width, key), type)
}

function tensorBytes(path: string, name: string, shape: readonly number[], type: number): number {
  const known = GGUF_TENSOR_TYPES[type]
  if (known === undefined) throw broken(path, `tensor ${name} has type ${type}, which this engine does not know`)
  const [, values, bytes] = known
  const row = shape[0] ?? 1
  if (row % values !== 0) throw broken(path, `a row of tensor ${name} has ${row} values, not a multiple of ${values}`)
  const total = shape.reduce((product, size) => product * size, 1)
  if (shape.some((size) => size < 1) || !Number.isSafeInteger(total * bytes)) {
    throw broken(path, `tensor ${name} has the impossible shape ${shape.join(' × ')}`)
  }
  return (total / values) * bytes
}

function broken(path: string, what: string): EngineError {
  return new EngineError('engine.model_broken', `The model file ${path} is broken: ${what}.`)
}

/** Reads forwards through a window, so that a header of some megabytes costs few system calls. */
class Cursor {
  readonly size: number
  position = 0
  readonly #path: string
  readonly #file: number
  #window: Buffer = Buffer.alloc(0)
  #windowStart = 0

  constructor(path: string, file: number, size: number) {
    this.#path = path
    this.#file = file
    this.size = size
  }

  get left(): number {
    return this.size - this.position
  }

  bytes(length: number, what: string): Buffer {
    this.#require(length, what)
    const start = this.position - this.#windowStart
    if (start < 0 || start + length > this.#window.length) {
      const window = Buffer.allocUnsafe(Math.min(this.left, Math.max(length, 1 << 20)))
      const read = readSync(this.#file, window, 0, window.length, this.position)
      if (read < length) throw broken(this.#path, `it ends within ${what}`)
      this.#window = window.subarray(0, read)
      this.#windowStart = this.position
    }
    const from = this.position - this.#windowStart
    this.position += length
    return this.#window.subarray(from, from + length)
  }

  skip(length: number, what: string): void {
    this.#require(length, what)
    this.position += length
  }

  u32(what: string): number {
    return this.bytes(4, what).readUInt32LE(0)
  }

  u64(what: string): number {
    const value = this.bytes(8, what).readBigUInt64LE(0)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken(this.#path, `${what} is ${value}`)
    return Number(value)
  }

  count(what: string, most: number): number {
    const value = this.u64(what)
    if (value > most) throw broken(this.#path, `${what} is ${value}, more than ${most}`)
    return value
  }

  string(what: string, most = this.left): string {
    const length = this.u64(what)
    if (length > most) throw broken(this.#path, `${what} is ${length} bytes long`)
    return this.bytes(length, what).toString('utf8')
  }

  #require(length: number, what: string): void {
    if (length > this.left) throw broken(this.#path, `it ends within ${what}`)
  }
}
