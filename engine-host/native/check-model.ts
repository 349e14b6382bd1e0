/**
 * What llama.cpp takes for granted about a model, as rules over the header of its file. Pure.
 *
 * Each rule stands for a way in which the library ended the process or read beyond its memory when it was tried
 * (`test/models/broken-models.ts` has a file for each). What the library refuses with an error of its own is left to it.
 */
import { type GgufMetadata, type GgufTensor, type GgufValue, numberOf } from './gguf-header.ts'

/** `LLAMA_MAX_LAYERS` and, with room for models to come, `LLAMA_MAX_EXPERTS` of llama.cpp. */
const LAYERS_MAX = 512
const EXPERTS_MAX = 1024
/** Tensor types of whole numbers and f64: no operation multiplies them. */
const TYPES_WITHOUT_ARITHMETIC = new Set([24, 25, 26, 27, 28])
/** DeepSeek V4 routes by a table of whole numbers. */
const TABLES = /tid2eid/
const ROPE_SCALINGS = new Set(['none', 'linear', 'yarn', 'longrope'])
/** Value type number of a text. */
const STRING = 8

/** @returns half a sentence, or null when nothing is wrong that this file knows of */
export function whatIsWrong(
  architecture: string,
  metadata: GgufMetadata,
  tensors: readonly GgufTensor[],
): string | null {
  if (architecture === '') return 'it names no architecture (general.architecture)'
  const type = metadata.get('general.type')
  if (type !== undefined && type !== 'model') return `it holds a part of type "${String(type)}", not a model`
  if (tensors.length === 0) return 'it holds no weights'
  const hyper = new Hyperparameters(architecture, metadata)
  return (
    wrongSizes(hyper) ??
    wrongExperts(hyper) ??
    wrongRotation(hyper) ??
    wrongEpsilon(hyper) ??
    wrongTypes(tensors) ??
    wrongVocabulary(architecture, metadata, tensors)
  )
}

/** Reads `<architecture>.<name>`. */
class Hyperparameters {
  readonly #architecture: string
  readonly #metadata: GgufMetadata

  constructor(architecture: string, metadata: GgufMetadata) {
    this.#architecture = architecture
    this.#metadata = metadata
  }

  key(name: string): string {
    return `${this.#architecture}.${name}`
  }

  value(name: string): GgufValue | undefined {
    return this.#metadata.get(this.key(name))
  }

  /** A single number; null where it is missing, a list or something else. */
  number(name: string): number | null {
    return numberOf(this.value(name))
  }
}

function wrongSizes(hyper: Hyperparameters): string | null {
  // State-space models have no attention and say so with zeros.
  const stateful = hyper.value('ssm.state_size') !== undefined || hyper.value('wkv.head_size') !== undefined
  const positive = ['block_count', 'embedding_length', 'context_length']
  if (!stateful) positive.push('feed_forward_length', 'attention.head_count', 'attention.head_count_kv')
  for (const name of positive) {
    const value = hyper.value(name)
    if (typeof value === 'object') {
      // One number per layer; a layer without attention has none.
      if (value.numbers?.some((one) => !(one >= 0)) || value.numbers?.every((one) => one === 0)) {
        return `${hyper.key(name)} is ${value.numbers?.join(', ')}`
      }
    } else if (value !== undefined && !((numberOf(value) ?? Number.NaN) > 0)) {
      return `${hyper.key(name)} is ${String(value)}`
    }
  }
  const layers = hyper.number('block_count') ?? 1
  if (layers > LAYERS_MAX) return `it says it has ${layers} layers; ${LAYERS_MAX} are possible`
  const ahead = hyper.number('nextn_predict_layers') ?? 0
  if (ahead >= layers) return `it says that ${ahead} of its ${layers} layers only guess ahead`
  return null
}

