/**
 * What one step computes. Pure.
 *
 * A step is one token for every sequence that generates, then prompt tokens within a budget, so that running streams keep
 * moving while a long prompt is worked off piece by piece. Sequences of different adapters cannot be in one native batch,
 * so a step is one batch per adapter.
 *
 * Prompt tokens go to the share with the fewest sequences, then to the one served least: the first token of a key that
 * asks now and then must not wait behind the prompts of one that keeps every sequence busy. Within a share, first come first
 * served, but a prompt that others wait for goes before. A prompt that was passed over for `PASSED_OVER_MAX` steps goes
 * before everything, so nobody starves.
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
  /** Steps since it last got on by `PREFILL_TOKENS_MIN` or more. */
  passedOver: number
  /** Order of arrival. */
  order: number
}

export type StepBudget = {
  /** Most tokens in one native batch. */
  batchTokens: number
  /** Most prompt tokens in this step. At least 1. */
  prefillTokens: number
  /** The same for shares that have fewer sequences than another one. At least `prefillTokens`. */
  prefillTokensLight: number
}

export type StepPart = { sequence: number; tokens: number }
/** Steps that a prompt may be passed over. */
export const PASSED_OVER_MAX = 8

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
  const held = new Map<string, number>()
  for (const one of sequences) {
    held.set(one.share, (held.get(one.share) ?? 0) + 1)
    if (one.generating) add(one, 1)
    else prompts.push(one)
  }

  const heldMost = Math.max(...held.values())
  let used = 0
  const given = new Map<string, number>()
  const goesBefore = (a: StepSequence, b: StepSequence): boolean => {
    const counter = (share: string) => served(share) + (given.get(share) ?? 0)
    const difference =
      Number(b.passedOver >= PASSED_OVER_MAX) - Number(a.passedOver >= PASSED_OVER_MAX) ||
      held.get(a.share)! - held.get(b.share)! ||
      counter(a.share) - counter(b.share) ||
      Number(b.awaited) - Number(a.awaited) ||
      a.order - b.order
    return difference < 0
  }
  while (prompts.length > 0) {
    let next = 0
    for (let i = 1; i < prompts.length; i++) if (goesBefore(prompts[i]!, prompts[next]!)) next = i
    const [one] = prompts.splice(next, 1) as [StepSequence]
    const room = budget.batchTokens - (batches.get(one.adapter)?.tokens ?? 0)
    const light = held.get(one.share)! < heldMost
    const left = (light ? budget.prefillTokensLight : budget.prefillTokens) - used
    const tokens = Math.min(one.pending, one.pendingMax, left, room)
    if (tokens <= 0) continue
    add(one, tokens)
    given.set(one.share, (given.get(one.share) ?? 0) + tokens)
    used += tokens
  }

  return [...batches.values()].sort((a, b) => Number(b.adapter === current) - Number(a.adapter === current))
}

/** Prompt tokens in a step when nobody streams. Still a bound, so that a cancel is noticed soon. */
export const PREFILL_TOKENS_IDLE = 256
/** Smaller pieces waste the weights that each batch has to read, and do not count as getting on. */
export const PREFILL_TOKENS_MIN = 16
/** Longest step while somebody streams: the pause that a stream sees. */
const STEP_MS = 400
/** The same while requests wait for a sequence: a newcomer with a right to one waits for the end of a step first. */
const STEP_MS_CROWDED = 100

/**
 * How many prompt tokens a step may compute.
 * @param load.crowded requests wait although every sequence is taken
 * @param load.msPerPromptToken length of a step by its prompt tokens, measured; 0 = not yet known
 */
export function stepBudget(
  load: { generating: number; crowded: boolean; msPerPromptToken: number },
  spec: { batchTokens: number; prefillChunkTokens: number },
): StepBudget {
  const { batchTokens } = spec
  const chunk = Math.max(1, spec.prefillChunkTokens)
  const within = (ms: number) => {
    if (load.msPerPromptToken <= 0) return chunk
    return Math.min(chunk, Math.max(PREFILL_TOKENS_MIN, Math.floor(ms / load.msPerPromptToken)))
  }
  if (load.crowded) {
    const prefillTokens = within(STEP_MS_CROWDED)
    return { batchTokens, prefillTokens, prefillTokensLight: chunk }
  }
  const prefillTokens =
    load.generating === 0 ? Math.max(1, Math.min(batchTokens, PREFILL_TOKENS_IDLE)) : within(STEP_MS)
  return { batchTokens, prefillTokens, prefillTokensLight: Math.max(prefillTokens, chunk) }
}
