/**
 * Random LoRA adapters for any base in GGUF. Shapes are read from the base, so the same code serves the tiny Qwen3 and
 * a real model of the Llama family. The weights are large: an adapter that changes nothing would prove nothing.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { readGguf } from './gguf-reader.ts'
import { encodeGguf, f32, type GgufFile, text } from './gguf-writer.ts'
import { randomTensor } from './random-weights.ts'

export type TinyLoraOptions = {
  /** Adapters of different seeds change the answers differently. Default 1. */
  seed?: number
  /** Default 4. */
  rank?: number
}

/** Writes an adapter for the model at `base` to `path`. */
export function tinyLora(path: string, base: string, options: TinyLoraOptions = {}): void {
  writeFileSync(path, encodeGguf(tinyLoraFile(readGguf(readFileSync(base)).file, options)))
}

const TARGETS = /^blk\.\d+\.(attn_q|attn_v|attn_output)\.weight$/

/** @throws Error the base has no matrices of the usual names */
export function tinyLoraFile(base: GgufFile, { seed = 1, rank = 4 }: TinyLoraOptions = {}): GgufFile {
  const architecture = base.metadata.get('general.architecture')
  const targets = base.tensors.filter(({ name }) => TARGETS.test(name))
  if (!architecture || targets.length === 0) throw new Error('this base has no matrices that an adapter could change')
  const salt = `lora ${seed}`
  return {
    metadata: new Map([
      ['general.architecture', architecture],
      ['general.type', text('adapter')],
      ['general.name', text(`Random adapter ${seed}`)],
      ['adapter.type', text('lora')],
      // The loader multiplies the product of both matrices by alpha / rank.
      ['adapter.lora.alpha', f32(rank * 2)],
    ]),
    tensors: targets.flatMap(({ name, shape: [inputs, outputs] }) => [
      randomTensor({ name: `${name}.lora_a`, shape: [inputs!, rank], type: 'f32' }, salt),
      randomTensor({ name: `${name}.lora_b`, shape: [rank, outputs!], type: 'f32', spread: 0.25 }, salt),
    ]),
  }
}
