/** /api/me: who is calling, and what they may do. */
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import { Me, meOnWire } from './me-schema.ts'

export async function meRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  server.get(
    '/api/me',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['People'],
        summary: 'Who is calling, and what they may do',
        description: 'With their organisations and projects, so that a console begins with one call.',
        response: { 200: Me, 401: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      return meOnWire(caller, caller.kind === 'person' ? await identity.organizations.homesOf(caller) : [])
    },
  )
}
