/**
 * The answer to a request that `DELETE /requests/{id}` stopped before anything was sent: an error, since none of
 * OpenAI's finish reasons would be true, with the exact counts beside it so that whoever stopped it can record them.
 */
import type { ServerResponse } from 'node:http'
import { sendJson } from './json-response.ts'
import { RequestError } from './request-error.ts'
import type { UsageReport } from './usage.ts'

/** Not in any RFC, but what proxies have always logged for a request whose client left. */
export const CLIENT_CLOSED_REQUEST = 499

export function requestCancelled(response: ServerResponse, report: UsageReport): void {
  const error = new RequestError({
    status: CLIENT_CLOSED_REQUEST,
    code: 'request_cancelled',
    message: 'The request was cancelled before its answer was complete.',
  })
  sendJson(response, error.status, { ...error.toWire(), ...report })
}
