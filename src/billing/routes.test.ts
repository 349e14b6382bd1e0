import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newId } from '../platform/ids.ts'
import type { OverviewUsageOnWire } from './overview-schema.ts'
import type { RequestOnWire, RequestWholeOnWire } from './request-schema.ts'
import {
  type BillingInstallation,
  billingInstallation,
  HOUR_MS,
  NOW,
  type Query,
  TODAY,
} from './scratch-installation.ts'
import { scratchRecord } from './scratch-records.ts'
import type { FiguresOnWire, KeyUsageOnWire, UsageOnWire } from './usage-schema.ts'

let at: BillingInstallation
before(async () => {
  at = await billingInstallation()
})
after(() => at?.close())

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
      assert.equal((await at.get(path, TODAY, '')).status, 401, path)
  })

  it('a foreign organisation, project, key and request answer as missing ones do', async () => {
    const key = await at.makeKey('theirs', at.home.projectId)
    const id = await at.use(key, { model: 'secret-model' })
    const missing = { organization_id: 'org_missing', project_id: 'proj_missing', key_id: 'key_missing' }
    const foreign = { organization_id: at.home.organizationId, project_id: at.home.projectId, key_id: key }
    const withoutNames = (text: string) => text.replaceAll(/"(message|from|to|counted_to)":"[^"]*"/g, '')
    for (const name of Object.keys(missing) as (keyof typeof missing)[]) {
      for (const path of ['/api/usage', '/api/usage/csv', '/api/requests', '/api/requests/csv']) {
        const [theirs, nobodys] = await Promise.all(
          [foreign, missing].map((ids) => at.get(path, { ...TODAY, [name]: ids[name] }, at.bo)),
        )
        assert.equal(theirs?.status, nobodys?.status)
        assert.equal(withoutNames(theirs?.text ?? ''), withoutNames(nobodys?.text ?? ''))
        assert.ok(!theirs?.text.includes('secret-model'))
      }
    }
    assert.deepEqual(await at.refusal(`/api/requests/${id}`, {}, at.bo), {
      status: 404,
      code: 'billing.request_unknown',
    })
    const { data } = await at.json<{ data: KeyUsageOnWire[] }>(
      '/api/usage/by-key',
      { key_ids: `${key},key_missing` },
      at.bo,
    )
    assert.deepEqual(data[0]?.totals, data[1]?.totals)
  })
})

describe('what cannot be answered', () => {
  it('says which code and why', async () => {
    assert.deepEqual(await at.refusal('/api/usage', { ...TODAY, step: '1m', to: '2026-11-26T00:00:00Z' }), {
      status: 400,
      code: 'billing.too_many_steps',
    })
    assert.deepEqual(await at.refusal('/api/usage', { from: TODAY.to, to: TODAY.from }), {
      status: 400,
      code: 'billing.range_empty',
    })
    for (const path of ['/api/usage', '/api/usage/overview'])
      assert.deepEqual(await at.refusal(path, { ...(path === '/api/usage' ? TODAY : {}), time_zone: 'Mars/Olympus' }), {
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
      assert.deepEqual(await at.refusal('/api/usage', { ...TODAY, ...query }), { status: 400, code: 'invalid_request' })
    for (const query of [{ id: "req'--" }, { limit: 201 }, { tokens_min: -1 }])
      assert.deepEqual(await at.refusal('/api/requests', query), { status: 400, code: 'invalid_request' })
    assert.deepEqual(await at.refusal('/api/requests', { after: 'key_1' }), { status: 400, code: 'cursor_malformed' })
  })
})

describe('figures', () => {
  it('an answer has totals, series, groups and the period before', async () => {
    const key = await at.makeKey('figures')
    await at.use(key, { model: 'figures-a', startedAtMs: Date.UTC(2026, 10, 24, 9, 59), tokensIn: 100, tokensOut: 20 })
    await at.use(key, {
      model: 'figures-b',
      startedAtMs: Date.UTC(2026, 10, 24, 10, 1),
      status: 502,
      tokensIn: 7,
      tokensOut: 0,
    })
    await at.use(key, { model: 'figures-a', startedAtMs: Date.UTC(2026, 10, 23, 9, 0), tokensIn: 1, tokensOut: 1 })
    const usage = await at.json<UsageOnWire>('/api/usage', {
      ...TODAY,
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
    const tokensInAt = (iso: string) => usage.series.tokens_in[usage.starts.indexOf(iso)]
    assert.equal(tokensInAt('2026-11-24T09:30:00.000Z'), 107)
    assert.deepEqual(usage.previous?.totals.tokens, 2)
  })

  it('the overview tells today and last week', async () => {
    const seen = await at.json<OverviewUsageOnWire>('/api/usage/overview', { time_zone: 'Asia/Shanghai' })
    assert.equal(seen.today.from, '2026-11-23T16:00:00.000Z')
    assert.equal(seen.last_week.to, '2026-11-17T14:33:00.000Z')
    assert.equal(seen.last_week.starts.length, 96)
    const tokens = seen.today.tokens.reduce((sum, value) => sum + value, 0)
    assert.ok(tokens > 0)
    assert.equal(tokens, seen.today.totals.tokens)
    const { data } = await at.json<{ data: RequestOnWire[] }>('/api/requests', { limit: 6 })
    assert.ok(data.length > 0)
    assert.deepEqual(seen.last_requests, data)
  })
})

describe('requests', () => {
  it('are filtered by each thing that a page filters by, and found by the beginning of their id', async () => {
    const key = await at.makeKey('filters')
    const big = await at.use(key, { tokensIn: 9_000 })
    const failed = await at.use(key, { status: 503, route: '/v1/embeddings' })
    const cut = await at.use(key, { cutBy: 'client', startedAtMs: NOW - 30 * HOUR_MS })
    const found = async (query: Query) =>
      (await at.json<{ data: RequestOnWire[] }>('/api/requests', { key_id: key, ...query })).data.map(({ id }) => id)
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
    const id = await at.use(await at.makeKey('whole'), { tokensOutSource: 'counted', retries: 2 })
    const whole = await at.json<RequestWholeOnWire>(`/api/requests/${id}`)
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
    const { text, headers } = await at.get('/api/usage/csv', { ...TODAY, group_by: 'model' })
    assert.match(String(headers['content-type']), /^text\/csv/)
    assert.match(String(headers['content-disposition']), /attachment/)
    const { totals } = await at.json<{ totals: FiguresOnWire }>('/api/usage', TODAY)
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
    const key = await at.makeKey('=HYPERLINK("http://evil")')
    const records = Array.from({ length: 2_150 }, (_, index) =>
      scratchRecord(newId('req', NOW - 3 * HOUR_MS), {
        ...at.home,
        keyId: key,
        startedAtMs: NOW - 3 * HOUR_MS + (index >> 3),
      }),
    )
    await at.billing.recordUsage(records)
    const { text } = await at.get('/api/requests/csv', { key_id: key })
    const [heads, ...lines] = linesOf(text)
    assert.ok(heads?.startsWith('id,started_at,'))
    assert.deepEqual(lines.map((line) => line.split(',')[0]).toSorted(), records.map(({ id }) => id).toSorted())
    assert.ok(lines.every((line) => line.includes(`"'=HYPERLINK(""http://evil"")"`)))
  })
})
