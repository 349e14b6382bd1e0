/**
 * A DeepSeek V3 of about 0.3 M random parameters: multi-head latent attention in its absorbed form (`attn_k_b`,
 * `attn_v_b`), one dense layer and then a mixture of experts with sigmoid gates, expert groups and a shared expert,
 * YaRN, and the family's tokens and template. `deepseek2` is llama.cpp's name for the architecture of V2, V3 and R1.
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

export type TinyDeepSeekOptions = {
  /** `r1`: the template opens a think block that the model must close. Default `v3`: it does not. */
  style?: 'v3' | 'r1'
  /** Rank of the queries' compression; 0 = queries are not compressed, as in V2 Lite. Default 32. */
  queryRank?: number
}

/** Writes the model to `path`. */
export function tinyDeepSeek(path: string, options: TinyDeepSeekOptions = {}): void {
  writeFileSync(path, encodeGguf(tinyDeepSeekFile(options)))
}

const SIZE = {
  layers: 3,
  denseLayers: 1,
  hidden: 64,
  feedForward: 128,
  heads: 4,
  kvRank: 32,
  /** Parts of each head's key: with position, without. */
  ropeSize: 16,
  nopeSize: 32,
  valueSize: 32,
  experts: 8,
  expertsUsed: 2,
  expertGroups: 4,
  expertGroupsUsed: 2,
  sharedExperts: 1,
  expertFeedForward: 32,
  contextTokens: 4096,
}

const SPECIALS: readonly SpecialToken[] = [
  ...['<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>', '<｜▁pad▁｜>', '<|EOT|>'].map(control),
  ...['<｜fim▁hole｜>', '<｜fim▁begin｜>', '<｜fim▁end｜>', '<｜User｜>', '<｜Assistant｜>'].map(visible),
  ...['<｜tool▁calls▁begin｜>', '<｜tool▁calls▁end｜>', '<｜tool▁call▁begin｜>', '<｜tool▁call▁end｜>'].map(visible),
  ...['<｜tool▁outputs▁begin｜>', '<｜tool▁outputs▁end｜>', '<｜tool▁output▁begin｜>', '<｜tool▁output▁end｜>'].map(
    visible,
  ),
  ...['<｜tool▁sep｜>', '<think>', '</think>'].map(visible),
]

export function tinyDeepSeekFile({ style = 'v3', queryRank = 32 }: TinyDeepSeekOptions = {}): GgufFile {
  const vocabulary = byteLevelVocabulary(SPECIALS)
  const template = readFileSync(new URL('deepseek-v3.jinja', import.meta.url), 'utf8').trimEnd()
  const { hidden } = SIZE
  return {
    metadata: new Map([
      ['general.architecture', text('deepseek2')],
      ['general.type', text('model')],
      ['general.name', text(`Tiny random DeepSeek ${style.toUpperCase()}`)],
      ['general.file_type', u32(1)],
      ['deepseek2.block_count', u32(SIZE.layers)],
      ['deepseek2.vocab_size', u32(vocabulary.tokens.length)],
      ['deepseek2.context_length', u32(SIZE.contextTokens)],
      ['deepseek2.embedding_length', u32(hidden)],
      ['deepseek2.feed_forward_length', u32(SIZE.feedForward)],
      ['deepseek2.leading_dense_block_count', u32(SIZE.denseLayers)],
      ['deepseek2.attention.head_count', u32(SIZE.heads)],
      // The absorbed form is multi-query attention over the compressed keys: one head, as wide as rank and position.
      ['deepseek2.attention.head_count_kv', u32(1)],
      ['deepseek2.attention.q_lora_rank', u32(queryRank)],
      ['deepseek2.attention.kv_lora_rank', u32(SIZE.kvRank)],
      ['deepseek2.attention.key_length', u32(SIZE.kvRank + SIZE.ropeSize)],
      ['deepseek2.attention.value_length', u32(SIZE.kvRank)],
      ['deepseek2.attention.key_length_mla', u32(SIZE.nopeSize + SIZE.ropeSize)],
      ['deepseek2.attention.value_length_mla', u32(SIZE.valueSize)],
      ['deepseek2.attention.layer_norm_rms_epsilon', f32(1e-6)],
      ['deepseek2.expert_count', u32(SIZE.experts)],
      ['deepseek2.expert_used_count', u32(SIZE.expertsUsed)],
      ['deepseek2.expert_group_count', u32(SIZE.expertGroups)],
      ['deepseek2.expert_group_used_count', u32(SIZE.expertGroupsUsed)],
      ['deepseek2.expert_shared_count', u32(SIZE.sharedExperts)],
      ['deepseek2.expert_feed_forward_length', u32(SIZE.expertFeedForward)],
      ['deepseek2.expert_weights_scale', f32(2.5)],
      ['deepseek2.expert_weights_norm', bool(true)],
      // 2 = sigmoid, as in V3; V2 had softmax, 1.
      ['deepseek2.expert_gating_func', u32(2)],
      ['deepseek2.rope.dimension_count', u32(SIZE.ropeSize)],
      ['deepseek2.rope.freq_base', f32(10_000)],
      ['deepseek2.rope.scaling.type', text('yarn')],
      ['deepseek2.rope.scaling.factor', f32(4)],
      ['deepseek2.rope.scaling.original_context_length', u32(SIZE.contextTokens / 4)],
      ['deepseek2.rope.scaling.yarn_log_multiplier', f32(0.1)],
      ...vocabularyMetadata(vocabulary, 'deepseek-v3'),
      ['tokenizer.ggml.bos_token_id', u32(vocabulary.id('<｜begin▁of▁sentence｜>'))],
      ['tokenizer.ggml.eos_token_id', u32(vocabulary.id('<｜end▁of▁sentence｜>'))],
      ['tokenizer.ggml.padding_token_id', u32(vocabulary.id('<｜▁pad▁｜>'))],
      // True as in the real files, though their template writes the token too: an engine must not begin with two.
      ['tokenizer.ggml.add_bos_token', bool(true)],
      ['tokenizer.chat_template', text(THINKING_PREFILLS[style] + template)],
    ]),
    tensors: [
      randomTensor({ name: 'token_embd.weight', shape: [hidden, vocabulary.tokens.length], type: 'f16', spread: 1 }),
      randomTensor({ name: 'output_norm.weight', shape: [hidden], type: 'f32', centre: 1, spread: 0.1 }),
      randomOutput(vocabulary, hidden),
      ...Array.from({ length: SIZE.layers }, (_, layer) => layerTensors(layer, queryRank)).flat(),
    ],
  }
}

