/**
 * /api/auth: the ways in and out, for those whom we do not know yet. Every change needs an Origin of ours, also without a
 * session: else another site could sign somebody in as somebody else.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { addressOf, webHeaders } from './access.ts'
import type { Identity } from './identity.ts'
import { requireTrustedOrigin } from './origins.ts'
import type { Visit } from './people.ts'
import { SignInRefused } from './sign-in-errors.ts'
import * as wire from './sign-in-schema.ts'

const BODY_BYTES_MAX = 16_384

const open = { config: { access: 'anybody' }, bodyLimit: BODY_BYTES_MAX } as const
const refusals = { 400: ErrorShape, 403: ErrorShape, 429: ErrorShape }
const done = { done: true } as const

export async function authRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { account, passkeys, passwordReset, people, sso } = identity

  server.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    if (request.method === 'POST') requireTrustedOrigin(request.headers.origin, identity.trustedOrigins)
  })

  server.post(
    '/api/auth/sign-in/email',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Sign in with e-mail and password',
        description: 'The session is a cookie of the answer. One that the browser came with ends.',
        body: wire.EmailSignIn,
        response: { 200: wire.Done, 401: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body
      const cookies = await people.signIn(email.trim(), password, webHeaders(request), addressOf(request))
      if (cookies === null) throw new SignInRefused({})
      reply.header('set-cookie', cookies)
      return done
    },
  )

  server.post(
    '/api/auth/sign-out',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'End the session',
        description: 'Also where there is none: afterwards nobody is signed in.',
        response: { 200: wire.Done, ...refusals },
      },
    },
    async (request, reply) => {
      reply.header('set-cookie', await people.signOut(webHeaders(request), addressOf(request)))
      return done
    },
  )

  server.post(
    '/api/auth/sign-in/passkey/options',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Begin to sign in with a passkey',
        operationId: 'beginSignInPasskey',
        response: { 200: wire.CeremonyOptions, 409: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      const { options, setCookies } = await passkeys.signInOptions(visitOf(request))
      reply.header('set-cookie', setCookies)
      return { options }
    },
  )

  server.post(
    '/api/auth/sign-in/passkey',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Sign in with a passkey',
        body: wire.PasskeySignIn,
        response: { 200: wire.Done, 401: ErrorShape, 409: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      reply.header('set-cookie', await passkeys.signIn(request.body.response, visitOf(request)))
      return done
    },
  )

  server.post(
    '/api/auth/sign-in/oidc',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Begin to sign in at the provider of single sign-on',
        operationId: 'beginSignInOidc',
        body: wire.SingleSignOnWanted,
        response: { 200: wire.SingleSignOnBegun, 409: ErrorShape, 502: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      const { url, setCookies } = await sso.begin(request.body.next ?? '/', visitOf(request))
      reply.header('set-cookie', setCookies)
      return { url }
    },
  )

  server.get('/api/auth/callback/oidc', { ...open, schema: { hide: true } }, async (request, reply) => {
    const { path, setCookies } = await sso.finish(new URL(request.url, identity.publicUrl).search, visitOf(request))
    if (setCookies.length > 0) reply.header('set-cookie', setCookies)
    return goTo(reply, identity.publicUrl, path)
  })

  server.post(
    '/api/auth/password-reset-request',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Mail a link to set a new password',
        operationId: 'requestPasswordReset',
        description: 'The answer is the same whether somebody has this address or not.',
        body: wire.ResetRequest,
        response: { 202: wire.Done, 409: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      passwordReset.request(request.body.email, addressOf(request))
      return reply.code(202).send(done)
    },
  )

  server.get(
    '/api/auth/password-reset',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Whose password a link may set',
        operationId: 'getPasswordReset',
        querystring: Type.Object(
          { token: Type.String({ maxLength: 200, description: '`token` of the link.' }) },
          { additionalProperties: false },
        ),
        response: { 200: wire.ResetPerson, 410: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const { name, email } = await passwordReset.personOf(request.query.token, addressOf(request))
      return { name, email }
    },
  )

  server.post(
    '/api/auth/password-reset',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Set a new password with a link',
        operationId: 'completePasswordReset',
        description: 'Ends every session of the person. Sign in with the new password afterwards.',
        body: wire.ResetWanted,
        response: { 200: wire.ResetPerson, 410: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const { token, password } = request.body
      const { name, email } = await passwordReset.complete(token, password, addressOf(request))
      return { name, email }
    },
  )

  server.post(
    '/api/auth/email-confirmation',
    {
      ...open,
      schema: {
        tags: ['Signing in'],
        summary: 'Confirm a new e-mail address with a link',
        operationId: 'confirmEmail',
        body: wire.TokenSent,
        response: { 200: wire.ConfirmedEmail, 410: ErrorShape, ...refusals },
      },
    },
    async (request) => account.confirmEmail(request.body.token, addressOf(request)),
  )
}

function visitOf(request: FastifyRequest): Visit {
  return { headers: webHeaders(request), address: addressOf(request) }
}

/** To a page of ours, by its whole address: the provider sent the browser to this one, wherever a proxy thinks we are. */
function goTo(reply: FastifyReply, publicUrl: string, path: string): FastifyReply {
  return reply.redirect(`${publicUrl}${path}`, 303)
}
