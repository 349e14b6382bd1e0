/** Bodies that wait, over a real socket, while their sender's rights are taken away. */
import assert from 'node:assert/strict'
import { type ClientRequest, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { createServer } from '../platform/http.ts'
import { createLog } from '../platform/log.ts'
import { guardRoutes } from './access.ts'
import { authSession, installationRole, invitation, member, organization } from './tables.ts'
import { ORIGIN, type TestInstallation, testInstallation } from './test-installation.ts'

describe('a body that is held back', () => {
  let at: TestInstallation
  let port = 0
  let home = ''
  before(async () => {
    at = await testInstallation()
    await at.setUp()
    home = (await at.db.select().from(organization))[0]?.id ?? ''
    await at.server.listen({ host: '127.0.0.1', port: 0 })
    port = (at.server.server.address() as AddressInfo).port
  })
  after(() => at.close())

  /** Resolves when the next caller was found: the first look is over. */
  function looked(): Promise<void> {
    const { people } = at.identity
    const find = people.personOf
    return new Promise((resolve) => {
      people.personOf = async (...asked) => {
        people.personOf = find
        const found = await find(...asked)
        resolve()
        return found
      }
    })
  }

  /** Sends all but the last byte, lets `meanwhile` happen, and sends the rest. */
  async function held(
    ask: { method?: string; path: string; cookie: string; body: object; chunked?: boolean },
    meanwhile: () => Promise<unknown>,
  ) {
    const text = JSON.stringify(ask.body)
    const sent = request({
      host: '127.0.0.1',
      port,
      method: ask.method ?? 'POST',
      path: ask.path,
      headers: {
        origin: ORIGIN,
        cookie: ask.cookie,
        'content-type': 'application/json',
        ...(ask.chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': Buffer.byteLength(text) }),
      },
    })
    const answer = answerOf(sent)
    const look = looked()
    sent.write(text.slice(0, -1))
    await look
    await meanwhile()
    sent.end(text.slice(-1))
    return answer
  }

  it('is taken from who still may', async () => {
    const cookie = await at.cookieOf('ada@example.com')
    for (const chunked of [false, true]) {
      const answer = await held({ path: '/api/organizations', cookie, body: { name: 'Late' }, chunked }, async () => {})
      assert.equal(answer.status, 201, answer.body)
    }
  })

  it('is refused when its sender was taken out of the organisation', async () => {
    const userId = await at.addPerson('removed@example.com', { organizationId: home, role: 'admin' })
    const cookie = await at.cookieOf('removed@example.com')
    const asks = { organization_id: home, email: 'friend@example.com', role: 'admin' }
    const answer = await held({ path: '/api/invitations', cookie, body: asks }, () =>
      at.db.delete(member).where(eq(member.userId, userId)),
    )
    assert.equal(answer.status, 404, answer.body)
    assert.deepEqual(await at.db.select().from(invitation), [])
  })

  it('is refused when its sender became a viewer', async () => {
    const userId = await at.addPerson('demoted@example.com', { organizationId: home, role: 'admin' })
    const cookie = await at.cookieOf('demoted@example.com')
    const answer = await held(
      { method: 'PATCH', path: `/api/organizations/${home}`, cookie, body: { name: 'Mine' }, chunked: true },
      () =>
        at.db
          .update(member)
          .set({ role: 'viewer' })
          .where(and(eq(member.userId, userId), eq(member.organizationId, home))),
    )
    assert.equal(answer.status, 403, answer.body)
  })

  it('is refused when its sender was signed out', async () => {
    const userId = await at.addPerson('out@example.com', { organizationId: home, role: 'developer' })
    const cookie = await at.cookieOf('out@example.com')
    const answer = await held({ path: '/api/keys', cookie, body: { name: 'banked' } }, () =>
      at.db.delete(authSession).where(eq(authSession.userId, userId)),
    )
    assert.equal(answer.status, 401, answer.body)
  })

  it('is refused when its sender runs the installation no more', async () => {
    const userId = await at.addPerson('operator@example.com', { operator: true })
    const cookie = await at.cookieOf('operator@example.com')
    const answer = await held({ path: '/api/operators', cookie, body: { person: 'out@example.com' } }, () =>
      at.db.delete(installationRole).where(eq(installationRole.userId, userId)),
    )
    assert.equal(answer.status, 403, answer.body)
  })

  it('is refused at its end by a route that reads it itself', async () => {
    const server = await createServer({ log: createLog('test', 'silent'), version: '0', publicUrl: ORIGIN })
    guardRoutes(server, at.identity, () => 'public')
    server.addContentTypeParser('application/gzip', (_request, payload, done) => done(null, payload))
    let taken = ''
    let begun = () => {}
    const first = new Promise<void>((resolve) => {
      begun = resolve
    })
    server.post('/upload', { config: { access: 'backup.restore' } }, async ({ body }) => {
      for await (const chunk of body as Readable) {
        taken += chunk
        begun()
      }
      return 'kept'
    })
    await server.listen({ host: '127.0.0.1', port: 0 })
    const userId = await at.addPerson('uploads@example.com', { operator: true })
    const cookie = await at.cookieOf('uploads@example.com')
    const ask = async (meanwhile: () => Promise<unknown>) => {
      const sent = request({
        host: '127.0.0.1',
        port: (server.server.address() as AddressInfo).port,
        method: 'POST',
        path: '/upload',
        headers: { origin: ORIGIN, cookie, 'content-type': 'application/gzip', 'content-length': 2 },
      })
      const answer = answerOf(sent)
      sent.write('a')
      await first
      await meanwhile()
      sent.end('b')
      return answer
    }
    assert.deepEqual(await ask(async () => {}), { status: 200, body: 'kept' })
    assert.equal(taken, 'ab')
    const refused = await ask(async () => {
      while (taken !== 'aba') await new Promise((resolve) => setTimeout(resolve, 5))
      await at.db.delete(installationRole).where(eq(installationRole.userId, userId))
    })
    assert.equal(refused.status, 403, refused.body)
    await server.close()
  })
})

async function answerOf(sent: ClientRequest): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    sent.once('error', reject).once('response', async (response) => {
      let body = ''
      for await (const chunk of response.setEncoding('utf8')) body += chunk
      resolve({ status: response.statusCode ?? 0, body })
    })
  })
}
