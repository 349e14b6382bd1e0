/** An installation for tests: a scratch database, the door, and a guarded server per socket. */
import assert from 'node:assert/strict'
import type { Clock } from '../platform/clock.ts'
import { scratchDatabase } from '../platform/database/scratch.ts'
import { createServer } from '../platform/http.ts'
import { newId, randomText } from '../platform/ids.ts'
import { createLog } from '../platform/log.ts'
import { createMailer } from '../platform/mail.ts'
import { guardRoutes, type Socket } from './access.ts'
import { createIdentity, type IdentityDeps } from './identity.ts'
import { identityRoutes } from './routes.ts'
import type { OrganizationRole } from './rules.ts'
import { authAccount, authUser, installationRole, member, organization, project } from './tables.ts'

export const ORIGIN = 'http://localhost:8484'
export const PASSWORD = 'correct horse battery'

export type TestInstallation = Awaited<ReturnType<typeof testInstallation>>

export type TestOptions = Partial<Pick<IdentityDeps, 'mailer' | 'oidc' | 'publicUrl' | 'session'>>

export async function testInstallation(options: TestOptions = {}) {
  const database = await scratchDatabase()
  const log = createLog('test', 'silent')
  let laterMs = 0
  const clock: Clock = { nowMs: () => Date.now() + laterMs }
  const identity = createIdentity({
    db: database.db,
    clock,
    log,
    mailer: createMailer(null),
    publicUrl: ORIGIN,
    session: { idleMs: 7 * 86_400_000, longestMs: 30 * 86_400_000 },
    oidc: null,
    ...options,
    port: 8484,
    secret: 'a-secret-for-tests-7Hq2mZ9sVxK4nB1tRc8yLw5eJd0fGa3uPo6i',
    contentDaysMax: 90,
  })
  const facts = { sampleModel: async () => 'test-model' }

  async function serverFor(socket: Socket) {
    const server = await createServer({ log, version: '0', publicUrl: ORIGIN })
    guardRoutes(server, identity, () => socket)
    await server.register(identityRoutes, { identity, sampleModel: () => facts.sampleModel() })
    await server.ready()
    return server
  }
  const server = await serverFor('public')
  const admin = await serverFor('admin')

  return {
    db: database.db,
    identity,
    server,
    admin,
    /** What set-up is told; a test may change it. */
    facts,
    /** Lets time pass. */
    wait(ms: number) {
      laterMs += ms
    },
    async setUp() {
      const link = await identity.setup.offerLink()
      assert(link)
      const form = { name: 'Ada', email: 'ada@example.com', password: PASSWORD, organization: 'Kestrel Labs' }
      return identity.setup.complete(tokenOf(link.url), form, null)
    },
    /** An organisation beside the first, with one project. */
    async addOrganization(name: string) {
      const now = new Date()
      const ids = { organizationId: newId('org'), projectId: newId('proj') }
      await database.db.insert(organization).values({ id: ids.organizationId, name, createdAt: now })
      await database.db
        .insert(project)
        .values({ id: ids.projectId, organizationId: ids.organizationId, name, salt: randomText(25), createdAt: now })
      return ids
    },
    /** A person who can sign in, until invitations exist. */
    async addPerson(email: string, roles: { organizationId?: string; role?: OrganizationRole; operator?: boolean }) {
      const now = new Date()
      const userId = newId('usr')
      await database.db.insert(authUser).values({ id: userId, name: email, email, createdAt: now, updatedAt: now })
      const password = await identity.people.hashPassword(PASSWORD)
      await database.db.insert(authAccount).values({
        id: randomText(32),
        accountId: userId,
        providerId: 'credential',
        userId,
        password,
        createdAt: now,
        updatedAt: now,
      })
      if (roles.operator)
        await database.db.insert(installationRole).values({ userId, role: 'operator', createdAt: now })
      if (roles.organizationId && roles.role)
        await database.db
          .insert(member)
          .values({ userId, organizationId: roles.organizationId, role: roles.role, createdAt: now })
      return userId
    },
    /** Signs in through the API, as a program would. @returns a cookie header */
    async cookieOf(email: string, password = PASSWORD): Promise<string> {
      const answer = await server.inject({
        method: 'POST',
        url: '/api/auth/sign-in/email',
        headers: { origin: ORIGIN },
        payload: { email, password },
      })
      assert.equal(answer.statusCode, 200, answer.body)
      return cookiesFrom(answer.headers['set-cookie'])
    },
    async close() {
      await server.close()
      await admin.close()
      await database.close()
    },
  }
}

export function tokenOf(url: string): string {
  const token = new URL(url).searchParams.get('token')
  assert(token)
  return token
}

/** What a browser would send back after these `Set-Cookie`s. */
export function cookiesFrom(setCookie: string | string[] | undefined): string {
  return [setCookie ?? []]
    .flat()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}
