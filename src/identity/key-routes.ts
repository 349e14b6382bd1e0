/** /api/keys: list, make, change, rotate, revoke, find by a secret; and /api/console-keys for the playground. */
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './key-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape }
/** Also where it is not there: what somebody may not see looks the same. */
const refusalsOfOne = { ...refusals, 404: ErrorShape }

export async function keyRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { keys, consoleKeys } = identity

  server.get(
    '/api/keys',
    {
      config: { access: 'keys.list' },
      schema: {
        tags: ['Keys'],
        summary: 'List keys',
        description: 'Without those that the playground makes for itself.',
        querystring: wire.KeyQuery,
        response: { 200: wire.KeyPage, 400: ErrorShape, ...refusalsOfOne },
      },
    },
    async (request) => {
      const { organization_id, project_id, state, owner_id, model, search, sort = 'created', order } = request.query
      const caller = knownCaller(request)
      const filter = {
        organizationId: organization_id ?? null,
        projectId: project_id ?? null,
        state: state ?? null,
        ownerId: owner_id ?? null,
        model: model ?? null,
        search: search?.trim() ?? null,
      }
      const natural = sort === 'name' || sort === 'expires' ? 'asc' : 'desc'
      const page = await keys.list(caller, filter, pageFrom(request.query, 'key'), { sort, order: order ?? natural })
      return pageOnWire(page, (key) => wire.keyOnWire(key, caller))
    },
  )

  server.post(
    '/api/keys',
    {
      config: { access: 'keys.create' },
      schema: {
        tags: ['Keys'],
        summary: 'Make a key',
        description: 'The answer holds the secret, which cannot be seen again.',
        body: wire.KeyWanted,
        response: { 201: wire.NewKeyShape, 400: ErrorShape, ...refusalsOfOne, 409: ErrorShape, 429: ErrorShape },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const { key, secret } = await keys.create(caller, wire.keyFromWire(request.body))
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...wire.keyOnWire(key, caller), secret })
    },
  )

  server.get(
    '/api/keys/:id',
    {
      config: { access: 'keys.list' },
      schema: {
        tags: ['Keys'],
        summary: 'Get a key',
        description: 'To wait for the first call of a new key, ask each second until `last_used_at` is there.',
        params: wire.KeyParams,
        response: { 200: wire.KeyShape, ...refusalsOfOne },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      return wire.keyOnWire(await keys.key(caller, request.params.id), caller)
    },
  )

  server.patch(
    '/api/keys/:id',
    {
      config: { access: 'keys.update' },
      schema: {
        tags: ['Keys'],
        summary: 'Change a key',
        description: 'In force in every gateway within 100 ms. An expired key can be prolonged.',
        params: wire.KeyParams,
        body: wire.KeyChangeShape,
        response: { 200: wire.KeyShape, 400: ErrorShape, ...refusalsOfOne, 409: ErrorShape, 429: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const { name, models, ips } = request.body
      const expiresAt = wire.timeFrom(request.body.expires_at)
      const key = await keys.update(caller, request.params.id, {
        ...(name === undefined ? {} : { name: name.trim() }),
        ...(models === undefined ? {} : { models }),
        ...(ips === undefined ? {} : { ips }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      })
      return wire.keyOnWire(key, caller)
    },
  )

  server.post(
    '/api/keys/:id/rotate',
    {
      config: { access: 'keys.rotate' },
      schema: {
        tags: ['Keys'],
        summary: 'Give a key a new secret',
        description:
          'The new secret works at once and is shown this once; the key keeps its id. Old secrets go on working for `overlap_s` and then stop in every gateway.',
        params: wire.KeyParams,
        body: wire.KeyRotation,
        response: { 200: wire.NewKeyShape, 400: ErrorShape, ...refusalsOfOne, 409: ErrorShape, 429: ErrorShape },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const { key, secret } = await keys.rotate(caller, request.params.id, request.body.overlap_s)
      return reply.header('cache-control', 'no-store').send({ ...wire.keyOnWire(key, caller), secret })
    },
  )

  server.delete(
    '/api/keys/:id',
    {
      config: { access: 'keys.revoke' },
      schema: {
        tags: ['Keys'],
        summary: 'Revoke a key',
        description: 'Every gateway refuses it within 100 ms. Revoking a revoked key changes nothing.',
        params: wire.KeyParams,
        response: { 200: wire.KeyShape, ...refusalsOfOne },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      return wire.keyOnWire(await keys.revoke(caller, request.params.id), caller)
    },
  )

  server.post(
    '/api/keys/find',
    {
      config: { access: 'keys.list' },
      schema: {
        tags: ['Keys'],
        summary: 'Say which key a leaked secret is of',
        description:
          'Takes a secret or a text that holds some, at most 50 of which are looked up. The text is compared by hashes, and neither kept nor logged.',
        body: wire.KeySearch,
        response: { 200: wire.FoundKeysShape, 400: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const found = await keys.find(caller, request.body.text)
      return reply.header('cache-control', 'no-store').send(wire.foundOnWire(found, caller))
    },
  )

  server.post(
    '/api/console-keys',
    {
      config: { access: 'inference' },
      schema: {
        tags: ['Keys'],
        summary: 'Make a key for the playground',
        description:
          'For the browser of whoever is signed in, to call /v1 of this address itself. It lives an hour at most, and ends with the session and with the right to send prompts in the project. It works in every gateway when this answers. It is in no list; usage has it as its person’s, from the playground.',
        body: wire.ConsoleKeyWanted,
        response: { 201: wire.ConsoleKeyShape, 400: ErrorShape, ...refusalsOfOne, 429: ErrorShape },
      },
    },
    async (request, reply) => {
      const made = await consoleKeys.create(knownCaller(request), request.body.project_id)
      return reply.code(201).header('cache-control', 'no-store').send(wire.consoleKeyOnWire(made))
    },
  )
}
