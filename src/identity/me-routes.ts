/** /api/me: who is calling, and what they may do. /api/rules: what anybody may do who holds a role. */
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import { Me, meOnWire } from './me-schema.ts'
import { RulesShape, rulesOnWire } from './rules-schema.ts'

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

  server.get(
    '/api/rules',
    {
      config: { access: 'anybody' },
      schema: {
        tags: ['People'],
        summary: 'What each role may do',
        description:
          'The one table of rules that every route is decided by. It is the same everywhere, so anybody may read it.',
        response: { 200: RulesShape },
      },
    },
    async () => rulesOnWire(),
  )
}
