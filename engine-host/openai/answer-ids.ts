/** Identifiers in the forms that OpenAI's clients know. */
import { randomUUID } from 'node:crypto'

/** `chatcmpl-…`, `cmpl-…`: 32 hexadecimal digits after the prefix. */
export function answerId(prefix: 'chatcmpl' | 'cmpl' | 'rerank' | 'score'): string {
  return `${prefix}-${randomUUID().replaceAll('-', '')}`
}

export function callId(): string {
  return `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`
}
