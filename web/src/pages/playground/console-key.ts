/**
 * The key with which this browser calls /v1 itself: short-lived, in memory only, made again before it ends and when it is
 * refused. Closing the tab forgets it.
 */
import type { Static } from 'typebox'
import type { ConsoleKeyShape } from '../../../../src/identity/key-schema.ts'
import { ApiError, api, offlineError } from '../../api/client.ts'
import type { Endpoint, RequestBody } from './chat-request.ts'

type ConsoleKey = Static<typeof ConsoleKeyShape>

/** It is renewed this long before it ends: an answer's request must still find it. */
const RENEW_BEFORE_MS = 60_000

const keys = new Map<string, Promise<ConsoleKey>>()

async function secretFor(projectId: string, refused?: string): Promise<string> {
  const known = keys.get(projectId)
  if (known) {
    const key = await known.catch(() => null)
    if (key && key.secret !== refused && Date.parse(key.expires_at) - Date.now() > RENEW_BEFORE_MS) return key.secret
    // Of several that find it spent, one makes the next.
    if (keys.get(projectId) === known) keys.delete(projectId)
    else return secretFor(projectId, refused)
  }
  const made = api<ConsoleKey>({ method: 'POST', path: '/api/console-keys', body: { project_id: projectId } })
  keys.set(projectId, made)
  made.catch(() => keys.get(projectId) === made && keys.delete(projectId))
  return (await made).secret
}

/**
 * Calls the public API as any client would.
 * @returns the answer, of status 200
 * @throws ApiError with the API's own code
 */
export async function callPublic(
  projectId: string,
  endpoint: Endpoint,
  body: RequestBody,
  signal?: AbortSignal,
): Promise<Response> {
  const secret = await secretFor(projectId)
  const response = await send(secret, endpoint, body, signal)
  if (response.status !== 401) return checked(response)
  return checked(await send(await secretFor(projectId, secret), endpoint, body, signal))
}

async function send(secret: string, endpoint: Endpoint, body: RequestBody, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw offlineError()
  }
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response
  const requestId = response.headers.get('x-request-id')
  const error = errorIn(await response.text())
  throw new ApiError(response.status, error ?? { code: 'internal', message: response.statusText }, requestId)
}

/** What `{"error": {…}}` says; null = something else. */
export function errorIn(text: string): { code: string; message: string } | null {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string | null; type?: string; message?: string } }
    return error ? { code: error.code ?? error.type ?? 'internal', message: error.message ?? '' } : null
  } catch {
    return null
  }
}
