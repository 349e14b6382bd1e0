/**
 * Writes GGUF, version 3: the file format of llama.cpp's weights and adapters.
 *
 *   "GGUF" · version u32 · tensor count u64 · metadata count u64
 *   metadata:     key (u64 length + UTF-8) · type u32 · value
 *   tensor infos: name · dimension count u32 · dimensions u64… · type u32 · offset u64 from the start of the data
 *   padding to the alignment, then each tensor's bytes, each padded to the alignment; everything little-endian
 *
 * Shapes are in ggml's own order, fastest-running dimension first: a matrix that maps 64 inputs to 192 outputs is
 * `[64, 192]` here and `(192, 64)` in PyTorch.
 * The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The Python package `gguf` writes it too; it
 * lost because the tests would then need Python, and because it refuses to write most of the broken files we want.
 */

/** Type ids of metadata values, as they stand in the file. */
export const GGUF_VALUE_TYPES = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const

export type GgufValueType = keyof typeof GGUF_VALUE_TYPES
type NumberType = 'uint8' | 'int8' | 'uint16' | 'int16' | 'uint32' | 'int32' | 'float32' | 'float64'
type BigintType = 'uint64' | 'int64'

/** A typed metadata value. Arrays may hold arrays, though llama.cpp refuses those. */
export type GgufValue =
  | { type: NumberType; value: number }
  | { type: BigintType; value: bigint }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | GgufArray

export type GgufArray =
  | { type: 'array'; of: NumberType; value: readonly number[] }
  | { type: 'array'; of: BigintType; value: readonly bigint[] }
  | { type: 'array'; of: 'bool'; value: readonly boolean[] }
  | { type: 'array'; of: 'string'; value: readonly string[] }
  | { type: 'array'; of: 'array'; value: readonly GgufArray[] }

/** Type ids of tensors (`ggml_type`) that this writer can fill. A tensor read from elsewhere may have any other id. */
export const TENSOR_TYPES = { f32: 0, f16: 1, q8_0: 8 } as const
export type TensorType = keyof typeof TENSOR_TYPES

export type GgufTensor = {
  name: string
  /** Fastest-running dimension first; one to four of them. */
  shape: readonly number[]
  /** `ggml_type`. */
  type: number
  data: Uint8Array
}

export type GgufFile = {
  /** Written in this order. `general.alignment` (uint32) sets the alignment; without it, 32. */
  metadata: ReadonlyMap<string, GgufValue>
  tensors: readonly GgufTensor[]
}

export const ALIGNMENT_DEFAULT = 32

export const u32 = (value: number): GgufValue => ({ type: 'uint32', value })
export const f32 = (value: number): GgufValue => ({ type: 'float32', value })
export const bool = (value: boolean): GgufValue => ({ type: 'bool', value })
export const text = (value: string): GgufValue => ({ type: 'string', value })
export const texts = (value: readonly string[]): GgufValue => ({ type: 'array', of: 'string', value })
export const i32s = (value: readonly number[]): GgufValue => ({ type: 'array', of: 'int32', value })
export const f32s = (value: readonly number[]): GgufValue => ({ type: 'array', of: 'float32', value })

/**
 * A tensor from plain numbers, in the order they lie in memory (first dimension runs fastest).
 * @throws RangeError the shape and the numbers disagree, or a q8_0 row is no multiple of 32
 */
export function tensor(name: string, shape: readonly number[], type: TensorType, values: Float32Array): GgufTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  if (count !== values.length)
    throw new RangeError(`${name}: shape [${shape}] wants ${count} values, got ${values.length}`)
  if (type === 'q8_0' && shape[0]! % Q8_BLOCK !== 0)
    throw new RangeError(`${name}: rows of ${shape[0]} are no multiple of ${Q8_BLOCK}, as q8_0 needs`)
  return { name, shape, type: TENSOR_TYPES[type], data: ENCODERS[type](values) }
}

/** The whole file as bytes. Does not judge its content: a file that no loader accepts can be written too. */
export function encodeGguf(file: GgufFile): Uint8Array {
  const out = new ByteWriter()
  out.bytes(Buffer.from('GGUF'))
  out.scalar('uint32', 3)
  out.scalar('uint64', BigInt(file.tensors.length))
  out.scalar('uint64', BigInt(file.metadata.size))
  for (const [key, value] of file.metadata) {
    out.string(key)
    out.scalar('uint32', GGUF_VALUE_TYPES[value.type])
    out.value(value)
  }

  const alignment = alignmentOf(file.metadata)
  let offset = 0
  for (const { name, shape, type, data } of file.tensors) {
    out.string(name)
    out.scalar('uint32', shape.length)
    for (const size of shape) out.scalar('uint64', BigInt(size))
    out.scalar('uint32', type)
    out.scalar('uint64', BigInt(offset))
    offset += padded(data.length, alignment)
  }
  out.pad(alignment)
  for (const { data } of file.tensors) {
    out.bytes(data)
    out.pad(alignment)
  }
  return out.done()
}

