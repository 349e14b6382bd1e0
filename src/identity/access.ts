/**
 * The guard at the door of every route: who is calling is found before anything of the request is parsed, and a route
 * that does not declare who may call it does not start.
 *
 *     app.get('/api/models', { config: { access: 'models.list' } }, …)
 *
 * A rule on the installation is decided here. A rule on an organisation is decided by the house that knows which one:
 * here it is only made sure that somebody is calling.
 *
 * A body may take as long as its sender likes, so whoever sends one is found again when it has come whole: otherwise a
 * body held back would keep the rights of the moment in which it began.
 */
import { pipeline, Readable, Transform } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Server } from '../platform/http.ts'
import { KEY_ID_HEADER } from '../platform/key-id-header.ts'
import { Unauthenticated } from './errors.ts'
import type { Identity } from './identity.ts'
import { pageByName, requireTrustedOrigin } from './origins.ts'
import { type Action, type Caller, type KeyCaller, RULES, requireMay, whoMay } from './rules.ts'

/**
 * `anybody`: also those whom we do not know. `signed-in`: whoever we know. `machine`: the admin socket alone, elsewhere
 * there is no such route. `key`: whoever has a live API key with the scope `inference`, which the gateway has let in. Else
 * an action of the rules.
 */
export type Access = 'anybody' | 'signed-in' | 'machine' | 'key' | Action

/** `public`: what the gateway passes on. `admin`: the socket that only this machine's operator can open. */
export type Socket = 'public' | 'admin'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
  interface FastifyRequest {
    /** Who is calling; null where nobody is known, or where the route is open to anybody. */
    caller: Caller | null
  }
}

/** Guards every route that is registered on `server` afterwards. Call it before them. `socketOf` says which way a request came. */
export function guardRoutes(server: Server, identity: Identity, socketOf: (request: FastifyRequest) => Socket): void {
  server.decorateRequest('caller', null)

  server.addHook('onRoute', (route) => {
    const access = route.config?.access
    if (access === undefined) throw new Error(`${String(route.method)} ${route.url} does not declare its access`)
    route.schema = {
      ...route.schema,
      security: access === 'anybody' ? [] : [access === 'key' ? { key: [] } : { session: [] }],
      ...(access === 'anybody' || access === 'signed-in' || access === 'machine' || access === 'key'
        ? {}
        : { description: [route.schema?.description, `Who may: ${whoMay(access)}.`].filter(Boolean).join(' ') }),
    }
  })

  server.addHook('onRequest', async (request, reply) => {
    const { method, url, headers, host } = request
    const fetchMode = headers['sec-fetch-mode']
    const page = pageByName(
      { method, url, host, accept: headers.accept ?? '', fetchMode: typeof fetchMode === 'string' ? fetchMode : null },
      identity.publicUrl,
    )
    if (page !== null) return reply.redirect(page, 307)
  })

  server.addHook('onRequest', async (request, reply) => {
    const access = request.routeOptions.config.access
    if (access === undefined || access === 'anybody') return // undefined: no such route, which gets its 404
    const socket = socketOf(request)
    if (access === 'machine') {
      if (socket === 'admin') return
      reply.callNotFound()
      return reply
    }
    const caller =
      access === 'key' ? await keyCallerOf(identity, request, socket) : await callerOf(identity, socket, request, reply)
    if (caller === null) throw new Unauthenticated({})
    if (caller.kind === 'person' && changesSomething(request.method))
      requireTrustedOrigin(request.headers.origin, identity.trustedOrigins)
    requireAccess(caller, access)
    request.caller = caller
  })

  server.addHook('preValidation', async (request) => {
    const access = request.routeOptions.config.access
    if (access === undefined || access === 'anybody' || access === 'machine' || !mayHaveWaited(request)) return
    const decideAgain = async () => {
      const caller =
        access === 'key' ? await keyCallerOf(identity, request, 'public') : await callerStill(identity, request)
      requireAccess(caller, access)
      request.caller = caller
    }
    // A body that its route reads itself is still on its way; of such a one the rule is looked at when it ends.
    if (request.body instanceof Readable) request.body = endingWith(decideAgain, request.body)
    else await decideAgain()
  })
}

/** @throws Unauthenticated · Forbidden */
function requireAccess(caller: Caller | null, access: 'signed-in' | 'key' | Action): asserts caller is Caller {
  if (caller === null) throw new Unauthenticated({})
  if (access !== 'signed-in' && access !== 'key' && RULES[access].on === 'installation') requireMay(caller, access)
}

/** Whether time can have passed between its headers and its end. */
function mayHaveWaited({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The same bytes; where `check` refuses, they break off before their end is told. */
function endingWith(check: () => Promise<void>, bytes: Readable): Readable {
  const passed = new Transform({
    transform: (chunk, _encoding, done) => done(null, chunk),
    flush: (done) => void check().then(() => done(), done),
  })
  // What goes wrong on either side ends the other; whoever reads the bytes hears of it.
  return pipeline(bytes, passed, () => {})
}

/** Who is calling: the operator of this machine on the admin socket, else whoever is signed in. A prolonged session's cookie goes onto the answer. */
export async function callerOf(
  identity: Identity,
  socket: Socket,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Caller | null> {
  if (socket === 'admin') return { kind: 'machine' }
  const found = await identity.people.personOf(webHeaders(request), addressOf(request))
  if (!found) return null
  if (found.setCookies.length > 0) reply.header('set-cookie', found.setCookies)
  return found.person
}

/** Who calls with the session of a request that is still being answered, as of now; null = it has ended. */
export async function callerStill(identity: Identity, request: FastifyRequest): Promise<Caller | null> {
  if (request.caller?.kind !== 'person') return request.caller
  const found = await identity.people.personOf(webHeaders(request), addressOf(request), { prolong: false })
  return found?.person ?? null
}

/** The key that a worker has let in, as of now; null = none, or it has ended. The gateway says which only on the public socket. */
async function keyCallerOf(identity: Identity, request: FastifyRequest, socket: Socket): Promise<KeyCaller | null> {
  const keyId = request.headers[KEY_ID_HEADER]
  if (socket !== 'public' || typeof keyId !== 'string') return null
  const caller = await identity.keys.callerWith(keyId)
  return caller?.scopes.includes('inference') ? caller : null
}

/** The caller of a route whose access is `key`. */
export function knownKey(request: FastifyRequest): KeyCaller {
  if (request.caller?.kind !== 'key') throw new Unauthenticated({})
  return request.caller
}

/** The caller of a route whose access is not `anybody`. */
export function knownCaller(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Unauthenticated({})
  return request.caller
}

/**
 * Where a request came from. What comes over a Unix socket was passed on by our own gateway, which puts the address it
 * saw last in x-forwarded-for; whatever stands before it there came from the client and proves nothing.
 */
export function addressOf(request: FastifyRequest): string | null {
  const direct = request.socket.remoteAddress
  if (direct !== undefined) return direct
  const forwarded = request.headers['x-forwarded-for']
  return (Array.isArray(forwarded) ? forwarded.join() : (forwarded ?? '')).split(',').at(-1)?.trim() || null
}

/** Headers as Better Auth wants them. */
export function webHeaders(request: FastifyRequest): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (Array.isArray(value)) for (const one of value) headers.append(name, one)
    else if (value !== undefined) headers.set(name, value)
  }
  return headers
}

function changesSomething(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
}
