/**
 * Whether a sound GGUF file is a whole model that an engine may be given. Some headers are well-formed and still end the
 * process that loads them (a count of zero, a division by it, an allocation by a huge one); they are found here, where
 * an error is a sentence. What only shows when weights are computed with stays the business of the engine's own process.
 */
import { NotWeights } from './errors.ts'
import type { GgufHeader, GgufValue } from './gguf-header.ts'
import type { CheckedWeights } from './weights-check.ts'

type Rule = { key: string; least: number; most: number; needed?: boolean; zeroWithoutAttention?: boolean }

/** Numbers of the architecture and what llama.cpp can take of them. Keys without the architecture's name before them. */
const RULES: readonly Rule[] = [
  { key: 'block_count', least: 1, most: 512, needed: true }, // LLAMA_MAX_LAYERS
  { key: 'context_length', least: 1, most: 2 ** 31 - 1, needed: true },
  { key: 'embedding_length', least: 1, most: 2 ** 20, needed: true },
  { key: 'feed_forward_length', least: 1, most: 2 ** 24, zeroWithoutAttention: true },
  { key: 'attention.head_count', least: 1, most: 2 ** 16, zeroWithoutAttention: true },
  { key: 'attention.head_count_kv', least: 1, most: 2 ** 16, zeroWithoutAttention: true },
  { key: 'expert_count', least: 0, most: 512 }, // LLAMA_MAX_EXPERTS
  { key: 'expert_used_count', least: 0, most: 512 },
  { key: 'attention.layer_norm_rms_epsilon', least: 0, most: 1 },
  { key: 'attention.layer_norm_epsilon', least: 0, most: 1 },
  { key: 'rope.dimension_count', least: 0, most: 2 ** 16 },
]

/** What general.type may say besides `model`, and what to do with such a file. */
const NO_MODELS: Record<string, string> = {
  adapter: 'it is a LoRA adapter, not a model; serve it beside its base model.',
  mmproj: 'it is a vision projector, not a model; the embedded engine takes no images.',
  imatrix: 'it is an importance matrix for quantising, not a model.',
}

/**
 * The header of sound weights that an engine may be given.
 * @param file what the error calls them
 * @throws NotWeights with the reason why not
 */
export function modelHeaderOf(checked: CheckedWeights, file: string): GgufHeader {
  if (checked.kind !== 'gguf')
    throw new NotWeights({ file, reason: 'no engine here loads safetensors; convert it to GGUF with llama.cpp.' })
  const reason = modelHeaderTrouble(checked.header)
  if (reason !== null) throw new NotWeights({ file, reason })
  return checked.header
}

/** The reason why not, as a half-sentence that begins with "it" or "its"; null when nothing speaks against it. */
export function modelHeaderTrouble(header: GgufHeader): string | null {
  const { metadata } = header
  const type = metadata.get('general.type')
  if (typeof type === 'string' && NO_MODELS[type]) return NO_MODELS[type]
  const parts = metadata.get('split.count')
  if (typeof parts === 'number' && parts > 1)
    return `it is one of ${parts} parts of a model. Parts are not put together yet; join them with llama.cpp's gguf-split --merge and import the whole.`
  const architecture = metadata.get('general.architecture')
  if (typeof architecture !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(architecture))
    return 'its header names no architecture.'
  // State-space and RWKV models have no attention, and say so with zeros.
  const hasNoAttention = metadata.has(`${architecture}.ssm.state_size`) || metadata.has(`${architecture}.wkv.head_size`)
  for (const rule of RULES) {
    if (hasNoAttention && rule.zeroWithoutAttention) continue
    const trouble = ruleTrouble(rule, `${architecture}.${rule.key}`, metadata)
    if (trouble !== null) return trouble
  }
  return expertsTrouble(architecture, metadata) ?? vocabularyTrouble(metadata)
}

function ruleTrouble(rule: Rule, key: string, metadata: Map<string, GgufValue>): string | null {
  const value = metadata.get(key)
  if (value === undefined) return rule.needed ? `its header lacks ${key}.` : null
  // Hybrid models give one number a layer, with 0 for layers that have none.
  if (typeof value === 'object') return null
  if (typeof value === 'string' || typeof value === 'boolean') return `its header gives ${key} as no number.`
  const number = Number(value)
  return number >= rule.least && number <= rule.most
    ? null
    : `its header gives ${key} as ${number}; ${rule.least} to ${rule.most} can be.`
}

function expertsTrouble(architecture: string, metadata: Map<string, GgufValue>): string | null {
  const all = Number(metadata.get(`${architecture}.expert_count`) ?? 0)
  const used = Number(metadata.get(`${architecture}.expert_used_count`) ?? 0)
  return used > all || (all > 0 && used === 0) ? `its header lets ${used} of ${all} experts work.` : null
}

function vocabularyTrouble(metadata: Map<string, GgufValue>): string | null {
  const model = metadata.get('tokenizer.ggml.model')
  if (typeof model !== 'string' || model === 'none' || model === 'no_vocab') return 'its header has no tokenizer.'
  const tokens = metadata.get('tokenizer.ggml.tokens')
  if (typeof tokens !== 'object' || tokens.length === 0) return 'its tokenizer has no tokens.'
  for (const key of ['tokenizer.ggml.token_type', 'tokenizer.ggml.scores']) {
    const each = metadata.get(key)
    if (typeof each === 'object' && each.length !== tokens.length)
      return `its tokenizer has ${tokens.length} tokens and ${each.length} in ${key}.`
  }
  return null
}
