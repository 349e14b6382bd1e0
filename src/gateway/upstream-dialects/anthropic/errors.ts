/** Anthropic's errors in OpenAI's words. Pure module. */

import { type ErrorBody, errorBody } from '../../../platform/errors.ts'
import { isObject, type Json } from '../../dialects/fields.ts'

const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  timeout_error: 504,
  overloaded_error: 503,
}

/** @param said `{ type: "error", error: { type, message } }` */
export function errorOf(said: Json): ErrorBody {
  const error = isObject(said.error) ? said.error : {}
  const type = typeof error.type === 'string' ? error.type : 'api_error'
  const message = typeof error.message === 'string' ? error.message : 'The upstream failed without saying why.'
  return errorBody(codeOf(type, message), STATUSES[type] ?? 500, message)
}

/** Clients look for this code to know when to shorten their conversation. */
function codeOf(type: string, message: string): string {
  if (type === 'overloaded_error') return 'upstream_overloaded'
  return type === 'invalid_request_error' && /^prompt is too long/.test(message) ? 'context_length_exceeded' : type
}
