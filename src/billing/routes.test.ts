import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from 'drizzle-orm'
import { guardRoutes } from '../identity/access.ts'
import { type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import type { Clock } from '../platform/clock.ts'
import { createServer, type Server } from '../platform/http.ts'
import { newId } from '../platform/ids.ts'
import { createLog } from '../platform/log.ts'
import { type Billing, createBilling } from './billing.ts'
import type { RequestOnWire, RequestWholeOnWire } from './request-schema.ts'
import { billingRoutes } from './routes.ts'
import { scratchRecord } from './scratch-records.ts'
import type { UsageRecord } from './usage-record.ts'
import type { FiguresOnWire, KeyUsageOnWire, OverviewUsageOnWire, UsageOnWire } from './usage-schema.ts'

const NOW = Date.UTC(2026, 10, 24, 14, 32, 8)
const HOUR = 3_600_000
const DAY = { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z' }

let installation: TestInstallation
let billing: Billing
let server: Server
/** Ada owns the first organisation; Bo has another one of his own. */
let ada: string
let bo: string
let home: { organizationId: string; projectId: string }
let away: { organizationId: string; projectId: string }

before(async () => {
  installation = await testInstallation()
  const { db, identity } = installation
  await installation.setUp()
  const [first] = (
    await identity.organizations.listProjects({ kind: 'machine' }, { organizationId: null }, { limit: 1, after: null })
  ).data
  home = { organizationId: first!.organizationId, projectId: first!.id }
  away = await installation.addOrganization('Away')
  await installation.addPerson('bo@example.com', { organizationId: away.organizationId, role: 'viewer' })
  ada = await installation.cookieOf('ada@example.com')
  bo = await installation.cookieOf('bo@example.com')

  const clock: Clock = { nowMs: () => NOW }
  billing = createBilling({ db, clock, findKeys: identity.names.keys })
  const log = createLog('test', 'silent')
  server = await createServer({ log, version: '0', publicUrl: 'http://localhost:8484' })
  guardRoutes(server, identity, () => 'public')
  await server.register(billingRoutes, { billing })
  await server.ready()
})
after(async () => {
  await server?.close()
  await installation?.close()
})

async function get(path: string, query: Record<string, string | number> = {}, cookie = ada) {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const answer = await server.inject({ url: `${path}?${search}`, headers: cookie ? { cookie } : {} })
  return { status: answer.statusCode, text: answer.body, headers: answer.headers }
}

async function json<Body>(path: string, query: Record<string, string | number> = {}, cookie = ada): Promise<Body> {
  const { status, text } = await get(path, query, cookie)
  assert.equal(status, 200, text)
  return JSON.parse(text) as Body
}

async function refusal(path: string, query: Record<string, string | number>, cookie = ada) {
  const { status, text } = await get(path, query, cookie)
  return { status, code: (JSON.parse(text) as { error: { code: string } }).error.code }
}

async function makeKey(name: string, projectId = home.projectId): Promise<string> {
  return (await installation.identity.keys.create({ kind: 'machine' }, { name, projectId })).key.id
}

/** A request of now, or some time before. @returns its id */
async function use(keyId: string, changed: Partial<UsageRecord> = {}, of = home): Promise<string> {
  const startedAtMs = changed.startedAtMs ?? NOW - HOUR
  const id = newId('req', startedAtMs)
  await billing.recordUsage([scratchRecord(id, { ...of, keyId, ...changed, startedAtMs })])
  return id
}

const named = (usage: UsageOnWire) => usage.groups.map(({ id, name, totals }) => [id, name, totals.requests])

describe('who asks', () => {
  it('nobody is told anything without a session', async () => {
    for (const path of [
      '/api/usage',
      '/api/usage/csv',
      '/api/usage/overview',
      '/api/usage/by-key',
      '/api/requests',
      '/api/requests/csv',
      '/api/requests/req_1',
    ])
      assert.equal((await get(path, DAY, '')).status, 401, path)
  })

  it('a foreign organisation, project, key and request answer as missing ones do', async () => {
    const key = await makeKey('theirs', home.projectId)
    const id = await use(key, { model: 'secret-model' })
    const missing = { organization_id: 'org_missing', project_id: 'proj_missing', key_id: 'key_missing' }
    const foreign = { organization_id: home.organizationId, project_id: home.projectId, key_id: key }
    const withoutNames = (text: string) => text.replaceAll(/"(message|from|to|counted_to)":"[^"]*"/g, '')
    for (const name of Object.keys(missing) as (keyof typeof missing)[]) {
      for (const path of ['/api/usage', '/api/usage/csv', '/api/requests', '/api/requests/csv']) {
        const [theirs, nobodys] = await Promise.all(
          [foreign, missing].map((ids) => get(path, { ...DAY, [name]: ids[name] }, bo)),
        )
        assert.equal(theirs?.status, nobodys?.status)
        assert.equal(withoutNames(theirs?.text ?? ''), withoutNames(nobodys?.text ?? ''))
        assert.ok(!theirs?.text.includes('secret-model'))
      }
    }
    assert.deepEqual(await refusal(`/api/requests/${id}`, {}, bo), { status: 404, code: 'billing.request_unknown' })
    const { data } = await json<{ data: KeyUsageOnWire[] }>('/api/usage/by-key', { key_ids: `${key},key_missing` }, bo)
    assert.deepEqual(data[0]?.totals, data[1]?.totals)
  })
})

describe('what cannot be answered', () => {
  it('says which code and why', async () => {
    assert.deepEqual(await refusal('/api/usage', { ...DAY, step: '1m', to: '2026-11-26T00:00:00Z' }), {
      status: 400,
      code: 'billing.too_many_steps',
    })
    assert.deepEqual(await refusal('/api/usage', { from: DAY.to, to: DAY.from }), {
      status: 400,
      code: 'billing.range_empty',
    })
    for (const path of ['/api/usage', '/api/usage/overview'])
      assert.deepEqual(await refusal(path, { ...(path === '/api/usage' ? DAY : {}), time_zone: 'Mars/Olympus' }), {
        status: 400,
        code: 'billing.time_zone_unknown',
      })
    for (const query of [
      { from: 'yesterday' },
      { step: '2h' },
      { group_by: 'colour' },
      { top: 51 },
      { colour: 'red' },
      { outcome: 'maybe' },
    ])
      assert.deepEqual(await refusal('/api/usage', { ...DAY, ...query }), { status: 400, code: 'invalid_request' })
    for (const query of [{ id: "req'--" }, { limit: 201 }, { tokens_min: -1 }])
      assert.deepEqual(await refusal('/api/requests', query), { status: 400, code: 'invalid_request' })
    assert.deepEqual(await refusal('/api/requests', { after: 'key_1' }), { status: 400, code: 'cursor_malformed' })
  })
})

describe('names', () => {
  it('are those of now, and of those that are gone, what they were called when they were last used', async () => {
    const { projectId } = await installation.addOrganization('Gone')
    await installation.db.execute(
      sql`update project set organization_id = ${home.organizationId} where id = ${projectId}`,
    )
    const of = { ...home, projectId }
    const key = await makeKey('old name', projectId)
    await use(key, { model: 'names' }, of)
    await installation.db.execute(sql`update api_key set name = 'new name' where id = ${key}`)
    const ask = (group_by: string) => json<UsageOnWire>('/api/usage', { ...DAY, model: 'names', group_by })
    assert.deepEqual(named(await ask('key')), [[key, 'new name', 1]])
    assert.deepEqual(named(await ask('person')), [['machine', 'Command line', 1]])

    await installation.db.execute(sql`delete from project where id = ${projectId}`)
    const byKey = await ask('key')
    assert.deepEqual(named(byKey), [[key, 'old name', 1]])
    assert.equal(byKey.groups[0]?.deleted, true)
    assert.deepEqual(named(await ask('project')), [[projectId, 'Gone', 1]])
    assert.deepEqual(named(await ask('person')), [['machine', 'Command line', 1]])
    const { data } = await json<{ data: RequestOnWire[] }>('/api/requests', { model: 'names' })
    assert.deepEqual([data[0]?.key_name, data[0]?.project_name], ['old name', 'Gone'])
  })

  it('usage of a person who left keeps his name', async () => {
    const userId = await installation.addPerson('cy@example.com', {
      organizationId: home.organizationId,
      role: 'developer',
    })
    const key = await makeKey('his')
    await installation.db.execute(sql`update api_key set created_by = ${userId} where id = ${key}`)
    await use(key, { model: 'left' })
    await installation.db.execute(sql`delete from auth_user where id = ${userId}`)
    await installation.db.execute(sql`delete from api_key where id = ${key}`)
    const usage = await json<UsageOnWire>('/api/usage', { ...DAY, model: 'left', group_by: 'person' })
    assert.deepEqual(named(usage), [[userId, 'cy@example.com', 1]])
    const mine = await json<UsageOnWire>('/api/usage', { ...DAY, person_id: userId })
    assert.equal(mine.totals.requests, 1)
  })

  it('all keys of the playground are one', async () => {
    const keys = await Promise.all([makeKey('console 1'), makeKey('console 2'), makeKey('a program')])
    await installation.db.execute(sql`update api_key set kind = 'console' where name like 'console %'`)
    for (const key of keys) await use(key, { model: 'played' })
    const usage = await json<UsageOnWire>('/api/usage', { ...DAY, model: 'played', group_by: 'key' })
    assert.deepEqual(named(usage), [
      ['playground', 'Playground', 2],
      [keys[2], 'a program', 1],
    ])
    const { data } = await json<{ data: RequestOnWire[] }>('/api/requests', { model: 'played', key_id: 'playground' })
    assert.deepEqual(data.map(({ key_id }) => key_id).toSorted(), keys.slice(0, 2).toSorted())
    assert.equal(data[0]?.key_kind, 'console')
  })
})

describe('figures', () => {
  it('an answer has totals, series, groups and the period before', async () => {
    const key = await makeKey('figures')
    await use(key, { model: 'figures-a', startedAtMs: Date.UTC(2026, 10, 24, 9, 59), tokensIn: 100, tokensOut: 20 })
    await use(key, {
      model: 'figures-b',
      startedAtMs: Date.UTC(2026, 10, 24, 10, 1),
      status: 502,
      tokensIn: 7,
      tokensOut: 0,
    })
    await use(key, { model: 'figures-a', startedAtMs: Date.UTC(2026, 10, 23, 9, 0), tokensIn: 1, tokensOut: 1 })
    const usage = await json<UsageOnWire>('/api/usage', {
      ...DAY,
      key_id: key,
      group_by: 'model',
      compare: 'previous',
      time_zone: 'Asia/Kolkata',
      step: '1h',
    })
    assert.equal(usage.counted_to, '2026-11-24T14:32:07.000Z')
    assert.equal(usage.starts.length, 25, '00:00 UTC is half past five there')
    assert.deepEqual([usage.totals.requests, usage.totals.failed, usage.totals.tokens], [2, 1, 127])
    assert.deepEqual(
      usage.groups.map(({ name, totals }) => [name, totals.tokens, totals.failed]),
      [
        ['figures-a', 120, 0],
        ['figures-b', 7, 1],
      ],
    )
    const at = (iso: string) => usage.series.tokens_in[usage.starts.indexOf(iso)]
    assert.equal(at('2026-11-24T09:30:00.000Z'), 107)
    assert.deepEqual(usage.previous?.totals.tokens, 2)
  })

  it('the overview tells today and last week', async () => {
    const seen = await json<OverviewUsageOnWire>('/api/usage/overview', { time_zone: 'Asia/Shanghai' })
    assert.equal(seen.today.from, '2026-11-23T16:00:00.000Z')
    assert.equal(seen.last_week.to, '2026-11-17T14:33:00.000Z')
    assert.equal(seen.last_week.starts.length, 96)
    const tokens = seen.today.tokens.reduce((sum, value) => sum + value, 0)
    assert.ok(tokens > 0)
    assert.equal(tokens, seen.today.totals.tokens)
  })
})

describe('requests', () => {
  it('are filtered by each thing that a page filters by, and found by the beginning of their id', async () => {
    const key = await makeKey('filters')
    const big = await use(key, { tokensIn: 9_000 })
    const failed = await use(key, { status: 503, route: '/v1/embeddings' })
    const cut = await use(key, { cutBy: 'client', startedAtMs: NOW - 30 * HOUR })
    const found = async (query: Record<string, string | number>) =>
      (await json<{ data: RequestOnWire[] }>('/api/requests', { key_id: key, ...query })).data.map(({ id }) => id)
    assert.deepEqual(await found({ tokens_min: 9_000 }), [big])
    assert.deepEqual(await found({ outcome: 'failed' }), [failed])
    assert.deepEqual(await found({ route: '/v1/embeddings' }), [failed])
    assert.deepEqual(await found({ outcome: 'cut' }), [cut])
    assert.deepEqual(await found({ to: '2026-11-24T00:00:00Z' }), [cut])
    assert.deepEqual(await found({ from: '2026-11-24T00:00:00Z', outcome: 'ok' }), [big])
    assert.deepEqual(await found({ id: cut }), [cut])
    assert.deepEqual(await found({ id: cut.slice(0, 20) }), [cut])
    assert.deepEqual(await found({ id: 'req_zzz' }), [])
  })

  it('one request says where its time went and who counted', async () => {
    const id = await use(await makeKey('whole'), { tokensOutSource: 'counted', retries: 2 })
    const whole = await json<RequestWholeOnWire>(`/api/requests/${id}`)
    assert.deepEqual(
      [whole.id, whole.key_name, whole.person_id, whole.prefill_ms, whole.tokens_out_source, whole.retries],
      [id, 'whole', 'machine', 120.5, 'counted', 2],
    )
    assert.deepEqual([whole.detail, whole.content_kept], [null, null])
  })
})

describe('files', () => {
  const linesOf = (text: string) =>
    text
      .replace(/^\uFEFF/, '')
      .trimEnd()
      .split('\r\n')

  it('the file of usage adds up to the figures', async () => {
    const { text, headers } = await get('/api/usage/csv', { ...DAY, group_by: 'model' })
    assert.match(String(headers['content-type']), /^text\/csv/)
    assert.match(String(headers['content-disposition']), /attachment/)
    const { totals } = await json<{ totals: FiguresOnWire }>('/api/usage', DAY)
    const [heads, ...lines] = linesOf(text).map((line) => line.split(','))
    for (const name of ['requests', 'failed', 'tokens_in', 'tokens_out'] as const) {
      const column = heads!.indexOf(name)
      assert.equal(
        lines.reduce((sum, cells) => sum + Number(cells[column]), 0),
        totals[name],
      )
    }
  })

  it('the file of requests has each once, in several reads, and no name that a spreadsheet would run', async () => {
    const key = await makeKey('=HYPERLINK("http://evil")')
    const records = Array.from({ length: 2_150 }, (_, index) =>
      scratchRecord(newId('req', NOW - 3 * HOUR), { ...home, keyId: key, startedAtMs: NOW - 3 * HOUR + (index >> 3) }),
    )
    await billing.recordUsage(records)
    const { text } = await get('/api/requests/csv', { key_id: key })
    const [heads, ...lines] = linesOf(text)
    assert.ok(heads?.startsWith('id,started_at,'))
    assert.deepEqual(lines.map((line) => line.split(',')[0]).toSorted(), records.map(({ id }) => id).toSorted())
    assert.ok(lines.every((line) => line.includes(`"'=HYPERLINK(""http://evil"")"`)))
  })
})
