/**
 * What GGUF says of itself: the sizes of its value types and tensor types, and how a plain value is read. Pure.
 *
 * Two readers walk headers with it. The catalogue's reads ranges, from a disk or over a network, and says whether a file is
 * worth keeping. The engine host's reads synchronously, in a process whose one thread of libuv's pool belongs to decoding,
 * and refuses what would take the native code down.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
 */

export const GGUF_STRING = 8
export const GGUF_ARRAY = 9

/** Bytes of the plain value types, by their number. */
export const GGUF_VALUE_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
}

/** The format allows no longer one. */
export const GGUF_KEY_BYTES_MAX = 65_535
/** ggml keeps 64 bytes for a name and its end. */
export const GGUF_TENSOR_NAME_BYTES_MAX = 63
export const GGUF_DIMENSIONS_MAX = 4
export const GGUF_ALIGNMENT_DEFAULT = 32

/** ggml's tensor types: name, weights in a block, bytes of a block. Removed ones are missing. Source: ggml.c, type_traits. */
export const GGUF_TENSOR_TYPES: Readonly<Record<number, readonly [name: string, weights: number, bytes: number]>> = {
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

export function isGgufAlignment(value: number): boolean {
  return Number.isInteger(value) && value >= 8 && value <= 1 << 20 && (value & (value - 1)) === 0
}

/** @param bytes as many as `GGUF_VALUE_BYTES` says of the type */
export function ggufScalar(bytes: Buffer, type: number): number | bigint | boolean {
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
