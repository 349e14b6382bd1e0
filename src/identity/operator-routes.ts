/** Everybody who can sign in, and who of them runs the installation. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './member-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape }

export async function operatorRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { operators } = identity

  server.get(
    '/api/people',
    {
      config: { access: 'people.list' },
      schema: {
        tags: ['People'],
        summary: 'List everybody who can sign in, newest first',
        querystring: Type.Object(
          {
            ...PageQuery,
            search: Type.Optional(Type.String({ maxLength: 100, description: 'Part of a name or e-mail address.' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: wire.PersonPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const filter = { search: request.query.search?.trim() || null }
      const page = await operators.listPeople(knownCaller(request), filter, pageFrom(request.query, 'usr'))
      return pageOnWire(page, wire.personOnWire)
    },
  )

  server.get(
    '/api/operators',
    {
      config: { access: 'operators.list' },
      schema: {
        tags: ['People'],
        summary: 'List who runs the installation',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: wire.PersonPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const page = await operators.list(knownCaller(request), pageFrom(request.query, 'usr'))
      return pageOnWire(page, wire.personOnWire)
    },
  )

  server.post(
    '/api/operators',
    {
      config: { access: 'operators.change' },
      schema: {
        tags: ['People'],
        summary: 'Make somebody an operator',
        description: 'On an operator this changes nothing.',
        body: wire.OperatorWanted,
        response: { 200: wire.PersonShape, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => wire.personOnWire(await operators.grant(knownCaller(request), request.body.email)),
  )

  server.delete(
    '/api/operators/:user_id',
    {
      config: { access: 'operators.change' },
      schema: {
        tags: ['People'],
        summary: 'Make somebody no operator any more',
        description: 'The last one stays.',
        params: Type.Object({ user_id: Type.String({ maxLength: 64 }) }),
        response: { 200: wire.PersonShape, ...refusals, 404: ErrorShape, 409: ErrorShape },
      },
    },
    async (request) => wire.personOnWire(await operators.withdraw(knownCaller(request), request.params.user_id)),
  )
}
