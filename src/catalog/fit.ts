/**
 * Does this model fit this machine, in which precision, and how fast will it be? Asked before anything is downloaded.
 * Pure: facts of a model and of a machine in, a verdict with its numbers out.
 *
 *   needed = weights + context × KV per token + the engine process         against a pool of memory (RAM, or a GPU's)
 *
 *   needed ≤ free, ≥ 15 % of the pool left after    fits
 *   needed ≤ free, less left                        tight
 *   needed ≤ pool, but not beside what runs now     fits-alone   (others must be unloaded)
 *   needed > pool                                   does-not-fit (and what hardware would serve it)
 *
 * Speed: a token is made by reading every active weight and the keys and values of the context once, so
 * tokens/s ≤ bandwidth ÷ bytes read. Engines reach 60–85 % of that bound; 70 % less a fixed cost of each step is told,
 * always as an estimate.
 */
import { bytesInWords } from './bytes-in-words.ts'
import { type ModelFacts, PRECISIONS, type Precision, type ServedBy } from './model-family.ts'

export type MemoryPool = {
  /** `memory` is the machine's own; a GPU is listed only if an engine here can use it. */
  kind: 'memory' | 'gpu'
  /** `this machine's memory`, `NVIDIA H200`. */
  name: string
  /** What all models together may take; bytes. */
  capacityBytes: number
  /** What of it is free now, after the models that are loaded. */
  freeBytes: number
  /** Measured (RAM) or published (GPU); null = unknown. */
  bandwidthBytesPerSecond: number | null
}

export type FitVerdict = 'fits' | 'tight' | 'fits-alone' | 'does-not-fit'

/** What the sentence says, for pages that say it in another language: the verdict, or that no size is known. */
export type FitReason = FitVerdict | 'size-unknown'

export type Fit = {
  verdict: FitVerdict
  reasonCode: FitReason
  /** A sentence for a person, with the numbers that decide. */
  reason: string
  precision: Precision | null
  pool: Pick<MemoryPool, 'kind' | 'name'> | null
  neededBytes: number | null
  weightsBytes: number | null
  contextBytes: number | null
  capacityBytes: number
  freeBytes: number
  /** Tokens of context that the numbers are for. */
  contextTokens: number
  /** Expected speed of one stream; null when the bandwidth is unknown or the model writes nothing. Always an estimate. */
  tokensPerSecond: SpeedEstimate | null
  /** For what does not fit: hardware that serves it. */
  servedBy: ServedBy[]
}

export type SpeedEstimate = {
  estimate: number
  /** In words, from the numbers that follow. */
  from: string
  bandwidthBytesPerSecond: number
  /** Share of the bandwidth that is taken as reached. */
  bandwidthShare: number
  bytesReadPerToken: number
}

export type FitWish = {
  /** Default 4,096, or what the model was made for if that is less. */
  contextTokens?: number
  /** Precisions to choose from; default: those that the model's sources offer, else all that are known. */
  precisions?: readonly Precision[]
  /** Requests answered at once, each with a context of its own. Default 1. */
  sequences?: number
  /** What the model's own engine holds of the machine's memory now, which counts as free for it. Default 0. */
  heldBytes?: number
}

/** Node, the engine library and its buffers, beside weights and context. Measured with the starter: 110–130 MB. */
export const ENGINE_BYTES = 130e6
/** The engine library's compute buffers grow with the weights; measured 2–4 % on small models. */
const BUFFERS_PER_WEIGHTS = 0.04
const TIGHT_BELOW = 0.15
const CONTEXT_TOKENS_DEFAULT = 4096
/** Share of the bandwidth bound that engines reach: 60–85 % (llama.cpp issue 26484; vLLM issue 7379). */
const BANDWIDTH_REACHED = 0.7
/** Sampling, detokenising and thread hops of one step. Measured with the starter on a CPU: 9 ms a token, 6 of them reading. */
const STEP_SECONDS: Record<MemoryPool['kind'], number> = { memory: 0.003, gpu: 0.001 }
/** Slower than this, a person waits for words; a smaller precision that is faster is then chosen. */
const COMFORTABLE_TOKENS_PER_SECOND = 10
/** Hybrid models keep a constant state and few keys and values; a quarter of a dense model of their depth is assumed. */
const KV_BYTES_ASSUMED = 65_536

