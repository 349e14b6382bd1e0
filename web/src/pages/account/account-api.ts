/** What a person asks and does about himself. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { AccountShape, PasskeyShape, SessionPage, SessionShape } from '../../../../src/identity/account-schema.ts'
import { type Call, get } from '../../api/client.ts'

export type Account = Static<typeof AccountShape>
export type Passkey = Static<typeof PasskeyShape>
export type Session = Static<typeof SessionShape>

export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => get<Account>('/api/me/account', undefined, signal),
})

export const sessionsQuery = infiniteQueryOptions({
  queryKey: ['sessions'],
  queryFn: ({ pageParam, signal }) =>
    get<Static<typeof SessionPage>>('/api/me/sessions', { limit: 20, after: pageParam }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
})

export const rename = (name: string): Call => ({ method: 'PATCH', path: '/api/me/account', body: { name } })
export const changeEmail = (email: string, current: string): Call => ({
  method: 'POST',
  path: '/api/me/email',
  body: { email, current_password: current },
})
export const changePassword = (current: string, next: string): Call => ({
  method: 'POST',
  path: '/api/me/password',
  body: { current_password: current, new_password: next },
})
export const requestReset = (email: string): Call => ({
  method: 'POST',
  path: '/api/auth/password-reset-request',
  body: { email },
})
export const endSession = (id: string): Call => ({ method: 'DELETE', path: `/api/me/sessions/${id}` })
export const END_OTHERS: Call = { method: 'DELETE', path: '/api/me/sessions' }

export const PASSKEY_OPTIONS: Call = { method: 'POST', path: '/api/me/passkeys/options', body: {} }
export const addPasskey = (name: string, response: object): Call => ({
  method: 'POST',
  path: '/api/me/passkeys',
  body: { name, response },
})
export const renamePasskey = (id: string, name: string): Call => ({
  method: 'PATCH',
  path: `/api/me/passkeys/${id}`,
  body: { name },
})
export const deletePasskey = (id: string): Call => ({ method: 'DELETE', path: `/api/me/passkeys/${id}` })

export const LINK: Call = { method: 'POST', path: '/api/me/single-sign-on', body: { next: '/account' } }
export const UNLINK: Call = { method: 'DELETE', path: '/api/me/single-sign-on' }
/** The call as it is shown where the password would stand in it. */
export const hidden = (call: Call): Call => ({
  ...call,
  body: Object.fromEntries(
    Object.entries(call.body as Record<string, unknown>).map(([name, value]) => [
      name,
      name.endsWith('password') ? `$${name.toUpperCase()}` : value,
    ]),
  ),
})
