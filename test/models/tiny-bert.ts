/**
 * A BERT of about 0.1 M random parameters with a WordPiece vocabulary and mean pooling, for embeddings. Words that two
 * texts share give them equal token vectors, so that even random weights place similar texts closer together.
 */

import { writeFileSync } from 'node:fs'
import { TOKEN_TYPES } from './byte-level-vocabulary.ts'
import { bool, encodeGguf, f32, type GgufFile, type GgufTensor, i32s, text, texts, u32 } from './gguf-writer.ts'
import { randomTensor, type WeightsShape } from './random-weights.ts'

/** Writes the model to `path`. */
export function tinyBert(path: string): void {
  writeFileSync(path, encodeGguf(tinyBertFile()))
}

/** Numbers in one embedding. */
export const TINY_BERT_EMBEDDING_SIZE = 64

const SIZE = {
  layers: 2,
  hidden: TINY_BERT_EMBEDDING_SIZE,
  feedForward: 128,
  heads: 4,
  contextTokens: 512,
  segments: 2,
}

const SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']

export function tinyBertFile(): GgufFile {
  const tokens = wordPieces()
  const { hidden } = SIZE
  return {
    metadata: new Map([
      ['general.architecture', text('bert')],
      ['general.type', text('model')],
      ['general.name', text('Tiny random BERT')],
      ['general.file_type', u32(1)],
      ['bert.block_count', u32(SIZE.layers)],
      ['bert.context_length', u32(SIZE.contextTokens)],
      ['bert.embedding_length', u32(hidden)],
      ['bert.feed_forward_length', u32(SIZE.feedForward)],
      ['bert.attention.head_count', u32(SIZE.heads)],
      ['bert.attention.layer_norm_epsilon', f32(1e-12)],
      ['bert.attention.causal', bool(false)],
      // 1 = mean of all tokens; 2 would take the [CLS] token's vector.
      ['bert.pooling_type', u32(1)],
      ['tokenizer.ggml.model', text('bert')],
      ['tokenizer.ggml.pre', text('default')],
      ['tokenizer.ggml.token_type_count', u32(SIZE.segments)],
      ['tokenizer.ggml.tokens', texts(tokens)],
      [
        'tokenizer.ggml.token_type',
        i32s(tokens.map((_, id) => (id < SPECIALS.length ? TOKEN_TYPES.control : TOKEN_TYPES.normal))),
      ],
      ['tokenizer.ggml.padding_token_id', u32(SPECIALS.indexOf('[PAD]'))],
      ['tokenizer.ggml.unknown_token_id', u32(SPECIALS.indexOf('[UNK]'))],
      ['tokenizer.ggml.cls_token_id', u32(SPECIALS.indexOf('[CLS]'))],
      // llama.cpp opens every text with its beginning-of-sequence token, so BERT's [CLS] takes that part.
      ['tokenizer.ggml.bos_token_id', u32(SPECIALS.indexOf('[CLS]'))],
      // The key is misspelt in the format itself.
      ['tokenizer.ggml.seperator_token_id', u32(SPECIALS.indexOf('[SEP]'))],
      ['tokenizer.ggml.mask_token_id', u32(SPECIALS.indexOf('[MASK]'))],
    ]),
    tensors: [
      randomTensor({ name: 'token_embd.weight', shape: [hidden, tokens.length], type: 'f16', spread: 1 }),
      randomTensor({ name: 'token_types.weight', shape: [hidden, SIZE.segments], type: 'f32', spread: 0.1 }),
      randomTensor({ name: 'position_embd.weight', shape: [hidden, SIZE.contextTokens], type: 'f32', spread: 0.1 }),
      randomTensor({ name: 'token_embd_norm.weight', shape: [hidden], type: 'f32', centre: 1, spread: 0.1 }),
      randomTensor({ name: 'token_embd_norm.bias', shape: [hidden], type: 'f32', spread: 0.1 }),
      ...Array.from({ length: SIZE.layers }, (_, layer) => layerTensors(layer)).flat(),
    ],
  }
}

/**
 * GGUF spells WordPiece the other way round: a piece that begins a word carries `▁`, one that goes on (`##s`) is bare.
 * Letters and digits come in both forms, so that every English word has a spelling.
 */
function wordPieces(): string[] {
  const characters = [...'abcdefghijklmnopqrstuvwxyz0123456789']
  const punctuation = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']
  const endings = ['s', 'ed', 'ing', 'er', 'ly', 'tion', 'es', 'en', 'al', 'ment']
  const words = `the a an and or of to in on at is are was it this that with for from by as be not you we they he she
    cat dog bird fish house street city ship sea wind port trade price order money invoice market seller buyer
    model word language token answer question machine computer network cloud server key
    red green blue big small old new good bad warm cold rain sun weather day night
    run walk eat buy sell sail read write make`.split(/\s+/)
  return [
    ...SPECIALS,
    ...[...characters, ...punctuation].map(startsWord),
    ...characters,
    ...endings.filter((ending) => ending.length > 1),
    ...words.filter((word) => word.length > 1).map(startsWord),
  ]
}

function startsWord(piece: string): string {
  return `▁${piece}`
}

function layerTensors(layer: number): GgufTensor[] {
  const { hidden, feedForward } = SIZE
  const matrices: WeightsShape[] = [
    { name: 'attn_q', shape: [hidden, hidden], type: 'f16' },
    { name: 'attn_k', shape: [hidden, hidden], type: 'f16' },
    { name: 'attn_v', shape: [hidden, hidden], type: 'f16' },
    { name: 'attn_output', shape: [hidden, hidden], type: 'f16' },
    { name: 'attn_output_norm', shape: [hidden], type: 'f32', centre: 1, spread: 0.1 },
    { name: 'ffn_up', shape: [hidden, feedForward], type: 'f16' },
    { name: 'ffn_down', shape: [feedForward, hidden], type: 'f16' },
    { name: 'layer_output_norm', shape: [hidden], type: 'f32', centre: 1, spread: 0.1 },
  ]
  return matrices.flatMap((matrix) => [
    randomTensor({ ...matrix, name: `blk.${layer}.${matrix.name}.weight` }),
    randomTensor({ name: `blk.${layer}.${matrix.name}.bias`, shape: [matrix.shape.at(-1)!], type: 'f32', spread: 0.1 }),
  ])
}