const RANK: Record<FitVerdict, number> = { fits: 3, tight: 2, 'fits-alone': 1, 'does-not-fit': 0 }

/**
 * @param pools of the machine, in no order; at least its own memory
 * @returns the best precision on the best pool
 */
export function fitOf(model: ModelFacts, pools: readonly MemoryPool[], wish: FitWish = {}): Fit {
  const contextTokens = Math.min(wish.contextTokens ?? CONTEXT_TOKENS_DEFAULT, model.context.tokens)
  const sequences = wish.sequences ?? 1
  const own = pools.map((pool) =>
    pool.kind === 'memory' && wish.heldBytes
      ? { ...pool, freeBytes: Math.min(pool.capacityBytes, pool.freeBytes + wish.heldBytes) }
      : pool,
  )
  const precisions = wish.precisions ?? precisionsOnOffer(model)
  const choices = precisions.flatMap((precision) => {
    const weights = model.weights[precision]
    return weights ? own.map((pool) => weigh(model, precision, weights.bytes, pool, contextTokens, sequences)) : []
  })
  const best = choices.reduce<Fit | null>(
    (chosen, choice) => (chosen === null || isBetter(choice, chosen) ? choice : chosen),
    null,
  )
  if (best !== null) return best
  const pool = largest(pools)
  return {
    verdict: 'does-not-fit',
    reasonCode: 'size-unknown',
    reason: `The size of ${model.name} is not known, so nothing can be said about it here.`,
    precision: null,
    pool: null,
    neededBytes: null,
    weightsBytes: null,
    contextBytes: null,
    capacityBytes: pool?.capacityBytes ?? 0,
    freeBytes: pool?.freeBytes ?? 0,
    contextTokens,
    tokensPerSecond: null,
    servedBy: model.servedBy,
  }
}

/** What an engine of ours could load: the forms that GGUF files have. The GPU-only ones are for `servedBy`. */
const GGUF_PRECISIONS = PRECISIONS.filter((precision) => precision !== 'fp8' && precision !== 'fp4')

function precisionsOnOffer(model: ModelFacts): Precision[] {
  const offered = new Set(model.sources.map((source) => source.precision))
  const known = GGUF_PRECISIONS.filter((precision) => model.weights[precision])
  const both = known.filter((precision) => offered.has(precision))
  return both.length > 0 ? both : known
}

function weigh(
  model: ModelFacts,
  precision: Precision,
  weightsBytes: number,
  pool: MemoryPool,
  contextTokens: number,
  sequences: number,
): Fit {
  const kvBytesPerToken = model.kv.bytesPerToken ?? KV_BYTES_ASSUMED
  const generates = model.task === 'chat' || model.task === 'moderation'
  const oneContextBytes = generates ? kvBytesPerToken * contextTokens : 0
  const contextBytes = oneContextBytes * sequences
  const neededBytes = Math.round(weightsBytes * (1 + BUFFERS_PER_WEIGHTS) + contextBytes + ENGINE_BYTES)
  const verdict = verdictOf(neededBytes, pool)
  return {
    verdict,
    reasonCode: verdict,
    reason: reasonFor(verdict, model, precision, neededBytes, pool),
    precision,
    pool: { kind: pool.kind, name: pool.name },
    neededBytes,
    weightsBytes,
    contextBytes,
    capacityBytes: pool.capacityBytes,
    freeBytes: pool.freeBytes,
    contextTokens,
    tokensPerSecond:
      verdict === 'does-not-fit' || !generates ? null : speedOf(model, weightsBytes, oneContextBytes, pool),
    servedBy: verdict === 'does-not-fit' ? model.servedBy : [],
  }
}

