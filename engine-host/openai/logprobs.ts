/** Log-probabilities in the two shapes that OpenAI has for them. */
import type { GeneratedToken, Token, TokenEngine } from '../token-engine.ts'

export type ChatTokenLogprob = {
  token: string
  logprob: number
  /** UTF-8: tokens may be parts of a character, which `token` cannot show. */
  bytes: number[]
  top_logprobs: { token: string; logprob: number; bytes: number[] }[]
}

/** JSON has no −Infinity; OpenAI writes this for a token that could not have been chosen. */
const IMPOSSIBLE = -9999

export function chatLogprobs(engine: TokenEngine, tokens: readonly GeneratedToken[]): ChatTokenLogprob[] {
  return tokens.map((token) => ({
    ...describe(engine, token.token, token.logprob),
    top_logprobs: token.top.map((entry) => describe(engine, entry.token, entry.logprob)),
  }))
}

/** Parallel arrays of the text completion API; `text_offset` counts characters from the start of the answer. */
export type CompletionLogprobs = {
  tokens: string[]
  token_logprobs: number[]
  top_logprobs: Record<string, number>[]
  text_offset: number[]
}

/** @param offset where the first token's text begins */
export function completionLogprobs(
  engine: TokenEngine,
  tokens: readonly GeneratedToken[],
  offset: number,
): CompletionLogprobs {
  const shape: CompletionLogprobs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] }
  let position = offset
  for (const token of tokens) {
    const chosen = describe(engine, token.token, token.logprob)
    shape.tokens.push(chosen.token)
    shape.token_logprobs.push(chosen.logprob)
    const top: Record<string, number> = {}
    for (const entry of token.top) {
      const { token: text, logprob } = describe(engine, entry.token, entry.logprob)
      // Two tokens may look alike once broken bytes are shown; the likelier one comes first and stays.
      top[text] ??= logprob
    }
    shape.top_logprobs.push(top)
    shape.text_offset.push(position)
    position += chosen.token.length
  }
  return shape
}

function describe(
  engine: TokenEngine,
  token: Token,
  logprob: number | null,
): { token: string; logprob: number; bytes: number[] } {
  const bytes = engine.tokenBytes(token, true)
  return {
    token: Buffer.from(bytes).toString('utf8'),
    logprob: logprob === null || !Number.isFinite(logprob) ? IMPOSSIBLE : logprob,
    bytes: [...bytes],
  }
}
