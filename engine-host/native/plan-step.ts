/**
 * What one step computes. Pure.
 *
 * A step is one token for every sequence that generates, then prompt tokens within a budget, so that running streams keep
 * moving while a long prompt is worked off piece by piece. Sequences of different adapters cannot be in one native batch,
 * so a step is one batch per adapter. Prompt tokens go to the share that was served least; within a share, first come first
 * served, but a prompt that others wait for goes before.
 */

export type StepSequence = {
  sequence: number
  share: string
  adapter: string | null
  generating: boolean
  /** Prompt tokens still to be computed; 1 while generating. */
  pending: number
  /** Most of them in this step, where somebody waits to copy the sequence at exactly that point. */
  pendingMax: number
  /** Others wait for this prompt. */
  awaited: boolean
  /** Order of arrival. */
  order: number
}

export type StepBudget = {
  /** Most tokens in one native batch. */
  batchTokens: number
  /** Most prompt tokens in this step. At least 1. */
  prefillTokens: number
}

export type StepPart = { sequence: number; tokens: number }
/** One native batch. */
export type StepBatch = { adapter: string | null; parts: StepPart[]; tokens: number }

/**
 * @param served tokens that a share has had
 * @param current the adapter that is set now; its batch goes first, which saves a switch
 */
export function planStep(
  sequences: readonly StepSequence[],
  budget: StepBudget,
  served: (share: string) => number,
  current: string | null,
): StepBatch[] {
  const batches = new Map<string | null, StepBatch>()
  const add = (one: StepSequence, tokens: number) => {
    let batch = batches.get(one.adapter)
    if (batch === undefined) {
      batch = { adapter: one.adapter, parts: [], tokens: 0 }
      batches.set(one.adapter, batch)
    }
    batch.parts.push({ sequence: one.sequence, tokens })
    batch.tokens += tokens
  }

  const prompts: StepSequence[] = []
  for (const one of sequences) {
    if (one.generating) add(one, 1)
    else prompts.push(one)
  }

  let left = budget.prefillTokens
  const given = new Map<string, number>()
  const counter = (share: string) => served(share) + (given.get(share) ?? 0)
  while (left > 0 && prompts.length > 0) {
    let next = 0
    for (let i = 1; i < prompts.length; i++) if (goesBefore(prompts[i]!, prompts[next]!, counter)) next = i
    const [one] = prompts.splice(next, 1) as [StepSequence]
    const room = budget.batchTokens - (batches.get(one.adapter)?.tokens ?? 0)
    const tokens = Math.min(one.pending, one.pendingMax, left, room)
    if (tokens <= 0) continue
    add(one, tokens)
    given.set(one.share, (given.get(one.share) ?? 0) + tokens)
    left -= tokens
  }

  return [...batches.values()].sort((a, b) => Number(b.adapter === current) - Number(a.adapter === current))
}

function goesBefore(a: StepSequence, b: StepSequence, counter: (share: string) => number): boolean {
  const difference = counter(a.share) - counter(b.share)
  if (difference !== 0) return difference < 0
  if (a.awaited !== b.awaited) return a.awaited
  return a.order < b.order
}

/** Longest step while somebody streams; both the pause that a stream sees and the time that a cancel takes. */
const STEP_MS_TARGET = 200
/** Smaller pieces waste the weights that each batch has to read. */
const PREFILL_TOKENS_MIN = 16
/** Prompt tokens in a step when nobody streams. Still a bound, so that a cancel is noticed soon. */
export const PREFILL_TOKENS_IDLE = 256

/**
 * How many prompt tokens a step may compute.
 * @param msPerPromptToken measured; 0 = not yet known
 */
export function prefillBudget(
  generating: number,
  spec: { batchTokens: number; prefillChunkTokens: number },
  msPerPromptToken: number,
): number {
  if (generating === 0) return Math.max(1, Math.min(spec.batchTokens, PREFILL_TOKENS_IDLE))
  const chunk = Math.max(1, spec.prefillChunkTokens)
  if (msPerPromptToken <= 0) return chunk
  return Math.min(chunk, Math.max(PREFILL_TOKENS_MIN, Math.floor(STEP_MS_TARGET / msPerPromptToken)))
}
