/** Trouble in Ollama's words: `{ error: "text" }` and nothing more. Pure module. */
import type { Refused, Trouble } from '../dialect.ts'

export type OllamaError = { error: string }

export function ollamaRefusal({
  status,
  message,
}: Pick<Trouble, 'status' | 'message'>): Refused & { body: OllamaError } {
  return { status, body: { error: message } }
}
