import type { Sampling, Token } from '../token-engine.ts'
import type { RawSamplerConfig } from './nlc-raw.ts'

/** Prompt tokens that a repeat penalty looks back on. */
const PENALISED_PROMPT_TOKENS = 64

/**
 * Says a request's sampling in the words of the addon.
 *
 * What is off is left out rather than passed as its neutral value: a top-k of "all" sorts the whole vocabulary at
 * every token. Frequency and presence penalties count generated tokens only, as OpenAI's do; the addon has one window for all
 * three penalties, so a repeat penalty sees the end of the prompt only where it comes alone.
 *
 * @param seed used where the request names none
 */
export function samplerConfig(sampling: Sampling, prompt: readonly Token[], contextTokens: number, seed: number) {
  const config: RawSamplerConfig = { seed: nativeSeed(sampling.seed ?? seed) }
  if (sampling.temperature > 0) config.temperature = sampling.temperature
  if (sampling.topP < 1) config.topP = sampling.topP
  if (sampling.topK > 0) config.topK = sampling.topK
  if (sampling.minP > 0) config.minP = sampling.minP
  const countsOutput = sampling.frequencyPenalty !== 0 || sampling.presencePenalty !== 0
  if (countsOutput || sampling.repeatPenalty !== 1) {
    config.repeatPenalty = sampling.repeatPenalty
    config.repeatPenaltyFrequencyPenalty = sampling.frequencyPenalty
    config.repeatPenaltyPresencePenalty = sampling.presencePenalty
    config.repeatPenaltyMaxTokens = contextTokens
    config.repeatPenaltyTokens = Uint32Array.from(countsOutput ? [] : prompt.slice(-PENALISED_PROMPT_TOKENS))
  }
  if (sampling.logitBias.size > 0) {
    config.tokenBiasKeys = Uint32Array.from(sampling.logitBias.keys())
    config.tokenBiasValues = Float32Array.from(sampling.logitBias.values())
  }
  return config
}

/** 32 bits; the largest value means "random" to llama.cpp, which would break the promise of a seed. */
function nativeSeed(seed: number): number {
  const bits = Number(BigInt.asUintN(32, BigInt(Math.trunc(seed))))
  return bits === 0xffffffff ? 0 : bits
}
