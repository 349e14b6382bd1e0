/** What workers ask of control about idempotency keys, on the admin socket. The contract is in `claim-wire.ts`. */
import type { Server } from '../../platform/http.ts'
import type { Claim, ClaimEnd } from './claim-wire.ts'
import type { ClaimsOwner } from './claims-owner.ts'

/** One answer, packed and in base64; a worker keeps none that is larger before it is packed. */
const ANSWER_BYTES_MAX = 8_388_608

export async function idempotencyRoutes(server: Server, { claims }: { claims: ClaimsOwner }): Promise<void> {
  const config = { access: 'machine', takesAnyTextIn: 'all' } as const // our own workers: content as it came

  server.post('/internal/idempotency/claim', { config, schema: { hide: true } }, async (request) =>
    claims.claim(request.body as Claim),
  )

  server.post('/internal/idempotency/renew', { config, schema: { hide: true } }, async (request, reply) => {
    const { requestIds } = request.body as { requestIds: string[] }
    await claims.renew(requestIds)
    return reply.code(204).send()
  })

  server.post(
    '/internal/idempotency/end',
    { config, bodyLimit: ANSWER_BYTES_MAX, schema: { hide: true } },
    async (request, reply) => {
      await claims.end(request.body as ClaimEnd)
      return reply.code(204).send()
    },
  )
}
