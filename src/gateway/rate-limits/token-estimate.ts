/**
 * How many tokens a request is counted for until its answer tells: about four bytes of a prompt are one, and the answer is
 * as long as it may be. What was too much is given back when the answer ends, and what was too little is counted then.
 *
 * Pure module.
 */
import type { BodyHead } from '../scan-body.ts'
import type { ScopeLimits } from '../snapshot.ts'

const BYTES_OF_TOKEN = 4
/** Of an answer whose length nobody has said. */
const ANSWER_TOKENS = 1_024
/** Such an answer alone must not fill a small limit. */
const ANSWER_PART_OF_LIMIT = 4

export type Estimated = {
  bodyBytes: number
  head: Pick<BodyHead, 'maxTokens' | 'maxCompletionTokens' | 'n'>
  /** What the model takes at most, prompt and answer together. */
  contextTokens: number
  /** Whether the answer is text. */
  answers: boolean
}

/** @returns 0 where no scope limits tokens */
export function estimateTokens(limits: readonly ScopeLimits[], request: Estimated): number {
  const smallest = Math.min(...limits.map(({ tokensPerMinute }) => tokensPerMinute ?? Number.POSITIVE_INFINITY))
  if (smallest === Number.POSITIVE_INFINITY) return 0
  const { maxTokens, maxCompletionTokens, n } = request.head
  const choices = Math.max(1, n ?? 1)
  const said = maxCompletionTokens ?? maxTokens
  const unsaid = Math.min(ANSWER_TOKENS, Math.floor(smallest / ANSWER_PART_OF_LIMIT))
  const answer = request.answers ? choices * Math.max(0, said ?? unsaid) : 0
  const prompt = Math.ceil(request.bodyBytes / BYTES_OF_TOKEN)
  return Math.min(prompt + answer, choices * Math.max(1, request.contextTokens))
}
