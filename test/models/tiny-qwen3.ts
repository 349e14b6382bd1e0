/**
 * A Qwen3 of about 0.3 M random parameters: the family's architecture (query and key norms, grouped-query attention),
 * tokenizer rules, special tokens and chat template. It speaks nonsense, and everything around the weights is real.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import {
  byteLevelVocabulary,
  control,
  type SpecialToken,
  visible,
  vocabularyMetadata,
} from './byte-level-vocabulary.ts'
import { bool, encodeGguf, f32, type GgufFile, type GgufTensor, text, u32 } from './gguf-writer.ts'
import { randomOutput, randomTensor, type WeightsShape } from './random-weights.ts'

/** Writes the model to `path`. */
export function tinyQwen3(path: string): void {
  writeFileSync(path, encodeGguf(tinyQwen3File()))
}

const SIZE = { layers: 4, hidden: 64, feedForward: 192, heads: 4, kvHeads: 2, headSize: 32, contextTokens: 4096 }

/**
 * Qwen's added tokens in Qwen's order, with the type that converted files give them: those that its tokenizer marks
 * as special are control tokens, the tags that a reader should see are user-defined.
 */
const SPECIALS: readonly SpecialToken[] = [
  ...['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|object_ref_start|>', '<|object_ref_end|>'].map(control),
  ...['<|vision_start|>', '<|vision_end|>', '<|vision_pad|>', '<|image_pad|>', '<|video_pad|>'].map(control),
  ...['<tool_call>', '</tool_call>', '<|fim_prefix|>', '<|fim_middle|>', '<|fim_suffix|>', '<|fim_pad|>'].map(visible),
  ...['<|repo_name|>', '<|file_sep|>', '<tool_response>', '</tool_response>', '<think>', '</think>'].map(visible),
]

export function tinyQwen3File(): GgufFile {
  const vocabulary = byteLevelVocabulary(SPECIALS)
  return {
    metadata: new Map([
      ['general.architecture', text('qwen3')],
      ['general.type', text('model')],
      ['general.name', text('Tiny random Qwen3')],
      ['general.file_type', u32(7)],
      ['general.quantization_version', u32(2)],
      ['qwen3.block_count', u32(SIZE.layers)],
      ['qwen3.context_length', u32(SIZE.contextTokens)],
      ['qwen3.embedding_length', u32(SIZE.hidden)],
      ['qwen3.feed_forward_length', u32(SIZE.feedForward)],
      ['qwen3.attention.head_count', u32(SIZE.heads)],
      ['qwen3.attention.head_count_kv', u32(SIZE.kvHeads)],
      ['qwen3.attention.key_length', u32(SIZE.headSize)],
      ['qwen3.attention.value_length', u32(SIZE.headSize)],
      ['qwen3.attention.layer_norm_rms_epsilon', f32(1e-6)],
      ['qwen3.rope.freq_base', f32(1_000_000)],
      ...vocabularyMetadata(vocabulary, 'qwen2'),
      ['tokenizer.ggml.bos_token_id', u32(vocabulary.id('<|endoftext|>'))],
      ['tokenizer.ggml.eos_token_id', u32(vocabulary.id('<|im_end|>'))],
      ['tokenizer.ggml.padding_token_id', u32(vocabulary.id('<|endoftext|>'))],
      ['tokenizer.ggml.add_bos_token', bool(false)],
      ['tokenizer.chat_template', text(readFileSync(new URL('qwen3.jinja', import.meta.url), 'utf8').trimEnd())],
    ]),
    tensors: [
      randomTensor({
        name: 'token_embd.weight',
        shape: [SIZE.hidden, vocabulary.tokens.length],
        type: 'f16',
        spread: 1,
      }),
      randomTensor({ name: 'output_norm.weight', shape: [SIZE.hidden], type: 'f32', centre: 1, spread: 0.1 }),
      randomOutput(vocabulary, SIZE.hidden),
      ...Array.from({ length: SIZE.layers }, (_, layer) => layerTensors(layer)).flat(),
    ],
  }
}

function layerTensors(layer: number): GgufTensor[] {
  const { hidden, feedForward, heads, kvHeads, headSize } = SIZE
  const norm = { type: 'f32', centre: 1, spread: 0.1 } as const
  const q8 = { type: 'q8_0' } as const
  const f16 = { type: 'f16' } as const
  const shapes: WeightsShape[] = [
    { name: 'attn_norm', shape: [hidden], ...norm },
    { name: 'attn_q', shape: [hidden, heads * headSize], ...f16 },
    { name: 'attn_k', shape: [hidden, kvHeads * headSize], ...f16 },
    { name: 'attn_v', shape: [hidden, kvHeads * headSize], ...f16 },
    { name: 'attn_output', shape: [heads * headSize, hidden], ...f16 },
    { name: 'attn_q_norm', shape: [headSize], ...norm },
    { name: 'attn_k_norm', shape: [headSize], ...norm },
    { name: 'ffn_norm', shape: [hidden], ...norm },
    { name: 'ffn_gate', shape: [hidden, feedForward], ...q8 },
    { name: 'ffn_up', shape: [hidden, feedForward], ...q8 },
    { name: 'ffn_down', shape: [feedForward, hidden], ...q8 },
  ]
  return shapes.map((shape) => randomTensor({ ...shape, name: `blk.${layer}.${shape.name}.weight` }))
}
