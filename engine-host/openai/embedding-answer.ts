/** `POST /v1/embeddings`. */
import { performance } from 'node:perf_hooks'
import type { Token } from '../token-engine.ts'
import { Fields, invalidValue, missing } from './fields.ts'
import type { Call, Host } from './host.ts'
import { sendJson } from './json-response.ts'
import { type Preparation, prepared, tooLong } from './preparation.ts'
import { readPrompts } from './prompt-input.ts'
import { RequestError } from './request-error.ts'

/** Families trained so that the beginning of a vector is a vector (Matryoshka); others lose their meaning when cut. */
const SHORTENABLE = new Set(['qwen3', 'gemma-embedding'])

/** Tokens of all inputs of one request: OpenAI's own bound. */
const INPUT_TOKENS_SUM_MAX = 300_000

/** Answers on `call.response`. @throws RequestError or EngineError */
export async function answerEmbedding(host: Host, call: Call): Promise<void> {
  if (host.task !== 'embedding') {
    throw new RequestError({
      status: 400,
      code: 'unsupported_model',
      param: 'model',
      message: `'${host.modelName}' is a chat model: it makes no embeddings.`,
    })
  }
  const { engine } = host
  const fields = new Fields(call.body)
  const inputs = readPrompts(fields.raw('input') ?? missing('input'), 'input', engine.facts)
  const format = fields.choice('encoding_format', ['float', 'base64']) ?? 'float'
  const dimensions = readDimensions(fields, engine.facts)
  const model = fields.string('model') ?? host.modelName
  const tokens = await prepared(host, call, (preparation) => inputTokens(host, inputs, preparation))
  const startedMs = performance.now()
  // Vectors cannot be stopped half-way; listed, so that a shutdown waits for them.
  const finished = host.running.add(call.requestId, () => {})
  const vectors = await engine.embed(tokens, call.share).finally(finished)
  const promptTokens = tokens.reduce((sum, list) => sum + list.length, 0)
  sendJson(call.response, 200, {
    object: 'list',
    model,
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encode(dimensions < vector.length ? shorten(vector, dimensions) : vector, format),
    })),
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    timings: { queue_ms: 0, prefill_ms: Math.round((performance.now() - startedMs) * 1000) / 1000, decode_ms: 0 },
  })
}

async function inputTokens(
  { engine }: Host,
  inputs: readonly (string | Token[])[],
  preparation: Preparation,
): Promise<Token[][]> {
  const { contextTokens } = engine.facts
  const lists: Token[][] = []
  let sum = 0
  for (const [index, input] of inputs.entries()) {
    const refusal = (atLeast: number) => tooLong(contextTokens, `input[${index}]`, `input ${index}`, atLeast)
    // Text, not markup: what looks like a control token in it is text too.
    const list =
      typeof input === 'string'
        ? engine.withBos(await preparation.tokenize(input, false, contextTokens, refusal))
        : input
    if (list.length > contextTokens) throw refusal(list.length)
    if (list.length === 0) throw invalidValue(`input[${index}]`, 'An empty text has no embedding with this model.')
    sum += list.length
    if (sum > INPUT_TOKENS_SUM_MAX) {
      throw new RequestError({
        status: 400,
        code: 'array_above_max_length',
        param: 'input',
        message: `Invalid 'input': all inputs together may have ${INPUT_TOKENS_SUM_MAX} tokens, and the first ${index + 1} have ${sum}. Please send them in several requests.`,
      })
    }
    lists.push(list)
  }
  return lists
}

function readDimensions(fields: Fields, facts: Host['engine']['facts']): number {
  const size = facts.embeddingSize
  const dimensions = fields.integer('dimensions', { min: 1, max: size }) ?? size
  if (dimensions === size || SHORTENABLE.has(facts.architecture)) return dimensions
  throw invalidValue('dimensions', `This model's embeddings have ${size} dimensions and cannot be shortened.`)
}

/** The first dimensions, brought back to length 1. */
function shorten(vector: Float32Array, dimensions: number): Float32Array {
  const cut = vector.slice(0, dimensions)
  const length = Math.hypot(...cut)
  return length === 0 ? cut : cut.map((value) => value / length)
}

/** Base64 is of little-endian 32-bit floats, as OpenAI's own SDK reads it. */
function encode(vector: Float32Array, format: 'float' | 'base64'): number[] | string {
  if (format === 'float') return [...vector]
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
