/** /api/events: what changes, as server-sent events, for as long as the session lasts. */
import type { FastifyRequest } from 'fastify'
import { knownCaller } from '../identity/access.ts'
import { type Caller, may } from '../identity/rules.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { TooManyStreams } from './errors.ts'
import type { Audience, EventFeed, Listener } from './event-feed.ts'

export type EventRoutesOptions = {
  events: EventFeed
  /** Who calls with the session of an earlier request, as of now; null = it has ended. */
  callerNow: (request: FastifyRequest) => Promise<Caller | null>
  /** How often a connection is kept alive and its session looked at again. Default 10 s. */
  beatMs?: number
}

const BEAT_MS = 10_000
/** More than the tabs that anybody has open at once. */
const STREAMS_MAX = 20

export async function eventRoutes(
  server: Server,
  { events, callerNow, beatMs = BEAT_MS }: EventRoutesOptions,
): Promise<void> {
  const streams = new Map<string, number>()

  server.get(
    '/api/events',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['Models'],
        summary: 'What changes here, as it does',
        description:
          'Server-sent events. First `state` (open pulls, replicas for those who may see them, the starter), then `pull` and `replica` with the whole of each as it is now (pulls twice a second at most), `replica-gone`, `starter`, and `models` when the list of models is another. `end` says that the session has ended. A browser that comes back gets the state again.',
        response: {
          200: { content: { 'text/event-stream': { schema: { type: 'string' } } } },
          401: ErrorShape,
          429: ErrorShape,
        },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const who = caller.kind === 'person' ? caller.userId : caller.kind
      const count = streams.get(who) ?? 0
      if (count >= STREAMS_MAX) throw new TooManyStreams({ most: STREAMS_MAX })
      streams.set(who, count + 1)
      reply.hijack()
      const { raw } = reply
      const cookies = reply.getHeader('set-cookie')
      raw.writeHead(200, {
        'x-content-type-options': 'nosniff',
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
        ...(cookies === undefined ? {} : { 'set-cookie': cookies as string | string[] }),
      })
      raw.flushHeaders()

      let beat: NodeJS.Timeout | null = null
      let connection: Awaited<ReturnType<EventFeed['connect']>> | null = null
      raw.on('close', () => {
        if (beat !== null) clearInterval(beat)
        connection?.end()
        const left = (streams.get(who) ?? 1) - 1
        if (left > 0) streams.set(who, left)
        else streams.delete(who)
      })
      const listener: Listener = {
        write: (text) => raw.destroyed || raw.write(text),
        onDrained: (drained) => raw.on('drain', drained),
        end: () => raw.end(),
      }
      connection = await events.connect(listener, audienceOf(caller)).catch((error) => {
        request.log.error({ err: error }, 'a stream of events could not be begun')
        return null
      })
      if (connection === null || raw.destroyed) return connection?.end()
      const open = connection
      let isLooking = false
      beat = setInterval(() => {
        open.beat()
        if (isLooking) return // a slow database is not asked again before it has answered
        isLooking = true
        callerNow(request)
          .then((now) => (now === null ? open.end('signed-out') : open.allow(audienceOf(now))))
          .catch((error) => request.log.warn({ err: error }, 'a session could not be looked at again'))
          .finally(() => {
            isLooking = false
          })
      }, beatMs)
    },
  )
}

function audienceOf(caller: Caller): Audience {
  return { models: may(caller, 'models.list'), replicas: may(caller, 'status.read') }
}
