/**
 * Facts of a model that the catalogue does not know, from the header of its GGUF file: enough to say whether it fits, to
 * serve it, and to say honestly what is not known. Pure.
 */
import type { GgufHeader } from './gguf-header.ts'
import { FACT_GROUPS, type ModelFacts, type Precision } from './model-family.ts'

const FROM_HEADER = 'Header of the GGUF file.'
const NOT_KNOWN = 'Not in the header of the GGUF file.'

/** Encoders, which answer with a vector and write no text. Names as llama.cpp gives them (llama-arch.cpp). */
const EMBEDDING_ARCHITECTURES =
  /^(bert|nomic-bert|nomic-bert-moe|jina-bert-v2|jina-bert-v3|modern-bert|neo-bert|eurobert|t5encoder|gemma-embedding)$/

export function factsFromHeader(id: string, header: GgufHeader, fileBytes: number, ownedBy: string): ModelFacts {
  const text = (key: string): string | null => {
    const value = header.metadata.get(key)
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
  }
  const architecture = text('general.architecture') ?? 'unknown'
  /** A number of the architecture; where each layer has its own (an array), the largest. */
  const number = (key: string): number | null => {
    const value = header.metadata.get(`${architecture}.${key}`)
    if (typeof value === 'number' && value > 0) return value
    if (typeof value === 'bigint' && value > 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
    if (typeof value === 'object' && value.values) {
      const numbers = value.values.filter((one): one is number => typeof one === 'number' && one > 0)
      return numbers.length > 0 ? Math.max(...numbers) : null
    }
    return null
  }

  const isEmbedding = EMBEDDING_ARCHITECTURES.test(architecture) || header.metadata.has(`${architecture}.pooling_type`)
  const shape = shapeOf(number)
  const contextTokens = number('context_length') ?? 4096
  const precision = precisionOf(header.mainType)
  const licence = text('general.license')
  const experts = { all: number('expert_count'), used: number('expert_used_count') }
  return {
    id,
    name: text('general.name') ?? id,
    family: architecture,
    ownedBy,
    task: isEmbedding ? 'embedding' : 'chat',
    licence: {
      id: licence ?? 'unknown',
      name: licence ?? 'a licence that the file does not name',
      url: text('general.license.link') ?? 'https://spdx.org/licenses/',
      mustAccept: false,
    },
    parameters: { total: header.parameters, active: activeParameters(header.parameters, experts) },
    context: { tokens: contextTokens, tokensExtended: null },
    contextTokens,
    weights: { [precision]: { bytes: fileBytes, basis: 'measured' } },
    kv: kvOf(number, shape, isEmbedding, header.metadata.has(`${architecture}.ssm.state_size`)),
    shape,
    parsers: {
      tool: isEmbedding ? 'none' : 'auto',
      reasoning: isEmbedding ? 'none' : 'auto',
      vllm: { tool: null, reasoning: null },
    },
    thinking: { mode: 'never', argument: null },
    sampling: { thinking: null, plain: null },
    vision: false,
    quirks:
      isEmbedding || text('tokenizer.chat_template') !== null
        ? []
        : ['The file carries no chat template: completions work, chat may not.'],
    sources: [],
    noSource: 'Pulled or imported by hand.',
    servedBy: [],
    facts: {
      ...(Object.fromEntries(FACT_GROUPS.map((group) => [group, FROM_HEADER])) as ModelFacts['facts']),
      licence: licence === null ? NOT_KNOWN : FROM_HEADER,
      parsers: 'Decided by the engine from the template in the file.',
      sampling: NOT_KNOWN,
      servedBy: NOT_KNOWN,
    },
  }
}

type Shape = NonNullable<ModelFacts['shape']>

function shapeOf(number: (key: string) => number | null): Shape | null {
  const [layers, attentionHeads, embeddingSize] = [
    number('block_count'),
    number('attention.head_count'),
    number('embedding_length'),
  ]
  if (layers === null || attentionHeads === null || embeddingSize === null) return null
  const headSize = number('attention.key_length') ?? Math.max(1, Math.floor(embeddingSize / attentionHeads))
  return {
    layers,
    attentionHeads,
    kvHeads: number('attention.head_count_kv') ?? attentionHeads,
    headSize,
    embeddingSize,
  }
}

function kvOf(
  number: (key: string) => number | null,
  shape: Shape | null,
  isEmbedding: boolean,
  isHybrid: boolean,
): ModelFacts['kv'] {
  if (isEmbedding) return { bytesPerToken: null, why: 'An embedding model reads its text once and keeps nothing.' }
  if (isHybrid) return { bytesPerToken: null, why: 'Hybrid attention: most layers keep a constant state.' }
  if (shape === null)
    return { bytesPerToken: null, why: 'The header does not say how many heads and layers there are.' }
  const latent = number('attention.kv_lora_rank')
  if (latent !== null) return { bytesPerToken: shape.layers * (latent + (number('rope.dimension_count') ?? 0)) * 2 }
  return { bytesPerToken: 2 * shape.layers * shape.kvHeads * shape.headSize * 2 }
}

/** Experts hold most of a sparse model; a tenth of it is taken as shared by all tokens. */
function activeParameters(total: number, experts: { all: number | null; used: number | null }): number {
  if (experts.all === null || experts.used === null || experts.used >= experts.all) return total
  return Math.max(1, Math.round(total * (0.1 + 0.9 * (experts.used / experts.all))))
}

const PRECISION_OF_TYPE: Record<string, Precision> = {
  Q4_1: 'q4_1',
  Q4_K: 'q4_k_m',
  Q5_K: 'q5_k_m',
  Q6_K: 'q6_k',
  Q8_0: 'q8_0',
  F16: 'f16',
  BF16: 'bf16',
  MXFP4: 'fp4',
}

export function precisionOf(mainType: string): Precision {
  return PRECISION_OF_TYPE[mainType] ?? 'other'
}
