/**
 * The console's files: built once into `web/dist` (`tools/build-console.mjs`), named by their content, each beside its
 * compressed forms. Whatever else a browser navigates to is a page of the console, which finds its own way by the address.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'

export const CONSOLE_FOLDER = fileURLToPath(new URL('../../web/dist', import.meta.url))

const YEAR_MS = 31_536_000_000

/** Everything from here, nothing inline; styles that scripts set go through the object model, which this allows. */
const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-cache',
}

export async function consoleRoutes(server: Server): Promise<void> {
  await server.register(fastifyStatic, { root: CONSOLE_FOLDER, serve: false, preCompressed: true, dotfiles: 'deny' })
  const open = { config: { access: 'anybody' }, schema: { hide: true } } as const

  server.get(
    '/assets/:file',
    {
      config: { access: 'anybody' },
      schema: { hide: true, params: Type.Object({ file: Type.String({ pattern: '^[\\w.-]+$' }) }) },
    },
    async (request, reply) =>
      reply
        .header('x-content-type-options', 'nosniff')
        .sendFile(`assets/${request.params.file}`, { maxAge: YEAR_MS, immutable: true }),
  )
  for (const file of ['theme.js', 'icon.svg'])
    server.get(`/${file}`, open, async (_request, reply) =>
      reply.header('x-content-type-options', 'nosniff').sendFile(file, { maxAge: 0 }),
    )
  server.get('/', open, async (_request, reply) => sendConsole(reply))
}

/** Whether a request that no route answers is a person's browser on its way to a page. */
export function isNavigation(request: FastifyRequest): boolean {
  const { method, url, headers } = request
  return (
    (method === 'GET' || method === 'HEAD') &&
    (headers.accept ?? '').includes('text/html') &&
    !/^\/(api|v1|internal|assets|docs)(\/|$|\?)/.test(url)
  )
}

export function sendConsole(reply: FastifyReply): FastifyReply {
  if (!existsSync(join(CONSOLE_FOLDER, 'index.html')))
    return reply
      .code(503)
      .type('text/plain; charset=utf-8')
      .send(
        'The console is not built. Start Tradewind with `npm start`, which builds it, or run `node tools/build-console.mjs`.',
      )
  return reply.headers(PAGE_HEADERS).sendFile('index.html', { maxAge: 0, cacheControl: false })
}