/** The rule at the head of this file. */
export function verdictOf(neededBytes: number, pool: Pick<MemoryPool, 'capacityBytes' | 'freeBytes'>): FitVerdict {
  if (neededBytes > pool.capacityBytes) return 'does-not-fit'
  if (neededBytes > pool.freeBytes) return 'fits-alone'
  return pool.freeBytes - neededBytes < TIGHT_BELOW * pool.capacityBytes ? 'tight' : 'fits'
}

function reasonFor(
  verdict: FitVerdict,
  model: ModelFacts,
  precision: Precision,
  neededBytes: number,
  pool: MemoryPool,
): string {
  const need = `needs ≈ ${bytesInWords(neededBytes)} as ${precision}`
  const capacity = `${bytesInWords(pool.capacityBytes)} of ${pool.name}`
  switch (verdict) {
    case 'fits':
      return `${model.name} ${need}; ${bytesInWords(pool.freeBytes)} are free of ${capacity}.`
    case 'tight':
      return `${model.name} ${need} and leaves ${bytesInWords(pool.freeBytes - neededBytes)}, less than 15 % of ${capacity}.`
    case 'fits-alone':
      return `${model.name} ${need}; ${bytesInWords(pool.freeBytes)} are free of ${capacity}, so other models must be unloaded first.`
    case 'does-not-fit': {
      const [first] = model.servedBy
      return `${model.name} ${need}, more than the ${capacity}${first ? `; ${first.hardware} would serve it` : ''}.`
    }
    default:
      return verdict satisfies never
  }
}

/** Half the context is taken as filled, which is what a stream sees on average while it grows. */
function speedOf(
  model: ModelFacts,
  weightsBytes: number,
  contextBytes: number,
  pool: MemoryPool,
): Fit['tokensPerSecond'] {
  if (pool.bandwidthBytesPerSecond === null) return null
  const bytesRead = weightsBytes * (model.parameters.active / model.parameters.total) + contextBytes / 2
  const estimate = 1 / (bytesRead / (pool.bandwidthBytesPerSecond * BANDWIDTH_REACHED) + STEP_SECONDS[pool.kind])
  return {
    estimate: estimate >= 10 ? Math.round(estimate) : Math.round(estimate * 10) / 10,
    from: `70 % of ${bytesInWords(pool.bandwidthBytesPerSecond)}/s, ${bytesInWords(bytesRead)} read per token`,
    bandwidthBytesPerSecond: pool.bandwidthBytesPerSecond,
    bandwidthShare: BANDWIDTH_REACHED,
    bytesReadPerToken: Math.round(bytesRead),
  }
}

/** Verdict first; then comfortable speed; then the higher precision; a GPU before memory. */
function isBetter(one: Fit, other: Fit): boolean {
  if (RANK[one.verdict] !== RANK[other.verdict]) return RANK[one.verdict] > RANK[other.verdict]
  if (one.verdict === 'does-not-fit')
    return (one.neededBytes ?? 0) / one.capacityBytes < (other.neededBytes ?? 0) / other.capacityBytes
  const comfortable = (fit: Fit) =>
    fit.tokensPerSecond === null || fit.tokensPerSecond.estimate >= COMFORTABLE_TOKENS_PER_SECOND
  if (comfortable(one) !== comfortable(other)) return comfortable(one)
  if (!comfortable(one)) return (one.tokensPerSecond?.estimate ?? 0) > (other.tokensPerSecond?.estimate ?? 0)
  if (one.precision !== other.precision) return rankOf(one.precision) > rankOf(other.precision)
  return one.pool?.kind === 'gpu' && other.pool?.kind !== 'gpu'
}

const rankOf = (precision: Precision | null): number => (precision === null ? -1 : PRECISIONS.indexOf(precision))

function largest(pools: readonly MemoryPool[]): MemoryPool | null {
  return pools.reduce<MemoryPool | null>(
    (most, pool) => (most === null || pool.capacityBytes > most.capacityBytes ? pool : most),
    null,
  )
}
