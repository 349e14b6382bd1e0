/**
 * Decides at start what the native context of this model can be trusted with.
 *
 * A few tokens are computed at once and in two parts, and must give the same logits; so must a copy of the first part with
 * the second, and a sequence that was cut back to the first. A library whose private members behave otherwise, or a model whose memory
 * cannot be copied or cut, is found out here and not by a customer.
 */
import type { LlamaModel } from 'node-llama-cpp'
import type { Token } from '../token-engine.ts'
import type { RawContext } from './nlc-raw.ts'

export type NativeAbilities = {
  /** A sequence can be copied to another one. */
  canCopy: boolean
  /** The end of a sequence can be cut off. */
  canCut: boolean
}

/** Largest difference of a log-probability that counts as equal. GPUs add in another order; a wrong state is off by far more. */
const SAME = 0.05
const ALTERNATIVES = 5

type Outcome = { token: Token; top: { token: Token; logprob: number }[] }

/**
 * @param tokens at least eight tokens of the model's vocabulary
 * @throws Error when the same tokens do not give the same logits in two parts: then the native path is no good at all
 */
export async function testNativePath(
  raw: RawContext,
  model: LlamaModel,
  tokens: readonly Token[],
  sequences: number,
): Promise<NativeAbilities> {
  const head = tokens.slice(0, -2)
  const tail = tokens.slice(-2)
  try {
    const whole = await outcome(raw, 0, 0, tokens)
    raw.clearSequence(0)
    await outcome(raw, 0, 0, head)

    let copied: Outcome | null = null
    if (sequences > 1) {
      await raw.copySequence(0, 1)
      copied = await outcome(raw, 1, head.length, tail)
    }
    if (!same(whole, await outcome(raw, 0, head.length, tail))) throw new Error('the same tokens gave different logits')
    const canCopy = copied !== null && same(whole, copied)
    const canCut =
      raw.cutSequence(0, head.length) && !endsOnly(model) && same(whole, await outcome(raw, 0, head.length, tail))
    return { canCopy, canCut }
  } finally {
    raw.clearSequence(0)
    if (sequences > 1) raw.clearSequence(1)
  }
}

/**
 * Models that keep a running state or only a window of the past. Some of them accept a cut and then answer from a state that
 * is no longer there, which eight tokens are too few to show.
 */
function endsOnly(model: LlamaModel): boolean {
  const { isRecurrent, isHybrid, swaSize } = model.fileInsights
  return isRecurrent || isHybrid || swaSize !== undefined
}

async function outcome(
  raw: RawContext,
  sequence: number,
  position: number,
  tokens: readonly Token[],
): Promise<Outcome> {
  const greedy = raw.createSampler({})
  const topK = raw.createSampler({ temperature: 1, topK: ALTERNATIVES, seed: 0 })
  try {
    raw.beginBatch(tokens.length)
    const index = raw.add(sequence, position, Uint32Array.from(tokens), true)
    if (index === null) throw new Error('the batch has no logits')
    await raw.decode()
    const token = await raw.sample(index, greedy)
    const { top } = await raw.logprobs(index, token, ALTERNATIVES, greedy, topK)
    if (top.length === 0 || top[0]!.token !== token) throw new Error('the largest logit is not the greedy choice')
    return { token, top }
  } finally {
    raw.disposeSampler(greedy)
    raw.disposeSampler(topK)
  }
}

function same(a: Outcome, b: Outcome): boolean {
  return a.top.every(({ logprob }, i) => Math.abs(logprob - (b.top[i]?.logprob ?? Number.NaN)) <= SAME)
}