/** The alignment that the metadata asks for. Zero or a wrong type counts as the default: the writer must not loop. */
export function alignmentOf(metadata: GgufFile['metadata']): number {
  const asked = metadata.get('general.alignment')
  return asked?.type === 'uint32' && asked.value > 0 ? asked.value : ALIGNMENT_DEFAULT
}

export function padded(size: number, alignment: number): number {
  return Math.ceil(size / alignment) * alignment
}

const SCALAR_WRITERS = {
  uint8: { size: 1, write: (view, at, value) => view.setUint8(at, Number(value)) },
  int8: { size: 1, write: (view, at, value) => view.setInt8(at, Number(value)) },
  uint16: { size: 2, write: (view, at, value) => view.setUint16(at, Number(value), true) },
  int16: { size: 2, write: (view, at, value) => view.setInt16(at, Number(value), true) },
  uint32: { size: 4, write: (view, at, value) => view.setUint32(at, Number(value), true) },
  int32: { size: 4, write: (view, at, value) => view.setInt32(at, Number(value), true) },
  float32: { size: 4, write: (view, at, value) => view.setFloat32(at, Number(value), true) },
  bool: { size: 1, write: (view, at, value) => view.setUint8(at, value ? 1 : 0) },
  uint64: { size: 8, write: (view, at, value) => view.setBigUint64(at, BigInt(value), true) },
  int64: { size: 8, write: (view, at, value) => view.setBigInt64(at, BigInt(value), true) },
  float64: { size: 8, write: (view, at, value) => view.setFloat64(at, Number(value), true) },
} satisfies Record<
  Exclude<GgufValueType, 'string' | 'array'>,
  { size: number; write: (view: DataView, at: number, value: number | bigint | boolean) => void }
>

class ByteWriter {
  #chunks: Uint8Array[] = []
  #length = 0

  bytes(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  scalar(type: keyof typeof SCALAR_WRITERS, value: number | bigint | boolean): void {
    const { size, write } = SCALAR_WRITERS[type]
    const chunk = new Uint8Array(size)
    write(new DataView(chunk.buffer), 0, value)
    this.bytes(chunk)
  }

  string(value: string): void {
    const bytes = Buffer.from(value, 'utf8')
    this.scalar('uint64', BigInt(bytes.length))
    this.bytes(bytes)
  }

  value(value: GgufValue): void {
    if (value.type === 'array') this.array(value)
    else if (value.type === 'string') this.string(value.value)
    else this.scalar(value.type, value.value)
  }

  array(array: GgufArray): void {
    this.scalar('uint32', GGUF_VALUE_TYPES[array.of])
    this.scalar('uint64', BigInt(array.value.length))
    if (array.of === 'string') for (const item of array.value) this.string(item)
    else if (array.of === 'array') for (const item of array.value) this.array(item)
    else for (const item of array.value) this.scalar(array.of, item)
  }

  pad(alignment: number): void {
    this.bytes(new Uint8Array(padded(this.#length, alignment) - this.#length))
  }

  done(): Uint8Array {
    return Buffer.concat(this.#chunks, this.#length)
  }
}

/** Numbers in one q8_0 block: a half-precision scale, then 32 signed bytes. */
const Q8_BLOCK = 32

const ENCODERS: Record<TensorType, (values: Float32Array) => Uint8Array> = {
  f32(values) {
    const view = new DataView(new ArrayBuffer(values.length * 4))
    values.forEach((value, index) => {
      view.setFloat32(index * 4, value, true)
    })
    return new Uint8Array(view.buffer)
  },
  f16(values) {
    const view = new DataView(new ArrayBuffer(values.length * 2))
    values.forEach((value, index) => {
      view.setUint16(index * 2, halfBits(value), true)
    })
    return new Uint8Array(view.buffer)
  },
  q8_0(values) {
    const blockBytes = 2 + Q8_BLOCK
    const view = new DataView(new ArrayBuffer((values.length / Q8_BLOCK) * blockBytes))
    for (let block = 0; block * Q8_BLOCK < values.length; block++) {
      const numbers = values.subarray(block * Q8_BLOCK, (block + 1) * Q8_BLOCK)
      const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const scale = largest / 127
      view.setUint16(block * blockBytes, halfBits(scale), true)
      numbers.forEach((value, index) => {
        view.setInt8(block * blockBytes + 2 + index, scale === 0 ? 0 : Math.round(value / scale))
      })
    }
    return new Uint8Array(view.buffer)
  },
}

/** The 16 bits of the nearest half-precision number, ties to even; beyond its range, infinity. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (size === 0) return sign
  // 2^-14 is the smallest normal half; below it the step between neighbours stays 2^-24.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const steps = roundHalfToEven(size / 2 ** (exponent - 10))
  // A mantissa that rounds up to 2048 carries into the exponent by itself, because the fields are adjacent.
  const bits = steps < 1024 ? steps : (exponent + 14) * 1024 + steps
  return sign | Math.min(bits, 0x7c00)
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