function wrongExperts(hyper: Hyperparameters): string | null {
  const experts = hyper.number('expert_count') ?? 0
  const used = hyper.number('expert_used_count') ?? 0
  if (experts > EXPERTS_MAX) return `it says it has ${experts} experts; ${EXPERTS_MAX} are possible`
  if (used > experts) return `it uses ${used} of its ${experts} experts`
  if (experts > 0 && used === 0) return `it has ${experts} experts and uses none`
  return null
}

function wrongRotation(hyper: Hyperparameters): string | null {
  const scaling = hyper.value('rope.scaling.type')
  if (scaling !== undefined && !ROPE_SCALINGS.has(String(scaling))) {
    return `${hyper.key('rope.scaling.type')} is "${String(scaling)}", which is not known`
  }
  const rotated = hyper.number('rope.dimension_count')
  if (rotated === null) return null
  if (rotated % 2 !== 0) return `${hyper.key('rope.dimension_count')} is ${rotated}, not an even number`
  const width = hyper.number('embedding_length')
  const heads = hyper.number('attention.head_count')
  const headSize = hyper.number('attention.key_length') ?? (width !== null && heads !== null ? width / heads : null)
  if (headSize !== null && rotated > headSize) {
    return `${hyper.key('rope.dimension_count')} is ${rotated}, more than the ${headSize} numbers of a head`
  }
  return null
}

function wrongEpsilon(hyper: Hyperparameters): string | null {
  for (const name of ['attention.layer_norm_rms_epsilon', 'attention.layer_norm_epsilon']) {
    const epsilon = hyper.number(name)
    if (epsilon !== null && !(epsilon >= 0 && Number.isFinite(epsilon))) return `${hyper.key(name)} is ${epsilon}`
  }
  return null
}

function wrongTypes(tensors: readonly GgufTensor[]): string | null {
  const wrong = tensors.find(({ name, type }) => TYPES_WITHOUT_ARITHMETIC.has(type) && !TABLES.test(name))
  return wrong === undefined ? null : `tensor ${wrong.name} has type ${wrong.type}, which cannot be computed with`
}

function wrongVocabulary(architecture: string, metadata: GgufMetadata, tensors: readonly GgufTensor[]): string | null {
  const kind = metadata.get('tokenizer.ggml.model')
  if (kind === undefined || kind === 'none') return 'it has no tokenizer'
  // Only RWKV's own tokens are written so that its tokenizer can read them.
  if (kind === 'rwkv' && !architecture.includes('rwkv')) return 'its tokenizer is that of another kind of model'
  const tokens = metadata.get('tokenizer.ggml.tokens')
  if (typeof tokens !== 'object' || tokens.arrayOf !== STRING || tokens.length === 0) {
    return 'its vocabulary (tokenizer.ggml.tokens) is not a list of texts'
  }
  const seen = new Set<string>()
  for (const text of tokens.texts ?? []) {
    if (text !== '' && seen.has(text)) return `its vocabulary has the token ${JSON.stringify(text)} twice`
    seen.add(text)
  }
  for (const name of ['scores', 'token_type'] as const) {
    const list = metadata.get(`tokenizer.ggml.${name}`)
    if (list !== undefined && (typeof list !== 'object' || list.length !== tokens.length)) {
      return `tokenizer.ggml.${name} does not have one entry for each of the ${tokens.length} tokens`
    }
  }
  for (const [key, value] of metadata) {
    if (!/^tokenizer\.ggml\.\w+_token_id$/.test(key)) continue
    const id = numberOf(value)
    // 2³²−1 is how llama.cpp writes "none".
    if (id === null || (id !== 0xffffffff && id >= tokens.length)) {
      return `${key} is ${id}, outside the vocabulary of ${tokens.length} tokens`
    }
  }
  const rows = tensors.find(({ name }) => name === 'token_embd.weight')?.shape[1]
  if (rows !== undefined && rows < tokens.length) {
    return `it has ${tokens.length} tokens, but embeddings for ${rows} only`
  }
  return null
}