/** The line before the shared template that says what follows the assistant's marker. */
const THINKING_PREFILLS = {
  v3: "{%- set thinking_prefill = '' -%}\n",
  r1: "{%- set thinking_prefill = '<think>\\n' -%}\n",
}

function layerTensors(layer: number, queryRank: number): GgufTensor[] {
  return [...attentionShapes(queryRank), ...(layer < SIZE.denseLayers ? denseShapes() : expertShapes())].map((shape) =>
    randomTensor({ ...shape, name: `blk.${layer}.${shape.name}` }),
  )
}

const NORM = { type: 'f32', centre: 1, spread: 0.1 } as const

function attentionShapes(queryRank: number): WeightsShape[] {
  const { hidden, heads, kvRank, ropeSize, nopeSize, valueSize } = SIZE
  const queryShapes: WeightsShape[] =
    queryRank > 0
      ? [
          { name: 'attn_q_a_norm.weight', shape: [queryRank], ...NORM },
          { name: 'attn_q_a.weight', shape: [hidden, queryRank], type: 'f16' },
          { name: 'attn_q_b.weight', shape: [queryRank, heads * (nopeSize + ropeSize)], type: 'f16' },
        ]
      : [{ name: 'attn_q.weight', shape: [hidden, heads * (nopeSize + ropeSize)], type: 'f16' }]
  return [
    { name: 'attn_norm.weight', shape: [hidden], ...NORM },
    ...queryShapes,
    { name: 'attn_kv_a_norm.weight', shape: [kvRank], ...NORM },
    { name: 'attn_kv_a_mqa.weight', shape: [hidden, kvRank + ropeSize], type: 'f16' },
    { name: 'attn_k_b.weight', shape: [nopeSize, kvRank, heads], type: 'f16' },
    { name: 'attn_v_b.weight', shape: [kvRank, valueSize, heads], type: 'f16' },
    { name: 'attn_output.weight', shape: [heads * valueSize, hidden], type: 'f16' },
    { name: 'ffn_norm.weight', shape: [hidden], ...NORM },
  ]
}

function denseShapes(): WeightsShape[] {
  const { hidden, feedForward } = SIZE
  return [
    { name: 'ffn_gate.weight', shape: [hidden, feedForward], type: 'f16' },
    { name: 'ffn_up.weight', shape: [hidden, feedForward], type: 'f16' },
    { name: 'ffn_down.weight', shape: [feedForward, hidden], type: 'f16' },
  ]
}

function expertShapes(): WeightsShape[] {
  const { hidden, experts, expertFeedForward, sharedExperts } = SIZE
  const shared = expertFeedForward * sharedExperts
  return [
    { name: 'ffn_gate_inp.weight', shape: [hidden, experts], type: 'f32' },
    { name: 'exp_probs_b.bias', shape: [experts], type: 'f32', spread: 0.01 },
    { name: 'ffn_gate_exps.weight', shape: [hidden, expertFeedForward, experts], type: 'f16' },
    { name: 'ffn_up_exps.weight', shape: [hidden, expertFeedForward, experts], type: 'f16' },
    { name: 'ffn_down_exps.weight', shape: [expertFeedForward, hidden, experts], type: 'f16' },
    { name: 'ffn_gate_shexp.weight', shape: [hidden, shared], type: 'f16' },
    { name: 'ffn_up_shexp.weight', shape: [hidden, shared], type: 'f16' },
    { name: 'ffn_down_shexp.weight', shape: [shared, hidden], type: 'f16' },
  ]
}
