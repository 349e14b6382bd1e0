/**
 * Weights that look trained to a loader and mean nothing: normally distributed, the same on every machine and in every
 * run, because each tensor's numbers follow from its name alone.
 */

import { quietTokens, type Vocabulary } from './byte-level-vocabulary.ts'
import { type GgufTensor, type TensorType, tensor } from './gguf-writer.ts'

export type WeightsShape = {
  name: string
  shape: readonly number[]
  type: TensorType
  /** Standard deviation. Default: 1/√(first dimension), which keeps activations near size 1. */
  spread?: number
  /** Mean. Default 0; norms use 1. */
  centre?: number
}

/** @param salt separates the weights of tensors that share a name, such as two adapters of one base */
export function randomTensor({ name, shape, type, spread, centre = 0 }: WeightsShape, salt = ''): GgufTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  const deviation = spread ?? 1 / Math.sqrt(shape[0]!)
  const normal = normalNumbers(`${salt}/${name}`)
  const values = Float32Array.from({ length: count }, () => centre + deviation * normal())
  return tensor(name, shape, type, values)
}

/** The matrix from hidden state to logits, with zeros in the rows of `quietTokens`. */
export function randomOutput(vocabulary: Vocabulary, hidden: number): GgufTensor {
  const output = randomTensor({ name: 'output.weight', shape: [hidden, vocabulary.tokens.length], type: 'f16' })
  const rowBytes = hidden * 2
  for (const id of quietTokens(vocabulary)) output.data.fill(0, id * rowBytes, (id + 1) * rowBytes)
  return output
}

/** An endless series of normally distributed numbers that follows from `seed`. */
export function normalNumbers(seed: string): () => number {
  const uniform = uniformNumbers(fnv1a(seed))
  // Sum of twelve uniforms (Irwin–Hall): only additions, so every platform gets the same bits; Math.cos would not do.
  return () => {
    let sum = -6
    for (let term = 0; term < 12; term++) sum += uniform()
    return sum
  }
}

/** mulberry32, public domain, by Tommy Ettinger. */
function uniformNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function fnv1a(seed: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(seed)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
