/**
 * Refusals in OpenAI's words: `{ error: { message, type, param, code } }` with the codes that its own API uses, so that
 * a client's error handling needs no second dialect.
 */
import { EngineError, type EngineErrorCode } from '../token-engine.ts'

export type WireError = {
  error: { message: string; type: string; param: string | null; code: string | null }
}

export type RequestErrorData = {
  status: number
  message: string
  /** Path of the field at fault, as in `messages[0].content`. */
  param?: string
  /** Stable: clients match this, never the sentence. */
  code: string
  /** Default: decided by the status. */
  type?: 'invalid_request_error' | 'server_error' | 'not_found_error'
}

export class RequestError extends Error {
  readonly status: number
  readonly param: string | null
  readonly code: string
  readonly type: string

  constructor(data: RequestErrorData, options?: ErrorOptions) {
    super(data.message, options)
    this.name = 'RequestError'
    this.status = data.status
    this.param = data.param ?? null
    this.code = data.code
    this.type = data.type ?? (data.status >= 500 ? 'server_error' : 'invalid_request_error')
  }

  toWire(): WireError {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } }
  }
}

/** How trouble below the seam looks to a client. */
const ENGINE_ERRORS: Record<EngineErrorCode, { status: number; code: string; param?: string }> = {
  'engine.model_missing': { status: 503, code: 'engine.model_missing' },
  'engine.model_broken': { status: 503, code: 'engine.model_broken' },
  'engine.model_unsupported': { status: 503, code: 'engine.model_unsupported' },
  'engine.library_missing': { status: 503, code: 'engine.library_missing' },
  'engine.out_of_memory': { status: 503, code: 'engine.out_of_memory' },
  'engine.template_failed': { status: 400, code: 'invalid_value', param: 'messages' },
  'engine.grammar_invalid': { status: 400, code: 'invalid_value', param: 'response_format' },
  'engine.adapter_broken': { status: 400, code: 'engine.adapter_broken' },
  'engine.adapter_unknown': { status: 404, code: 'engine.adapter_unknown', param: 'model' },
  'engine.context_exceeded': { status: 400, code: 'context_length_exceeded' },
  'engine.not_an_embedding_model': { status: 400, code: 'unsupported_model', param: 'model' },
  'engine.step_failed': { status: 500, code: 'engine.step_failed' },
  'engine.closing': { status: 503, code: 'engine.closing' },
}

/** Any thrown thing as a refusal; what is unknown becomes a 500 that tells no inner words. */
export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error
  if (error instanceof EngineError) {
    return new RequestError({ ...ENGINE_ERRORS[error.code], message: error.message }, { cause: error })
  }
  return new RequestError(
    { status: 500, code: 'engine.internal_error', message: 'The engine failed in a way that it did not expect.' },
    { cause: error },
  )
}
