/**
 * Trouble in Anthropic's words: `{ type: "error", error: { type, message }, request_id }`, with the statuses that its
 * clients know. `error.code` is added: it is what our documentation lists. Pure module.
 */
import type { Refused, Trouble } from '../dialect.ts'

export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error'

export type AnthropicError = {
  type: 'error'
  error: { type: AnthropicErrorType; message: string; code: string }
  request_id: string
}

const OVERLOADED = 529

const TYPES: Readonly<Record<number, AnthropicErrorType>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  [OVERLOADED]: 'overloaded_error',
}

export function anthropicRefusal(trouble: Trouble, requestId: string): Refused & { body: AnthropicError } {
  const status = anthropicStatus(trouble.status)
  const type = TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  return {
    status,
    body: { type: 'error', error: { type, message: messageOf(trouble), code: trouble.code }, request_id: requestId },
  }
}

/** 503 is "not now" here, which Anthropic says with a status of its own. */
export function anthropicStatus(status: number): number {
  return status === 503 ? OVERLOADED : status
}

/** Coding agents look for these words to know when to shorten their conversation. */
function messageOf({ code, message }: Trouble): string {
  return code === 'context_length_exceeded' ? `prompt is too long: ${message}` : message
}
