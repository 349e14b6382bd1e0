/** /api/invitations: made, listed and taken back by whoever may; looked at and accepted by whoever has the link. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { addressOf, callerOf, knownCaller, webHeaders } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './invitation-schema.ts'
import { requireTrustedOrigin } from './origins.ts'
import { FormErrorShape } from './sign-in-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }
const id = Type.Optional(Type.String({ maxLength: 64 }))

export async function invitationRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { invitations, acceptInvitation, people, trustedOrigins } = identity

  server.get(
    '/api/invitations',
    {
      config: { access: 'invitations.list' },
      schema: {
        tags: ['People'],
        summary: 'List open invitations, newest first',
        description: 'Without their links, which are shown once.',
        querystring: Type.Object(
          { ...PageQuery, organization_id: id, project_id: id },
          { additionalProperties: false },
        ),
        response: { 200: wire.InvitationPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const { organization_id, project_id } = request.query
      const filter = { organizationId: organization_id ?? null, projectId: project_id ?? null }
      const page = await invitations.list(knownCaller(request), filter, pageFrom(request.query, 'inv'))
      return pageOnWire(page, wire.invitationOnWire)
    },
  )

  server.post(
    '/api/invitations',
    {
      config: { access: 'invitations.create' },
      schema: {
        tags: ['People'],
        summary: 'Invite somebody',
        description:
          'The answer holds the link, which cannot be seen again. It is mailed too where this installation has a mail server. Only an owner invites owners; the first owner of a new organisation may be invited by an operator.',
        body: wire.InvitationWanted,
        response: { 201: wire.NewInvitationShape, 400: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      const { organization_id, project_id, email, role, valid_days } = request.body
      const made = await invitations.create(knownCaller(request), {
        organizationId: organization_id,
        projectId: project_id ?? null,
        email,
        role,
        ...(valid_days === undefined ? {} : { validDays: valid_days }),
      })
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...wire.invitationOnWire(made.invitation), url: made.url, mail: made.mail })
    },
  )

  server.delete(
    '/api/invitations/:id',
    {
      config: { access: 'invitations.revoke' },
      schema: {
        tags: ['People'],
        summary: 'Take an open invitation back',
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 200: wire.InvitationRevoked, ...refusals },
      },
    },
    async (request) => {
      await invitations.revoke(knownCaller(request), request.params.id)
      return { id: request.params.id }
    },
  )

  // A token in an address would stay in logs and histories, so both take it in a body.
  server.post(
    '/api/invitations/look',
    {
      config: { access: 'anybody' },
      schema: {
        tags: ['People'],
        summary: 'What an invitation is for',
        description: 'For whoever has the link, signed in or not.',
        body: wire.TokenShape,
        response: { 200: wire.InvitationSeen, 400: ErrorShape, 410: ErrorShape, 429: ErrorShape },
      },
    },
    async (request, reply) => {
      const found = await invitations.look(request.body.token, addressOf(request))
      return reply.header('cache-control', 'no-store').send(wire.invitationSeenOnWire(found))
    },
  )

  server.post(
    '/api/invitations/accept',
    {
      config: { access: 'anybody' },
      schema: {
        tags: ['People'],
        summary: 'Accept an invitation',
        description:
          'Whoever is signed in accepts for himself, with any address. Else `name` and `password` make the person of the invited address and begin a session.',
        body: wire.Acceptance,
        response: {
          200: wire.AcceptedShape,
          400: FormErrorShape,
          403: ErrorShape,
          409: ErrorShape,
          410: ErrorShape,
          429: ErrorShape,
        },
      },
    },
    async (request, reply) => {
      const caller = await callerOf(identity, 'public', request, reply)
      const person = caller?.kind === 'person' ? caller : null
      // Without a session nothing of a browser is used, so a program may leave the origin out.
      if (person || request.headers.origin !== undefined) requireTrustedOrigin(request.headers.origin, trustedOrigins)
      const { token, name = '', password = '' } = request.body
      const address = addressOf(request)
      reply.header('cache-control', 'no-store')
      const accepting = person ? { person } : { person: null, name, password }
      const accepted = await acceptInvitation(token, accepting, address)
      if (person) return wire.acceptedOnWire(accepted, true)
      // The person is made: a sign-in that fails here is one that can be done by hand.
      const cookies = await people.signIn(accepted.email, password, webHeaders(request), address).catch((error) => {
        request.log.warn({ err: error }, 'a new person was not signed in')
        return null
      })
      if (cookies) reply.header('set-cookie', cookies)
      return wire.acceptedOnWire(accepted, cookies !== null)
    },
  )
}
