/**
 * Reads a well-formed GGUF file back, and says at which byte each field stands, so that `broken-models.ts` can damage
 * exactly one field of any good file. It trusts its input; the product's own header check must not, and is elsewhere.
 */

import {
  alignmentOf,
  GGUF_VALUE_TYPES,
  type GgufArray,
  type GgufFile,
  type GgufTensor,
  type GgufValue,
  type GgufValueType,
  padded,
} from './gguf-writer.ts'

/** Byte positions of the fields of one file. */
export type GgufLayout = {
  versionAt: number
  tensorCountAt: number
  metadataCountAt: number
  metadata: ReadonlyMap<string, { keyAt: number; typeAt: number; valueAt: number }>
  tensors: ReadonlyMap<
    string,
    { nameAt: number; dimensionCountAt: number; dimensionsAt: number; typeAt: number; offsetAt: number; dataAt: number }
  >
  /** Where the tensor infos end and padding starts. */
  headerEnd: number
  dataAt: number
}

const TYPE_NAMES = Object.keys(GGUF_VALUE_TYPES) as GgufValueType[]

/** @throws RangeError the bytes end too early (from DataView) */
export function readGguf(bytes: Uint8Array): { file: GgufFile; layout: GgufLayout } {
  const input = new ByteReader(bytes)
  input.at = 4
  const versionAt = input.at
  input.uint32()
  const tensorCountAt = input.at
  const tensorCount = input.uint64()
  const metadataCountAt = input.at
  const metadataCount = input.uint64()

  const metadata = new Map<string, GgufValue>()
  const metadataLayout = new Map<string, { keyAt: number; typeAt: number; valueAt: number }>()
  for (let index = 0; index < metadataCount; index++) {
    const keyAt = input.at
    const key = input.string()
    const typeAt = input.at
    const type = TYPE_NAMES[input.uint32()]!
    metadataLayout.set(key, { keyAt, typeAt, valueAt: input.at })
    metadata.set(key, input.value(type))
  }

  const infos = Array.from({ length: tensorCount }, () => {
    const nameAt = input.at
    const name = input.string()
    const dimensionCountAt = input.at
    const dimensionCount = input.uint32()
    const dimensionsAt = input.at
    const shape = Array.from({ length: dimensionCount }, () => input.uint64())
    const typeAt = input.at
    const type = input.uint32()
    const offsetAt = input.at
    const offset = input.uint64()
    return { name, shape, type, offset, at: { nameAt, dimensionCountAt, dimensionsAt, typeAt, offsetAt } }
  })
  const headerEnd = input.at
  const dataAt = padded(headerEnd, alignmentOf(metadata))

  // The reader knows no tensor type's size: a tensor's bytes run up to where the next one starts, padding included.
  const starts = [...infos.map((info) => info.offset), bytes.length - dataAt].sort((a, b) => a - b)
  const tensors = infos.map(({ name, shape, type, offset }): GgufTensor => {
    const end = starts.find((start) => start > offset) ?? offset
    return { name, shape, type, data: bytes.subarray(dataAt + offset, dataAt + end) }
  })
  return {
    file: { metadata, tensors },
    layout: {
      versionAt,
      tensorCountAt,
      metadataCountAt,
      metadata: metadataLayout,
      tensors: new Map(infos.map(({ name, offset, at }) => [name, { ...at, dataAt: dataAt + offset }])),
      headerEnd,
      dataAt,
    },
  }
}

class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  uint32(): number {
    return this.#take(4, (view, at) => view.getUint32(at, true))
  }

  /** As a number: no size in a file that fits in memory passes 2^53. */
  uint64(): number {
    return Number(this.#take(8, (view, at) => view.getBigUint64(at, true)))
  }

  string(): string {
    const length = this.uint64()
    this.at += length
    return Buffer.from(this.#bytes.subarray(this.at - length, this.at)).toString('utf8')
  }

  value(type: GgufValueType): GgufValue {
    switch (type) {
      case 'array':
        return this.#array()
      case 'string':
        return { type, value: this.string() }
      case 'bool':
        return { type, value: this.#take(1, (view, at) => view.getUint8(at)) !== 0 }
      case 'uint64':
        return { type, value: this.#take(8, (view, at) => view.getBigUint64(at, true)) }
      case 'int64':
        return { type, value: this.#take(8, (view, at) => view.getBigInt64(at, true)) }
      case 'uint8':
        return { type, value: this.#take(1, (view, at) => view.getUint8(at)) }
      case 'int8':
        return { type, value: this.#take(1, (view, at) => view.getInt8(at)) }
      case 'uint16':
        return { type, value: this.#take(2, (view, at) => view.getUint16(at, true)) }
      case 'int16':
        return { type, value: this.#take(2, (view, at) => view.getInt16(at, true)) }
      case 'uint32':
        return { type, value: this.uint32() }
      case 'int32':
        return { type, value: this.#take(4, (view, at) => view.getInt32(at, true)) }
      case 'float32':
        return { type, value: this.#take(4, (view, at) => view.getFloat32(at, true)) }
      case 'float64':
        return { type, value: this.#take(8, (view, at) => view.getFloat64(at, true)) }
    }
  }

  #array(): GgufArray {
    const of = TYPE_NAMES[this.uint32()]!
    const length = this.uint64()
    const items = Array.from({ length }, () => this.value(of))
    const value = of === 'array' ? items : items.map((item) => item.value)
    // Every item was read as `of`, which the compiler cannot follow through a mapped array.
    return { type: 'array', of, value } as GgufArray
  }

  #take<T>(size: number, read: (view: DataView, at: number) => T): T {
    const value = read(this.#view, this.at)
    this.at += size
    return value
  }
}
