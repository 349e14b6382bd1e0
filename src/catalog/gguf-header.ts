/**
 * Reads the header of a GGUF file: what the model is, and whether the file can be what it says it is.
 *
 *   magic "GGUF" │ version │ tensors │ pairs │ key, type, value … │ name, dimensions, type, offset … │ padding │ data
 *
 * The header comes from strangers, so nothing in it is believed before it is checked: every count, length and offset has
 * a bound, long arrays are skipped and not kept, and each tensor must lie within the file. The native loader that reads
 * the file later is C++ and less patient. Written here rather than taken from a package, since the bounds are the point,
 * and since a header is read the same way from a disk and from a hub by ranges (`ReadAt`), before any download.
 *
 * Format: `src/platform/gguf-format.ts`.
 */
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
} from '../platform/gguf-format.ts'

/** Gives `length` bytes from `offset`, or fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>

export type GgufValue = string | number | bigint | boolean | GgufArray
/** Strings and numbers of long arrays (vocabularies) are counted, not kept. */
export type GgufArray = { length: number; values: (string | number | bigint | boolean)[] | null }

export type GgufHeader = {
  version: number
  metadata: Map<string, GgufValue>
  tensorCount: number
  /** Sum over all tensors of the product of their dimensions. */
  parameters: number
  /** Where tensor data begins. */
  dataOffset: number
  /** Tensor type that holds the most parameters, by ggml's name: `Q4_K`; `type 99` when we do not know it. */
  mainType: string
}

/** Why a file is not a GGUF file we load. The caller names the file. */
export class GgufBroken extends Error {
  override name = 'GgufBroken'
}

const HEADER_BYTES_MAX = 256 * 1024 * 1024
const PAIRS_MAX = 65_536
const TENSORS_MAX = 1_000_000
const STRING_BYTES_MAX = 16 * 1024 * 1024
const ARRAY_LENGTH_MAX = 16_777_216
const ARRAY_KEPT_MAX = 1024
const CHUNK_BYTES = 1 << 20

/**
 * @param sizeBytes of the whole file
 * @throws GgufBroken with the reason, for anything that is not a whole and plausible GGUF file
 */
export async function readGgufHeader(readAt: ReadAt, sizeBytes: number): Promise<GgufHeader> {
  const reader = new Reader(readAt, sizeBytes)
  if ((await reader.text(4)) !== 'GGUF') throw new GgufBroken('it does not begin with the letters GGUF.')
  const version = await reader.u32()
  if (version < 2 || version > 3)
    throw new GgufBroken(
      `its GGUF version is ${version}; versions 2 and 3 are read (a big-endian file shows as a huge number).`,
    )
  const tensorCount = await reader.count('tensors', TENSORS_MAX)
  const pairCount = await reader.count('metadata entries', PAIRS_MAX)
  if (tensorCount === 0) throw new GgufBroken('it holds no tensors.')

  const metadata = new Map<string, GgufValue>()
  for (let index = 0; index < pairCount; index++) {
    const key = await reader.string(GGUF_KEY_BYTES_MAX)
    if (key === '') throw new GgufBroken('its metadata has an entry without a name.')
    if (metadata.has(key)) throw new GgufBroken(`its metadata names ${JSON.stringify(key.slice(0, 80))} twice.`)
    metadata.set(key, await reader.value(await reader.u32()))
  }

  const tensors = await readTensors(reader, tensorCount)
  const alignment = alignmentOf(metadata)
  const dataOffset = Math.ceil(reader.offset / alignment) * alignment
  return { version, metadata, tensorCount, dataOffset, ...sumTensors(tensors, dataOffset, alignment, sizeBytes) }
}

type Tensor = { name: string; parameters: number; type: number; offset: number; firstDimension: number }

async function readTensors(reader: Reader, count: number): Promise<Tensor[]> {
  const tensors: Tensor[] = []
  const names = new Set<string>()
  for (let index = 0; index < count; index++) {
    const name = await reader.string(GGUF_TENSOR_NAME_BYTES_MAX)
    if (names.has(name)) throw new GgufBroken(`it names tensor ${JSON.stringify(name.slice(0, 80))} twice.`)
    names.add(name)
    const dimensions = await reader.u32()
    if (dimensions > GGUF_DIMENSIONS_MAX)
      throw new GgufBroken(`tensor ${JSON.stringify(name.slice(0, 80))} has ${dimensions} dimensions.`)
    let parameters = 1
    let firstDimension = 1
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const size = await reader.u64()
      if (dimension === 0) firstDimension = size
      if (size === 0) throw new GgufBroken(`tensor ${JSON.stringify(name.slice(0, 80))} has a dimension of 0.`)
      parameters *= size
    }
    if (!Number.isSafeInteger(parameters))
      throw new GgufBroken(`tensor ${JSON.stringify(name.slice(0, 80))} has impossible dimensions.`)
    tensors.push({ name, parameters, firstDimension, type: await reader.u32(), offset: await reader.u64() })
  }
  return tensors
}

function alignmentOf(metadata: Map<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? GGUF_ALIGNMENT_DEFAULT
  if (typeof alignment !== 'number' || !isGgufAlignment(alignment))
    throw new GgufBroken(`its alignment is ${String(alignment)}, which is no power of two from 8 to 1048576.`)
  return alignment
}

