/**
 * Expected trouble: a class with a stable code, an HTTP status, and data from which the sentence is built.
 *
 *     export class KeyUnknown extends AppError<{ id: string }> {
 *       static override code = 'identity.key_unknown'
 *       static override status = 404
 *       static override say = (d: { id: string }) => `There is no key ${d.id}.`
 *     }
 *     throw new KeyUnknown({ id })
 *
 * Clients match `code`, never the sentence. Broken invariants are not AppErrors: they are bugs, and crash the job.
 */
type AppErrorClass = {
  code: string
  status: number
  say(data: never): string
  sayProblems: ((data: never) => Record<string, string>) | null
}

export type ErrorBody = {
  error: { message: string; type: string; param: string | null; code: string; problems?: Record<string, string> }
}

export class AppError<Data extends Record<string, unknown> = Record<string, unknown>> extends Error {
  static code = 'internal'
  static status = 500
  static say: (data: never) => string = () => 'Something went wrong here.'
  /** Of a refused form: what is wrong, by the name of the field. */
  static sayProblems: ((data: never) => Record<string, string>) | null = null

  readonly code: string
  readonly status: number
  readonly data: Data

  constructor(data: Data, options?: ErrorOptions) {
    const kind = new.target as unknown as AppErrorClass
    super(kind.say(data as never), options)
    this.name = new.target.name
    this.code = kind.code
    this.status = kind.status
    this.data = data
  }

  /** What is wrong with a form, by the name of the field; null where no form is refused. */
  get problems(): Record<string, string> | null {
    return (this.constructor as unknown as AppErrorClass).sayProblems?.(this.data as never) ?? null
  }
}

/** OpenAI's error shape, which every route of ours answers with. `type` follows from the status. */
export function errorBody(code: string, status: number, message: string, param: string | null = null): ErrorBody {
  return { error: { message, type: errorType(status), param, code } }
}

function errorType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}
