/** Trouble in DashScope's words: flat, `{ code, message, request_id }`, with the codes its clients know. Pure module. */
import type { Refused, Trouble } from '../dialect.ts'

export type DashScopeError = { code: string; message: string; request_id: string }

/** By our own code, where it says more than the status. */
const CODES: Readonly<Record<string, string>> = {
  model_not_found: 'ModelNotFound',
  rate_limit_exceeded: 'Throttling.RateQuota',
  insufficient_quota: 'Throttling.AllocationQuota',
  unsupported_parameter: 'UnsupportedOperation',
}

const STATUS_CODES: Readonly<Record<number, string>> = {
  401: 'InvalidApiKey',
  402: 'Arrearage',
  403: 'AccessDenied',
  404: 'InvalidURL',
  405: 'InvalidURL',
  408: 'RequestTimeOut',
  413: 'BadRequest.TooLarge',
  429: 'Throttling',
  503: 'ModelUnavailable',
  504: 'InternalError.Timeout',
}

export function dashScopeRefusal(trouble: Trouble, requestId: string): Refused & { body: DashScopeError } {
  const { status, message } = trouble
  return { status, body: { code: codeOf(trouble), message, request_id: requestId } }
}

function codeOf({ code, status }: Trouble): string {
  const known = Object.hasOwn(CODES, code) ? CODES[code] : STATUS_CODES[status]
  return known ?? (status < 500 ? 'InvalidParameter' : 'InternalError')
}
