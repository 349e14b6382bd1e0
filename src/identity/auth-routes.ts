/** /api/auth: the few routes of Better Auth that the network may reach, in its own shapes. */
import type { Server } from '../platform/http.ts'
import { addressOf, webHeaders } from './access.ts'
import type { Identity } from './identity.ts'
import { AUTH_ROUTES } from './people.ts'

const BODY_BYTES_MAX = 16_384

export async function authRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  // As text, since Better Auth parses for itself. JSON alone: a form is what another site's page can send.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: BODY_BYTES_MAX },
    async (_request: unknown, body: string) => body,
  )

  for (const { method, path } of AUTH_ROUTES) {
    server.route({
      method,
      url: `/api/auth${path}`,
      // Better Auth finds the session itself, and checks the origin of whatever comes with one.
      config: { access: 'anybody' },
      schema: { tags: ['People'], summary: SUMMARIES[path] },
      handler: async (request, reply) => {
        const answer = await identity.people.answer(
          {
            method,
            path,
            search: new URL(request.url, identity.publicUrl).search,
            headers: webHeaders(request),
            body: typeof request.body === 'string' ? request.body : '',
          },
          addressOf(request),
        )
        reply.code(answer.status).header('cache-control', 'no-store')
        const setCookies = answer.headers.getSetCookie()
        if (setCookies.length > 0) reply.header('set-cookie', setCookies)
        return reply.type(answer.headers.get('content-type') ?? 'application/json').send(await answer.text())
      },
    })
  }
}

const SUMMARIES: Record<(typeof AUTH_ROUTES)[number]['path'], string> = {
  '/sign-in/email': 'Sign in with e-mail and password',
  '/sign-out': 'End the session',
  '/get-session': 'The session and its person, or null',
  '/list-sessions': "The person's sessions",
  '/revoke-session': 'End one session of the person',
  '/revoke-other-sessions': 'End all sessions of the person but this one',
  '/revoke-sessions': 'End all sessions of the person',
  '/change-password': 'Change the password',
}
