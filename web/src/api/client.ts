/** The one way in which the console knows anything: JSON over /api, with the session's cookie. */

import i18next from 'i18next'

/** What a route refuses, in the server's words. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  /** Stable; `offline` where no answer came. */
  readonly code: string
  /** The field that is wrong, where one is. */
  readonly param: string | null
  readonly requestId: string | null
  /** What is wrong with a form, by the name of the field. */
  readonly problems: Record<string, string>

  constructor(status: number, { code, message, param = null, problems = {} }: ErrorBody, requestId: string | null) {
    super(message)
    this.status = status
    this.code = code
    this.param = param
    this.requestId = requestId
    this.problems = problems
  }
}

/** No answer came. */
export const offlineError = () =>
  new ApiError(0, { code: 'offline', message: i18next.t('no-answer', { ns: 'parts' }) }, null)

type ErrorBody = { code: string; message: string; param?: string | null; problems?: Record<string, string> }

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/api/…`, without a query. */
  path: string
  query?: Query
  body?: unknown
}

/** @throws ApiError */
export async function api<Answer>(call: Call, signal?: AbortSignal): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(urlOf(call), {
      method: call.method,
      headers: { ...inOurLanguage(), ...(call.body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw offlineError()
  }
  const requestId = response.headers.get('x-request-id')
  const text = await response.text()
  if (!response.ok) throw new ApiError(response.status, errorIn(text, response.statusText), requestId)
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

export const get = <Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> =>
  api({ method: 'GET', path, ...(query ? { query } : {}) }, signal)

/** The language that is chosen here, which need not be the browser's: refusals are said in it. */
export const inOurLanguage = () => ({ 'accept-language': i18next.language })

/** The address of a call, with what is unset left out. */
export function urlOf({ path, query = {} }: Pick<Call, 'path' | 'query'>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one))
  }
  return search.size === 0 ? path : `${path}?${search}`
}

function errorIn(text: string, otherwise: string): ErrorBody {
  try {
    const { error } = JSON.parse(text) as { error: ErrorBody }
    // The gateway says this while control is away, and knows one language.
    if (error.code === 'control_unavailable') return { ...error, message: i18next.t('control-away', { ns: 'parts' }) }
    return { ...error, code: error.code ?? 'internal', message: error.message ?? otherwise }
  } catch {
    return { code: 'internal', message: otherwise } // a proxy's page, say
  }
}
