/** Token counts and phases of one answer, summed over its choices. */
import type { EngineTimings } from '../../src/engines/engine-wire.ts'
import type { GenerateResult } from '../token-engine.ts'

export type Usage = {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** `cached_tokens` is a subset of prompt_tokens, `reasoning_tokens` of completion_tokens. */
  prompt_tokens_details: { cached_tokens: number }
  completion_tokens_details: { reasoning_tokens: number }
}

export type UsageReport = { usage: Usage; timings: EngineTimings }

/**
 * The choices of one request have one prompt, which counts once. It was cached as far as the choice that had to compute
 * most of it found it cached: the others were served by that choice's work.
 */
export function reportUsage(
  choices: readonly { result: GenerateResult; reasoningTokens: number }[],
  promptTokens: number,
): UsageReport {
  const results = choices.map((choice) => choice.result)
  const completion = results.reduce((sum, result) => sum + result.generatedTokens, 0)
  const reasoning = choices.reduce((sum, choice) => sum + choice.reasoningTokens, 0)
  const cached = results.length === 0 ? 0 : Math.min(...results.map((result) => result.cachedTokens))
  return {
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completion,
      total_tokens: promptTokens + completion,
      prompt_tokens_details: { cached_tokens: Math.min(cached, promptTokens) },
      completion_tokens_details: { reasoning_tokens: Math.min(reasoning, completion) },
    },
    // The choices run side by side: the longest of each phase is what the caller waited for.
    timings: {
      queue_ms: longest(results, 'queueMs'),
      prefill_ms: longest(results, 'prefillMs'),
      decode_ms: longest(results, 'decodeMs'),
    },
  }
}

/** What is known of the prompt when the answer begins. */
export function reportPrompt(promptTokens: number, cachedTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: 0,
    total_tokens: promptTokens,
    prompt_tokens_details: { cached_tokens: Math.min(cachedTokens, promptTokens) },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
}

function longest(results: readonly GenerateResult[], phase: 'queueMs' | 'prefillMs' | 'decodeMs'): number {
  return Math.round(Math.max(0, ...results.map((result) => result[phase])) * 1000) / 1000
}

/** Several prompts in one request: counts add up, phases run side by side. */
export function sumUsage(reports: readonly UsageReport[]): UsageReport {
  const sum = (count: (usage: Usage) => number) => reports.reduce((total, report) => total + count(report.usage), 0)
  const most = (phase: keyof EngineTimings) => Math.max(0, ...reports.map((report) => report.timings[phase]))
  return {
    usage: {
      prompt_tokens: sum((usage) => usage.prompt_tokens),
      completion_tokens: sum((usage) => usage.completion_tokens),
      total_tokens: sum((usage) => usage.total_tokens),
      prompt_tokens_details: { cached_tokens: sum((usage) => usage.prompt_tokens_details.cached_tokens) },
      completion_tokens_details: { reasoning_tokens: sum((usage) => usage.completion_tokens_details.reasoning_tokens) },
    },
    timings: { queue_ms: most('queue_ms'), prefill_ms: most('prefill_ms'), decode_ms: most('decode_ms') },
  }
}
