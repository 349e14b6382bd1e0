/** How a worker asks a guard model: through its own inner door, as a request of its own. */
import { Pool } from 'undici'
import { headersFromWithin } from '../inner-door.ts'
import type { AskWithin } from './moderator.ts'

/** A header of requests of our own, which no hook looks at. */
export const ASKED_FOR_HEADER = 'x-tradewind-asked-for'
/**
 * `client`: somebody asked for moderation, whose limits count; `hook`: a project's rules want it, which neither count nor
 * ask whether the key may name the guard, and whose words are not kept.
 */
export type AskedFor = 'client' | 'hook'

export function askedForIn(header: string | string[] | undefined): AskedFor | null {
  return header === 'client' || header === 'hook' ? header : null
}

export function createAskWithin() {
  let pool: Pool | null = null
  const as =
    (askedFor: AskedFor): AskWithin =>
    async ({ keyId, requestId, body }) => {
      if (pool === null) throw new Error('the inner door is not open')
      const { statusCode, body: answer } = await pool.request({
        method: 'POST',
        path: '/v1/chat/completions',
        headers: {
          'content-type': 'application/json',
          ...headersFromWithin({ keyId, requestId }),
          [ASKED_FOR_HEADER]: askedFor,
        },
        body,
      })
      return { status: statusCode, body: Buffer.from(await answer.arrayBuffer()) }
    }
  return {
    forClient: as('client'),
    forHook: as('hook'),
    /** Where the inner door is, once it is open. */
    at(socketPath: string): void {
      pool = new Pool('http://worker', {
        socketPath,
        connections: null,
        pipelining: 1,
        headersTimeout: 0,
        bodyTimeout: 0,
      })
    },
    async close(): Promise<void> {
      await pool?.destroy()
    },
  }
}