function sumTensors(tensors: Tensor[], dataOffset: number, alignment: number, sizeBytes: number) {
  let parameters = 0
  const parametersByType = new Map<number, number>()
  let covered = 0
  tensors.sort((one, other) => one.offset - other.offset)
  for (const tensor of tensors) {
    const known = GGUF_TENSOR_TYPES[tensor.type]
    const bytes = known ? (tensor.parameters / known[1]) * known[2] : 0
    const name = JSON.stringify(tensor.name.slice(0, 80))
    if (known && tensor.firstDimension % known[1] !== 0)
      throw new GgufBroken(`tensor ${name} does not fill whole blocks of ${known[0]}.`)
    if (tensor.offset % alignment !== 0)
      throw new GgufBroken(`tensor ${name} begins at ${tensor.offset}, off the alignment of ${alignment}.`)
    if (tensor.offset < covered) throw new GgufBroken(`tensor ${name} overlaps the one before it.`)
    covered = tensor.offset + bytes
    const end = dataOffset + tensor.offset + bytes
    if (end > sizeBytes)
      throw new GgufBroken(
        `tensor ${name} would end at byte ${end}, but the file has ${sizeBytes}; it is cut short or broken.`,
      )
    parameters += tensor.parameters
    parametersByType.set(tensor.type, (parametersByType.get(tensor.type) ?? 0) + tensor.parameters)
  }
  const [mainType = 0] = [...parametersByType].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, -1])
  return { parameters, mainType: GGUF_TENSOR_TYPES[mainType]?.[0] ?? `type ${mainType}` }
}

/** Walks forward through the header in chunks; refuses to pass the end of the file or the bound of a header. */
class Reader {
  offset = 0
  readonly #readAt: ReadAt
  readonly #limit: number
  readonly #sizeBytes: number
  #chunk: Buffer = Buffer.alloc(0)
  #chunkOffset = 0

  constructor(readAt: ReadAt, sizeBytes: number) {
    this.#readAt = readAt
    this.#sizeBytes = sizeBytes
    this.#limit = Math.min(sizeBytes, HEADER_BYTES_MAX)
  }

  async u32(): Promise<number> {
    return (await this.take(4)).readUInt32LE(0)
  }

  async u64(): Promise<number> {
    const value = (await this.take(8)).readBigUInt64LE(0)
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new GgufBroken(`a number in its header is impossibly large (${value}).`)
    return Number(value)
  }

  async count(what: string, most: number): Promise<number> {
    const value = await this.u64()
    if (value > most) throw new GgufBroken(`it claims ${value} ${what}; at most ${most} are read.`)
    return value
  }

  async text(length: number): Promise<string> {
    return (await this.take(length)).toString('utf8')
  }

  async string(bytesMax: number): Promise<string> {
    const length = await this.u64()
    if (length > bytesMax)
      throw new GgufBroken(`a text in its header claims ${length} bytes; at most ${bytesMax} are read.`)
    return this.text(length)
  }

  async value(type: number): Promise<GgufValue> {
    if (type === GGUF_STRING) return this.string(STRING_BYTES_MAX)
    if (type === GGUF_ARRAY) return this.#array()
    const bytes = GGUF_VALUE_BYTES[type]
    if (bytes === undefined) throw new GgufBroken(`its metadata uses value type ${type}, which does not exist.`)
    return ggufScalar(await this.take(bytes), type)
  }

  async #array(): Promise<GgufArray> {
    const type = await this.u32()
    if (type === GGUF_ARRAY) throw new GgufBroken('its metadata nests arrays in arrays.')
    const length = await this.count('entries in one array', ARRAY_LENGTH_MAX)
    const kept = length <= ARRAY_KEPT_MAX
    const bytes = GGUF_VALUE_BYTES[type]
    if (bytes !== undefined && !kept) {
      this.#skip(length * bytes)
      return { length, values: null }
    }
    const values: GgufArray['values'] = kept ? [] : null
    for (let index = 0; index < length; index++) {
      if (!kept && type === GGUF_STRING) {
        // An array of texts has no known length in bytes: walk it, keep nothing.
        const textBytes = await this.u64()
        if (textBytes > STRING_BYTES_MAX) throw new GgufBroken(`a text in its header claims ${textBytes} bytes.`)
        this.#skip(textBytes)
      } else {
        values?.push((await this.value(type)) as string | number | bigint | boolean)
      }
    }
    return { length, values }
  }

  #skip(bytes: number): void {
    if (this.offset + bytes > this.#limit) throw this.#beyond(bytes)
    this.offset += bytes
  }

  async take(length: number): Promise<Buffer> {
    if (this.offset + length > this.#limit) throw this.#beyond(length)
    const from = this.offset - this.#chunkOffset
    if (from < 0 || from + length > this.#chunk.length) {
      const wanted = Math.min(Math.max(length, CHUNK_BYTES), this.#limit - this.offset)
      const read = await this.#readAt(this.offset, wanted)
      this.#chunk = Buffer.from(read.buffer, read.byteOffset, read.byteLength)
      this.#chunkOffset = this.offset
      if (this.#chunk.length < length) throw this.#beyond(length)
    }
    const start = this.offset - this.#chunkOffset
    this.offset += length
    return this.#chunk.subarray(start, start + length)
  }

  #beyond(length: number): GgufBroken {
    return this.#limit < this.#sizeBytes
      ? new GgufBroken(`its header is longer than ${HEADER_BYTES_MAX} bytes.`)
      : new GgufBroken(
          `its header wants ${length} bytes at ${this.offset}, past the end at ${this.#sizeBytes}; it is cut short or broken.`,
        )
  }
}
