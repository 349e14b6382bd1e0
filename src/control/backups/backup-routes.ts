/** /api/backups: what there is, make one, check, send, take in, delete, put in the place of the present data. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { knownCaller } from '../../identity/access.ts'
import type { Server } from '../../platform/http.ts'
import { CursorMalformed } from '../../platform/paging.ts'
import { ErrorShape } from '../../platform/wire-shapes.ts'
import * as wire from './backup-schema.ts'
import type { Backups } from './backups.ts'
import { postgresCommands } from './postgres-commands.ts'

export type BackupRoutesOptions = { backups: Backups /** Null = embedded. */; databaseUrl: string | null }

const tags = ['Backups']
const params = Type.Object({ id: Type.String({ maxLength: 100 }) })
const refusals = { 401: ErrorShape, 403: ErrorShape }
const found = { ...refusals, 404: ErrorShape }

/** Adds the routes of backups. The server must be guarded (`guardRoutes`). */
export async function backupRoutes(server: Server, { backups, databaseUrl }: BackupRoutesOptions): Promise<void> {
  server.get(
    '/api/backups',
    {
      config: { access: 'backup.read' },
      schema: {
        tags,
        summary: 'List backups, newest first',
        querystring: wire.BackupQuery,
        response: { 200: wire.BackupList, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const { limit = 50, after = null } = request.query
      const all = await backups.list()
      const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1
      if (after !== null && from === 0) throw new CursorMalformed({ cursor: after })
      const data = all.slice(from, from + limit)
      const activity = backups.activity()
      return {
        data: data.map(wire.backupOnWire),
        next: from + limit < all.length ? (data.at(-1)?.id ?? null) : null,
        database: backups.kind,
        nightly_kept: backups.kind === 'embedded' ? await backups.nightlyKept() : null,
        activity: activity && wire.activityOnWire(activity),
        postgres_commands: databaseUrl === null ? [] : postgresCommands(databaseUrl),
      }
    },
  )

  server.get(
    '/api/backups/activity',
    {
      config: { access: 'backup.read' },
      schema: {
        tags,
        summary: 'What is being done with backups, or was done last',
        description:
          'Ask it every second or so. While a restore starts control anew, this answers 502; afterwards it says how the restore went, or 401 where the session that asks is not in the backup.',
        response: { 200: wire.ActivityAnswer, ...refusals },
      },
    },
    async () => {
      const activity = backups.activity()
      return { activity: activity && wire.activityOnWire(activity) }
    },
  )

  server.post(
    '/api/backups',
    {
      config: { access: 'backup.create' },
      schema: {
        tags,
        summary: 'Write a copy of the embedded database, and check it',
        response: { 202: wire.BackupActivityShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request, reply) => reply.code(202).send(wire.activityOnWire(backups.create(knownCaller(request)))),
  )

  server.post(
    '/api/backups/:id/check',
    {
      config: { access: 'backup.create' },
      schema: {
        tags,
        summary: 'Check a backup',
        description: 'It is unpacked beside the present data, opened, migrated, read to its end, and deleted again.',
        params,
        response: { 202: wire.BackupActivityShape, ...found, 409: ErrorShape },
      },
    },
    async (request, reply) => reply.code(202).send(wire.activityOnWire(await backups.check(request.params.id))),
  )

  server.get(
    '/api/backups/:id/archive',
    {
      config: { access: 'backup.download' },
      schema: {
        tags,
        summary: 'Download a backup',
        description:
          'A tar.gz. It holds e-mail addresses, and hashes of passwords and keys. That it was downloaded is in the trail.',
        params,
        response: {
          200: {
            description: 'The archive.',
            content: { 'application/gzip': { schema: Type.Unsafe<Readable>(Type.String({ format: 'binary' })) } },
          },
          ...found,
        },
      },
    },
    async (request, reply) => {
      const { file, bytes } = await backups.download(knownCaller(request), request.params.id)
      return reply
        .headers({
          'content-type': 'application/gzip',
          'content-length': file.bytes,
          'content-disposition': `attachment; filename="${file.id}.tar.gz"`,
          'cache-control': 'no-store',
        })
        .send(bytes)
    },
  )

  server.delete(
    '/api/backups/:id',
    {
      config: { access: 'backup.delete' },
      schema: { tags, summary: 'Delete a backup', params, response: { 204: Type.Null(), ...found, 409: ErrorShape } },
    },
    async (request, reply) => {
      await backups.remove(knownCaller(request), request.params.id)
      return reply.code(204).send(null)
    },
  )

  server.put(
    '/api/backups/retention',
    {
      config: { access: 'backup.delete' },
      schema: {
        tags,
        summary: 'Say how many nightly backups are kept',
        description: 'Those beyond are deleted at once. What somebody asked for, uploaded or replaced stays.',
        body: wire.Retention,
        response: { 200: wire.Retention, 400: ErrorShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      await backups.keepNightly(knownCaller(request), request.body.nightly_kept)
      return { nightly_kept: await backups.nightlyKept() }
    },
  )

  server.post(
    '/api/backups/:id/restore',
    {
      config: { access: 'backup.restore' },
      schema: {
        tags,
        summary: 'Put a backup in the place of the present data',
        description:
          'The backup is checked, the present data is saved as one more backup, and control starts again on the other one, within some seconds. Models go on answering known keys meanwhile. If anything goes wrong, nothing is changed; `GET /api/backups/activity` says what.',
        params,
        response: { 202: wire.RestoreBegun, ...found, 409: ErrorShape },
      },
    },
    async (request, reply) => {
      const activity = await backups.restore(knownCaller(request), request.params.id)
      return reply.code(202).send({
        activity: wire.activityOnWire(activity),
        backup: wire.backupOnWire(await backups.get(request.params.id)),
        consequences: [...wire.RESTORE_CONSEQUENCES],
      })
    },
  )

  await server.register(uploadRoute, { backups })
}

/** By itself, since here alone a body is not read before the route is. */
async function uploadRoute(server: Server, { backups }: { backups: Backups }): Promise<void> {
  server.removeAllContentTypeParsers()
  for (const type of ['application/gzip', 'application/x-gzip', 'application/octet-stream'])
    server.addContentTypeParser(type, (_request, payload, done) => done(null, payload))

  server.post(
    '/api/backups/upload',
    {
      config: { access: 'backup.restore' },
      schema: {
        tags,
        summary: 'Take in a backup',
        description:
          'The body is the tar.gz itself, as `application/gzip`. It answers when the backup came whole and was checked; otherwise nothing of it is kept. To put it in the place of the present data, restore it.',
        response: {
          201: wire.BackupShape,
          ...refusals,
          409: ErrorShape,
          413: ErrorShape,
          415: ErrorShape,
          422: ErrorShape,
        },
      },
    },
    async (request, reply) => {
      const length = request.headers['content-length']
      const bytesTotal = length === undefined ? null : Number(length)
      const made = await backups.upload(
        knownCaller(request),
        (request.body as Readable | null) ?? Readable.from([]),
        bytesTotal,
      )
      return reply.code(201).send(wire.backupOnWire(made))
    },
  )
}
