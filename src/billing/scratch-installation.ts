/** Billing's routes for tests, beside people, keys and a scratch database. */
import assert from 'node:assert/strict'
import { guardRoutes } from '../identity/access.ts'
import { testInstallation } from '../identity/test-installation.ts'
import { createServer } from '../platform/http.ts'
import { newId } from '../platform/ids.ts'
import { createLog } from '../platform/log.ts'
import { createBilling } from './billing.ts'
import { billingRoutes } from './routes.ts'
import { scratchRecord } from './scratch-records.ts'
import type { UsageRecord } from './usage-record.ts'

export const NOW = Date.UTC(2026, 10, 24, 14, 32, 8)
export const HOUR_MS = 3_600_000
/** The day of `NOW`, as a query. */
export const TODAY = { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z' }

export type Query = Record<string, string | number>
export type BillingInstallation = Awaited<ReturnType<typeof billingInstallation>>

export async function billingInstallation() {
  const installation = await testInstallation()
  const { db, identity } = installation
  await installation.setUp()
  const all = { organizationId: null }
  const { data } = await identity.organizations.listProjects({ kind: 'machine' }, all, { limit: 1, after: null })
  const home = { organizationId: data[0]!.organizationId, projectId: data[0]!.id }
  const away = await installation.addOrganization('Away')
  await installation.addPerson('bo@example.com', { organizationId: away.organizationId, role: 'viewer' })
  const ada = await installation.cookieOf('ada@example.com')
  const bo = await installation.cookieOf('bo@example.com')

  const billing = createBilling({ db, clock: { nowMs: () => NOW }, findKeys: identity.names.keys })
  const server = await createServer({
    log: createLog('test', 'silent'),
    version: '0',
    publicUrl: 'http://localhost:8484',
  })
  guardRoutes(server, identity, () => 'public')
  await server.register(billingRoutes, { billing })
  await server.ready()

  const get = async (path: string, query: Query = {}, cookie = ada) => {
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    )
    const answer = await server.inject({ url: `${path}?${search}`, headers: cookie ? { cookie } : {} })
    return { status: answer.statusCode, text: answer.body, headers: answer.headers }
  }
  return {
    installation,
    billing,
    db,
    /** What Ada owns. */
    home,
    /** A session of Bo, who sees another organisation. */
    bo,
    /** Asks as Ada, unless another session is given; the empty one is nobody's. */
    get,
    async json<Body>(path: string, query: Query = {}, cookie = ada): Promise<Body> {
      const { status, text } = await get(path, query, cookie)
      assert.equal(status, 200, text)
      return JSON.parse(text) as Body
    },
    async refusal(path: string, query: Query, cookie = ada) {
      const { status, text } = await get(path, query, cookie)
      return { status, code: (JSON.parse(text) as { error: { code: string } }).error.code }
    },
    async makeKey(name: string, projectId = home.projectId): Promise<string> {
      return (await identity.keys.create({ kind: 'machine' }, { name, projectId })).key.id
    },
    /** Records a request of an hour ago, or of another time. @returns its id */
    async use(keyId: string, changed: Partial<UsageRecord> = {}, of = home): Promise<string> {
      const startedAtMs = changed.startedAtMs ?? NOW - HOUR_MS
      const id = newId('req', startedAtMs)
      await billing.recordUsage([scratchRecord(id, { ...of, keyId, ...changed, startedAtMs })])
      return id
    },
    async close() {
      await server.close()
      await installation.close()
    },
  }
}
