import type { Doc } from './document-turns.ts'
import type { Mode } from './search.ts'

/** A small model may go on until its context is full, which takes minutes; so much is enough to see how it answers. */
const ANSWER_TOKENS = 500
/** OpenAI's own default for completions is 16 tokens, which is a few words. */
const COMPLETION_TOKENS = 200

/** What a session begins with. A longest answer that is taken away leaves the end to the context. */
export function freshParameters(mode: Mode): Doc['parameters'] {
  if (mode === 'chat') return { max_tokens: ANSWER_TOKENS }
  return mode === 'completion' ? { max_tokens: COMPLETION_TOKENS } : {}
}
