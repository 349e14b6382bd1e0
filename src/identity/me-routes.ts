/** /api/me: who is calling, and what they may do. */
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import { Me, meOnWire } from './me-schema.ts'

export async function meRoutes(server: Server, _options: { identity: Identity }): Promise<void> {
  server.get(
    '/api/me',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['People'],
        summary: 'Who is calling, and what they may do',
        response: { 200: Me, 401: ErrorShape },
      },
    },
    async (request) => meOnWire(knownCaller(request)),
  )
}
