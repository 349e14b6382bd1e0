/** The response object, at any moment of its life. Pure module. */
import { responseId } from '../../../responses/stored-response.ts'
import type { Json } from '../fields.ts'
import type { ResponseRequest } from './request.ts'
import type { ResponseUsage } from './usage.ts'

export type ResponseState = {
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  output: readonly Json[]
  /** Whether it is kept, or is to be. */
  store: boolean
  completedAtMs?: number
  usage?: ResponseUsage
  reason?: 'max_output_tokens' | 'content_filter'
  error?: { code: 'server_error'; message: string }
}

/** @param requestId what its id is made of */
export function responseOf(
  request: ResponseRequest,
  requestId: string,
  createdAtMs: number,
  state: ResponseState,
): Json {
  return {
    id: responseId(requestId),
    object: 'response',
    created_at: Math.floor(createdAtMs / 1000),
    status: state.status,
    completed_at: state.completedAtMs === undefined ? null : Math.floor(state.completedAtMs / 1000),
    error: state.error ?? null,
    incomplete_details: state.reason === undefined ? null : { reason: state.reason },
    ...request.echo,
    output: state.output,
    store: state.store,
    ...(state.usage === undefined ? {} : { usage: state.usage }),
  }
}
