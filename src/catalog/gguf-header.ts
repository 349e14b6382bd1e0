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
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3).
 */

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
const KEY_BYTES_MAX = 65_535
const STRING_BYTES_MAX = 16 * 1024 * 1024
const ARRAY_LENGTH_MAX = 16_777_216
const ARRAY_KEPT_MAX = 1024
/** ggml keeps 64 bytes with the closing zero. */
const NAME_BYTES_MAX = 63
const DIMENSIONS_MAX = 4

const CHUNK_BYTES = 1 << 20

/** ggml's tensor types: name, weights per block, bytes per block. Source: ggml.c of llama.cpp, type_traits. */
const TENSOR_TYPES: Record<number, readonly [string, number, number]> = {
  0: ['F32', 1, 4],
  1: ['F16', 1, 2],
  2: ['Q4_0', 32, 18],
  3: ['Q4_1', 32, 20],
  6: ['Q5_0', 32, 22],
  7: ['Q5_1', 32, 24],
  8: ['Q8_0', 32, 34],
  9: ['Q8_1', 32, 36],
  10: ['Q2_K', 256, 84],
  11: ['Q3_K', 256, 110],
  12: ['Q4_K', 256, 144],
  13: ['Q5_K', 256, 176],
  14: ['Q6_K', 256, 210],
  15: ['Q8_K', 256, 292],
  16: ['IQ2_XXS', 256, 66],
  17: ['IQ2_XS', 256, 74],
  18: ['IQ3_XXS', 256, 98],
  19: ['IQ1_S', 256, 50],
  20: ['IQ4_NL', 32, 18],
  21: ['IQ3_S', 256, 110],
  22: ['IQ2_S', 256, 82],
  23: ['IQ4_XS', 256, 136],
  24: ['I8', 1, 1],
  25: ['I16', 1, 2],
  26: ['I32', 1, 4],
  27: ['I64', 1, 8],
  28: ['F64', 1, 8],
  29: ['IQ1_M', 256, 56],
  30: ['BF16', 1, 2],
  34: ['TQ1_0', 256, 54],
  35: ['TQ2_0', 256, 66],
  39: ['MXFP4', 32, 17],
}

/** Sizes of the scalar metadata types, by their number. 8 is a string, 9 an array. */
const SCALAR_BYTES: Record<number, number> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 }
const TYPE_STRING = 8
const TYPE_ARRAY = 9

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
    const key = await reader.string(KEY_BYTES_MAX)
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
    const name = await reader.string(NAME_BYTES_MAX)
    if (names.has(name)) throw new GgufBroken(`it names tensor ${JSON.stringify(name.slice(0, 80))} twice.`)
    names.add(name)
    const dimensions = await reader.u32()
    if (dimensions > DIMENSIONS_MAX)
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
  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || alignment < 8 || alignment > 1 << 20 || (alignment & (alignment - 1)) !== 0)
    throw new GgufBroken(`its alignment is ${String(alignment)}, which is no power of two from 8 to 1048576.`)
  return alignment
}

function sumTensors(tensors: Tensor[], dataOffset: number, alignment: number, sizeBytes: number) {
  let parameters = 0
  const parametersByType = new Map<number, number>()
  let covered = 0
  tensors.sort((one, other) => one.offset - other.offset)
  for (const tensor of tensors) {
    const known = TENSOR_TYPES[tensor.type]
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
  return { parameters, mainType: TENSOR_TYPES[mainType]?.[0] ?? `type ${mainType}` }
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
    if (type === TYPE_STRING) return this.string(STRING_BYTES_MAX)
    if (type === TYPE_ARRAY) return this.#array()
    const bytes = SCALAR_BYTES[type]
    if (bytes === undefined) throw new GgufBroken(`its metadata uses value type ${type}, which does not exist.`)
    return scalar(await this.take(bytes), type)
  }

  async #array(): Promise<GgufArray> {
    const type = await this.u32()
    if (type === TYPE_ARRAY) throw new GgufBroken('its metadata nests arrays in arrays.')
    const length = await this.count('entries in one array', ARRAY_LENGTH_MAX)
    const kept = length <= ARRAY_KEPT_MAX
    const bytes = SCALAR_BYTES[type]
    if (bytes !== undefined && !kept) {
      this.#skip(length * bytes)
      return { length, values: null }
    }
    const values: GgufArray['values'] = kept ? [] : null
    for (let index = 0; index < length; index++) {
      if (!kept && type === TYPE_STRING) {
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

function scalar(bytes: Buffer, type: number): number | bigint | boolean {
  switch (type) {
    case 0:
      return bytes.readUInt8(0)
    case 1:
      return bytes.readInt8(0)
    case 2:
      return bytes.readUInt16LE(0)
    case 3:
      return bytes.readInt16LE(0)
    case 4:
      return bytes.readUInt32LE(0)
    case 5:
      return bytes.readInt32LE(0)
    case 6:
      return bytes.readFloatLE(0)
    case 7:
      return bytes.readUInt8(0) !== 0
    case 10:
      return bytes.readBigUInt64LE(0)
    case 11:
      return bytes.readBigInt64LE(0)
    default:
      return bytes.readDoubleLE(0)
  }
}
