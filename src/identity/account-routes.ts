/** /api/me/…: what a person sees and changes of his own; and what others may do about how somebody signs in. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { addressOf, knownCaller, webHeaders } from './access.ts'
import * as wire from './account-schema.ts'
import type { Identity } from './identity.ts'
import type { Visit } from './people.ts'
import type { PersonCaller } from './rules.ts'
import { PersonNeeded } from './sign-in-errors.ts'
import {
  CeremonyOptions,
  Done,
  ResetLinkMade,
  ResetLinkWanted,
  SessionsEnded,
  SingleSignOnBegun,
  SingleSignOnWanted,
} from './sign-in-schema.ts'

const own = { config: { access: 'signed-in' } } as const
const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape }
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) })
const done = { done: true } as const

export async function accountRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { account, passkeys, passwordReset, people, sessions, sso } = identity

  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  const accountOf = async (person: PersonCaller) =>
    wire.accountOnWire(await account.view(person), {
      mail: identity.mailConfigured,
      passkeys: passkeys.available,
      provider: sso.providerName,
    })

  server.get(
    '/api/me/account',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'One’s own account',
        operationId: 'getMyAccount',
        response: { 200: wire.AccountShape, ...refusals },
      },
    },
    async (request) => accountOf(personIn(request)),
  )

  server.patch(
    '/api/me/account',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Change one’s own name',
        operationId: 'updateMyAccount',
        body: wire.AccountChange,
        response: { 200: wire.AccountShape, ...refusals },
      },
    },
    async (request) => {
      const person = personIn(request)
      await account.rename(person, request.body.name)
      return accountOf(person)
    },
  )

  server.post(
    '/api/me/password',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Change one’s own password',
        operationId: 'changeMyPassword',
        description: 'Ends every session of the person; the answer begins a new one.',
        body: wire.PasswordChange,
        response: { 200: Done, ...refusals, 429: ErrorShape },
      },
    },
    async (request, reply) => {
      const { current_password, new_password } = request.body
      const wanted = { current: current_password, next: new_password }
      reply.header('set-cookie', await people.changePassword(personIn(request), wanted, visitOf(request)))
      return done
    },
  )

  server.post(
    '/api/me/email',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Mail a link that makes another address one’s own',
        operationId: 'changeMyEmail',
        description:
          'Nothing changes until the link is opened, within an hour. An address that somebody else has gets no mail, and the answer does not tell.',
        body: wire.EmailChange,
        response: { 202: Done, ...refusals, 409: ErrorShape, 429: ErrorShape },
      },
    },
    async (request, reply) => {
      const { email, current_password } = request.body
      await account.requestEmailChange(personIn(request), { email, password: current_password })
      return reply.code(202).send(done)
    },
  )

  server.get(
    '/api/me/sessions',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'List one’s own sessions, newest first',
        operationId: 'listMySessions',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: wire.SessionPage, ...refusals },
      },
    },
    async (request) =>
      pageOnWire(await sessions.list(personIn(request), pageFrom(request.query, 'ses')), wire.sessionOnWire),
  )

  server.delete(
    '/api/me/sessions/:id',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'End one of one’s own sessions',
        operationId: 'endMySession',
        params: Id,
        response: { 200: Done, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      await sessions.end(personIn(request), request.params.id)
      return done
    },
  )

  server.delete(
    '/api/me/sessions',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'End all of one’s own sessions but this one',
        operationId: 'endMyOtherSessions',
        response: { 200: SessionsEnded, ...refusals },
      },
    },
    async (request) => ({ sessions_ended: await sessions.endOthers(personIn(request)) }),
  )

  server.post(
    '/api/me/passkeys/options',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Begin to add a passkey',
        operationId: 'beginMyPasskey',
        description: 'Only within an hour of signing in.',
        response: { 200: CeremonyOptions, ...refusals, 409: ErrorShape },
      },
    },
    async (request, reply) => {
      const { options, setCookies } = await passkeys.registrationOptions(personIn(request), visitOf(request))
      reply.header('set-cookie', setCookies)
      return { options }
    },
  )

  server.post(
    '/api/me/passkeys',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Add the passkey that the browser made',
        operationId: 'addMyPasskey',
        body: wire.PasskeyMade,
        response: { 201: wire.PasskeyShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request, reply) => {
      const { name, response } = request.body
      const made = await passkeys.register(personIn(request), { name: name.trim(), response }, visitOf(request))
      return reply.code(201).send(wire.passkeyOnWire(made))
    },
  )

  server.patch(
    '/api/me/passkeys/:id',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Rename a passkey',
        operationId: 'renameMyPasskey',
        params: Id,
        body: wire.PasskeyChange,
        response: { 200: wire.PasskeyShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) =>
      wire.passkeyOnWire(await passkeys.rename(personIn(request), request.params.id, request.body.name.trim())),
  )

  server.delete(
    '/api/me/passkeys/:id',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Delete a passkey',
        operationId: 'deleteMyPasskey',
        params: Id,
        response: { 200: Done, ...refusals, 404: ErrorShape, 409: ErrorShape },
      },
    },
    async (request) => {
      await passkeys.delete(personIn(request), request.params.id)
      return done
    },
  )

  server.post(
    '/api/me/single-sign-on',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Begin to join one’s account at the provider of single sign-on',
        operationId: 'linkMySingleSignOn',
        description: 'Both must have the same e-mail address, and the provider must have verified it.',
        body: SingleSignOnWanted,
        response: { 200: SingleSignOnBegun, ...refusals, 409: ErrorShape, 502: ErrorShape },
      },
    },
    async (request, reply) => {
      personIn(request)
      const { url, setCookies } = await sso.beginLink(request.body.next ?? '/', visitOf(request))
      reply.header('set-cookie', setCookies)
      return { url }
    },
  )

  server.delete(
    '/api/me/single-sign-on',
    {
      ...own,
      schema: {
        tags: ['Account'],
        summary: 'Part from one’s account at the provider of single sign-on',
        operationId: 'unlinkMySingleSignOn',
        response: { 200: Done, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      await sso.unlink(personIn(request))
      return done
    },
  )

  server.post(
    '/api/password-reset-links',
    {
      config: { access: 'people.reset_password' },
      schema: {
        tags: ['People'],
        summary: 'Make a link by which somebody sets a new password',
        operationId: 'createPasswordResetLink',
        description: 'To be handed over; it holds for an hour and is used once. Earlier ones stop being valid.',
        body: ResetLinkWanted,
        response: { 201: ResetLinkMade, ...refusals, 404: ErrorShape },
      },
    },
    async (request, reply) => {
      const { url, expiresAt, person } = await passwordReset.makeLink(knownCaller(request), request.body.person)
      return reply.code(201).send({ url, expires_at: expiresAt.toISOString(), person })
    },
  )

  server.delete(
    '/api/people/:id/sessions',
    {
      config: { access: 'people.end_sessions' },
      schema: {
        tags: ['People'],
        summary: 'Sign somebody out everywhere',
        operationId: 'endSessionsOfPerson',
        params: Id,
        response: { 200: SessionsEnded, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => ({ sessions_ended: await sessions.endAllOf(knownCaller(request), request.params.id) }),
  )
}

/** @throws PersonNeeded on the admin socket */
function personIn(request: FastifyRequest): PersonCaller {
  const caller = knownCaller(request)
  if (caller.kind !== 'person') throw new PersonNeeded({})
  return caller
}

function visitOf(request: FastifyRequest): Visit {
  return { headers: webHeaders(request), address: addressOf(request) }
}
