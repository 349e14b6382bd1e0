/**
 * Text that everything behind the door can hold: UTF-8 without the character 0, which PostgreSQL has no room for, and
 * without halves of a surrogate pair, which are no characters. Refused at the door, for every route, since each would
 * otherwise have to think of it.
 */
import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import { AppError } from './errors.ts'
import type { Server } from './http.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The field of the body whose text the route makes sound itself, since it keeps what models and people wrote; or all. */
    takesAnyTextIn?: 'all' | (string & {})
  }
}

export class TextUnsound extends AppError<{ param: string | null }> {
  static override code = 'invalid_request'
  static override status = 400
  static override say = (d: { param: string | null }) =>
    `${d.param ? `${d.param} holds` : 'A name in the request is'} text with the character NUL, or with half of a surrogate pair.`
}

export class JsonNotUtf8 extends AppError {
  static override code = 'invalid_json'
  static override status = 400
  static override say = () => 'The body is not valid JSON: it holds bytes that are not UTF-8.'
}

/** Guards every route that is registered on `server` afterwards. */
export function guardText(server: Server): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    if (isUtf8(bytes)) parse(request, bytes.toString('utf8'), done)
    else done(new JsonNotUtf8({}))
  })

  server.addHook('preValidation', async (request, reply) => {
    // No thing has such an id, so it is looked for in vain.
    if (unsoundIn(request.params) !== null) {
      reply.callNotFound()
      return reply
    }
    const found = unsoundIn(request.query) ?? unsoundIn(guardedPart(request))
    if (found !== null) throw new TextUnsound({ param: found.slice(0, 10).join('.') || null })
  })
}

function guardedPart({ body, routeOptions }: FastifyRequest): unknown {
  const field = routeOptions.config.takesAnyTextIn
  if (field === undefined || !isRecord(body)) return body
  return field === 'all' ? null : { ...body, [field]: null }
}

type Part = { value: unknown; name: string; within: Part | null }

/** Where in `value` a text or a key is unsound; null = nowhere. By a list of its own, since a body may be nested as deep as it is long. */
export function unsoundIn(value: unknown): string[] | null {
  const waiting: Part[] = [{ value, name: '', within: null }]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (typeof part.value === 'string' && !isSound(part.value)) return pathOf(part)
    if (!Array.isArray(part.value) && !isRecord(part.value)) continue
    for (const [name, inner] of Object.entries(part.value)) {
      if (!isSound(name)) return pathOf(part)
      waiting.push({ value: inner, name, within: part })
    }
  }
  return null
}

function pathOf(part: Part): string[] {
  const path: string[] = []
  for (let here: Part = part; here.within !== null; here = here.within) path.push(here.name)
  return path.reverse()
}

function isSound(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed()
}

/** What a parser made of JSON or of a query; streams and bytes are not looked into. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  // The parser of queries makes objects of a prototype of its own, which has none itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
