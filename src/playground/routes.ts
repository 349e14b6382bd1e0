/** /api/playground: saved sessions of a project. */
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape, pageOnWire } from '../platform/wire-shapes.ts'
import { DOCUMENT_BYTES_MAX } from './document.ts'
import { SessionChanged } from './errors.ts'
import type { Playground } from './playground.ts'
import * as wire from './schema.ts'

/** A document as long as it may be, its title, and escapes that JSON may spend on it. */
const BODY_BYTES_MAX = DOCUMENT_BYTES_MAX + 500_000

const tags = ['Playground']
const params = Type.Object({ id: Type.String({ maxLength: 64 }) })
const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

/** Adds the playground's routes. The server must be guarded (`guardRoutes`). */
export async function playgroundRoutes(server: Server, { playground }: { playground: Playground }): Promise<void> {
  server.get(
    '/api/playground/sessions',
    {
      config: { access: 'playground.read' },
      schema: {
        tags,
        summary: 'List saved sessions of a project, last saved first',
        description: 'Those that others keep private are not in it.',
        querystring: wire.SessionQuery,
        response: { 200: wire.PlaygroundSessionPage, ...refusals },
      },
    },
    async (request) => {
      const { project_id, whose = 'all', kind = null, search = '', limit = 50, after = null } = request.query
      const filter = { projectId: project_id, whose, kind, search }
      return pageOnWire(await playground.list(knownCaller(request), filter, { limit, after }), wire.sessionRowOnWire)
    },
  )

  server.post(
    '/api/playground/sessions',
    {
      config: { access: 'playground.write', takesAnyTextIn: 'document' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        tags,
        summary: 'Save a session',
        description:
          'Nothing of a playground is kept until somebody saves it here. A saved session is in the database, whatever the project says about content on disk, until it is deleted or its project is.',
        body: wire.SessionWanted,
        response: { 201: wire.PlaygroundSession, ...refusals, 409: ErrorShape, 413: ErrorShape },
      },
    },
    async (request, reply) => {
      const { project_id, visibility = 'private', ...rest } = request.body
      const made = await playground.create(knownCaller(request), { ...rest, visibility, projectId: project_id })
      return reply.code(201).send(wire.sessionOnWire(made))
    },
  )

  server.get(
    '/api/playground/sessions/:id',
    {
      config: { access: 'playground.read' },
      schema: { tags, summary: 'Read a saved session', params, response: { 200: wire.PlaygroundSession, ...refusals } },
    },
    async (request) => wire.sessionOnWire(await playground.get(knownCaller(request), request.params.id)),
  )

  server.patch(
    '/api/playground/sessions/:id',
    {
      config: { access: 'playground.write', takesAnyTextIn: 'document' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        tags,
        summary: 'Save over a session',
        description:
          'What the body does not name stays. If somebody saved since `revision`, nothing is changed, and the refusal (409) carries the session as it is now in `newer`, beside `error`.',
        params,
        body: wire.SessionChange,
        response: { 200: wire.PlaygroundSession, ...refusals, 409: wire.SessionConflict, 413: ErrorShape },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const { id } = request.params
      try {
        return wire.sessionOnWire(await playground.update(caller, id, request.body))
      } catch (error) {
        // Expected where two people save at once: the loser needs the winner's text to go on.
        if (!(error instanceof SessionChanged)) throw error
        const newer = wire.sessionOnWire(await playground.get(caller, id))
        return reply.code(409).send({ ...reply.errorBody(error), newer })
      }
    },
  )

  server.post(
    '/api/playground/sessions/:id/duplicate',
    {
      config: { access: 'playground.write' },
      schema: {
        tags,
        summary: 'Copy a session',
        description: 'The copy is the caller’s own and private.',
        params,
        body: Type.Optional(wire.SessionCopy),
        response: { 201: wire.PlaygroundSession, ...refusals, 409: ErrorShape },
      },
    },
    async (request, reply) => {
      const copy = await playground.duplicate(knownCaller(request), request.params.id, request.body?.title ?? null)
      return reply.code(201).send(wire.sessionOnWire(copy))
    },
  )

  server.delete(
    '/api/playground/sessions/:id',
    {
      config: { access: 'playground.delete' },
      schema: {
        tags,
        summary: 'Delete a saved session',
        params,
        response: { 204: Type.Null(), ...refusals },
      },
    },
    async (request, reply) => {
      await playground.delete(knownCaller(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}
