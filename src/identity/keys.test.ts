/** Keys at the door of the house: what people may do to them over /api, and what gateways are told of it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { newId } from '../platform/ids.ts'
import { keySha256, makeKeySecret } from './key-secret.ts'
import { apiKey, apiKeyOldSecret, auditEvent, serviceAccount } from './tables.ts'
import { ORIGIN, type TestInstallation, testInstallation } from './test-installation.ts'

const HOUR_MS = 60 * 60_000

type Ask = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  payload?: Record<string, unknown>,
) => Promise<Answer>
type Found = { last4: string; key: { id: string } | null; secret: string; works: boolean }
// biome-ignore lint/suspicious/noExplicitAny: an answer is whatever a route says; each test says what it expects
type Answer = { status: number; body: any; text: string; cacheControl: unknown }

let at: TestInstallation
let home: { organizationId: string; projectId: string }
let away: { organizationId: string; projectId: string }
let ada: Ask
let developer: Ask
let viewer: Ask
let stranger: Ask

function as(cookie: string): Ask {
  return async (method, url, payload) => {
    const answer = await at.server.inject({
      method,
      url,
      headers: { cookie, ...(method === 'GET' ? {} : { origin: ORIGIN }) },
      ...(payload ? { payload } : {}),
    })
    return {
      status: answer.statusCode,
      body: answer.json(),
      text: answer.body,
      cacheControl: answer.headers['cache-control'],
    }
  }
}

const made = async (body: Record<string, unknown> = {}, ask = ada) => {
  const answer = await ask('POST', '/api/keys', { name: 'k', project_id: home.projectId, ...body })
  assert.equal(answer.status, 201, answer.text)
  return answer.body as { id: string; secret: string; prefix: string; last4: string }
}
const inForce = async (secret: string) => (await at.identity.keys.findBySecret(secret))?.id ?? null
const eventsOf = async (target: string) =>
  (await at.db.select().from(auditEvent).where(eq(auditEvent.target, target))).sort((a, b) => a.sequence - b.sequence)

before(async () => {
  at = await testInstallation()
  const done = await at.setUp()
  home = { organizationId: done.organization.id, projectId: done.project.id }
  away = await at.addOrganization('Osprey')
  await at.addPerson('dev@home.example', { organizationId: home.organizationId, role: 'developer' })
  await at.addPerson('viewer@home.example', { organizationId: home.organizationId, role: 'viewer' })
  await at.addPerson('owner@away.example', { organizationId: away.organizationId, role: 'owner' })
  ada = as(await at.cookieOf('ada@example.com'))
  developer = as(await at.cookieOf('dev@home.example'))
  viewer = as(await at.cookieOf('viewer@home.example'))
  stranger = as(await at.cookieOf('owner@away.example'))
})
after(() => at.close())

describe('a key', () => {
  it('says whose it is, where it belongs and who may do what to it, by name', async () => {
    const { id } = await made({
      name: ' web ',
      models: ['m'],
      ips: ['10.1.2.3/8', '::FFFF:10.0.0.0/104', '2001:DB8::1'],
    })
    const { body, status } = await ada('GET', `/api/keys/${id}`)
    assert.equal(status, 200)
    assert.deepEqual(
      [body.name, body.kind, body.project_name, body.created_by_name, body.owner.kind, body.owner.name, body.ips],
      ['web', 'api', 'First project', 'Ada', 'person', 'Ada', ['10.0.0.0/8', '2001:db8::1']],
    )
    assert.deepEqual(body.allowed, ['keys.update', 'keys.rotate', 'keys.revoke'])
    assert.deepEqual((await viewer('GET', `/api/keys/${id}`)).body.allowed, [])
    assert.deepEqual((await developer('GET', `/api/keys/${id}`)).body.allowed, [], 'it is not his own')
    assert.equal((await stranger('GET', `/api/keys/${id}`)).body.error.code, 'identity.key_unknown')
    const [event] = await eventsOf(id)
    assert.deepEqual(event?.after?.ips, ['10.0.0.0/8', '2001:db8::1'])
  })

  it('may belong to a service account of its organisation and project, and of no other', async () => {
    const account = async (organizationId: string, projectId: string | null, deletedAt: Date | null = null) => {
      const id = newId('sa')
      await at.db.insert(serviceAccount).values({
        id,
        organizationId,
        projectId,
        name: 'nightly',
        createdAt: new Date(),
        createdBy: 'machine',
        deletedAt,
      })
      return id
    }
    const own = await account(home.organizationId, null)
    const { id } = await made({ service_account_id: own }, developer)
    const { body } = await ada('GET', `/api/keys/${id}`)
    assert.deepEqual(body.owner, { kind: 'service_account', id: own, name: 'nightly' })
    assert.equal(body.created_by_name, 'dev@home.example')
    for (const other of [
      await account(away.organizationId, null),
      await account(home.organizationId, away.projectId),
      await account(home.organizationId, null, new Date()),
      'sa_none',
    ]) {
      const answer = await ada('POST', '/api/keys', {
        name: 'k',
        project_id: home.projectId,
        service_account_id: other,
      })
      assert.equal(answer.body.error.code, 'identity.service_account_unknown')
    }
  })

  it('is changed in what is named and nothing else, with what was before on the trail', async () => {
    const { id, secret } = await made({ name: 'before', models: ['m'] })
    let told = 0
    const stop = at.identity.onKeysChanged(() => told++)
    const answer = await ada('PATCH', `/api/keys/${id}`, { name: 'after', ips: ['203.0.113.7/32'] })
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual([answer.body.name, answer.body.models, answer.body.ips], ['after', ['m'], ['203.0.113.7']])
    const found = await at.identity.keys.findBySecret(secret)
    assert.deepEqual([found?.ips, found?.models], [['203.0.113.7'], ['m']])
    assert.equal(told, 1)
    await ada('PATCH', `/api/keys/${id}`, { name: 'after', ips: ['203.0.113.7'] })
    assert.equal(told, 1, 'what changes nothing is no change')
    const expires_at = new Date(Date.now() + HOUR_MS).toISOString()
    assert.equal((await ada('PATCH', `/api/keys/${id}`, { models: null, expires_at })).body.expires_at, expires_at)
    stop()
    const [, first, second, ...more] = await eventsOf(id)
    assert.deepEqual(
      [first?.action, first?.before, first?.after],
      ['key.updated', { name: 'before', ips: null }, { name: 'after', ips: ['203.0.113.7'] }],
    )
    assert.deepEqual(
      [second?.before, second?.after],
      [
        { models: ['m'], expiresAt: null },
        { models: null, expiresAt: expires_at },
      ],
    )
    assert.equal(more.length, 0)
  })

  it('is not changed by whoever may not, nor to what cannot be, nor after its end', async () => {
    const { id } = await made()
    const code = async (ask: Ask, body: Record<string, unknown>) =>
      (await ask('PATCH', `/api/keys/${id}`, body)).body.error?.code
    assert.equal(await code(viewer, { name: 'x' }), 'identity.forbidden')
    assert.equal(await code(developer, { name: 'x' }), 'identity.forbidden')
    assert.equal(await code(stranger, { name: 'x' }), 'identity.key_unknown')
    assert.equal(await code(ada, {}), 'invalid_request')
    assert.equal(await code(ada, { scopes: ['inference'] }), 'invalid_request')
    assert.equal(await code(ada, { expires_at: '2020-01-01T00:00:00Z' }), 'identity.expiry_past')
    for (const ip of ['10.0.0.0/33', 'example.com', '*'])
      assert.equal(await code(ada, { ips: ['10.0.0.1', ip] }), 'identity.ip_range_invalid', ip)
    assert.equal(
      (await ada('POST', '/api/keys', { name: 'x', ips: ['nowhere'] })).body.error.code,
      'identity.ip_range_invalid',
    )
    assert.equal((await eventsOf(id)).length, 1)
    await ada('DELETE', `/api/keys/${id}`)
    assert.equal(await code(ada, { name: 'x' }), 'identity.key_ended')
    assert.equal((await ada('POST', `/api/keys/${id}/rotate`, {})).body.error.code, 'identity.key_ended')
    assert.deepEqual((await ada('GET', `/api/keys/${id}`)).body.allowed, [])
  })

  it('that has expired may be prolonged, and then be rotated', async () => {
    const { id, secret } = await made({ expires_at: new Date(Date.now() + HOUR_MS).toISOString() })
    at.wait(HOUR_MS)
    assert.equal(await inForce(secret), null)
    assert.match((await ada('POST', `/api/keys/${id}/rotate`, {})).body.error.message, /later expires_at/)
    assert.equal((await ada('PATCH', `/api/keys/${id}`, { expires_at: null })).body.state, 'live')
    assert.equal(await inForce(secret), id)
  })
})

describe('a rotation', () => {
  it('makes a new secret at once, and lets the old one work until its time, and says whether it is still used', async () => {
    const key = await made()
    const rotated = await ada('POST', `/api/keys/${key.id}/rotate`, { overlap_s: 3600 })
    assert.equal(rotated.status, 200, rotated.text)
    assert.equal(rotated.cacheControl, 'no-store')
    assert.equal(rotated.body.id, key.id)
    assert.notEqual(rotated.body.secret, key.secret)
    assert.deepEqual([await inForce(key.secret), await inForce(rotated.body.secret)], [key.id, key.id])
    const [old] = rotated.body.old_secrets
    assert.deepEqual([old.prefix, old.last4, old.works, old.last_used_at], [key.prefix, key.last4, true, null])
    assert.equal(Date.parse(old.ends_at) - Date.parse(old.replaced_at), HOUR_MS)

    const gateway = (await at.identity.keys.gatewayKeys()).filter(({ id }) => id === key.id)
    assert.deepEqual(
      new Map(gateway.map(({ sha256, expiresAtMs }) => [sha256, expiresAtMs])),
      new Map([
        [keySha256(rotated.body.secret), null],
        [keySha256(key.secret), Date.parse(old.ends_at)],
      ]),
    )
    assert.equal(new Set(gateway.map(({ share, salt }) => share + salt)).size, 1)

    const usedAtMs = Date.parse(old.replaced_at) + 1_000
    await at.identity.keys.recordUse([
      { keyId: key.id, sha256: keySha256(key.secret), atMs: usedAtMs },
      { keyId: key.id, sha256: keySha256(rotated.body.secret), atMs: usedAtMs + 5 },
    ])
    const seen = (await ada('GET', `/api/keys/${key.id}`)).body
    assert.equal(Date.parse(seen.old_secrets[0].last_used_at), usedAtMs)
    assert.equal(Date.parse(seen.last_used_at), usedAtMs + 5)

    at.wait(HOUR_MS)
    assert.deepEqual([await inForce(key.secret), await inForce(rotated.body.secret)], [null, key.id])
    assert.equal((await ada('GET', `/api/keys/${key.id}`)).body.old_secrets[0].works, false)
    const [, event] = await eventsOf(key.id)
    assert.deepEqual(
      [event?.action, event?.before, event?.after?.last4],
      ['key.rotated', { prefix: key.prefix, last4: key.last4 }, rotated.body.last4],
    )
    const kept = JSON.stringify([
      await at.db.select().from(apiKey),
      await at.db.select().from(apiKeyOldSecret),
      await at.db.select().from(auditEvent),
    ])
    assert.ok(!kept.includes(rotated.body.secret) && !kept.includes(key.secret))
  })

  it('without overlap ends every old secret, and an old use is none of since', async () => {
    const key = await made()
    const first = (await ada('POST', `/api/keys/${key.id}/rotate`, {})).body
    assert.equal(Date.parse(first.old_secrets[0].ends_at) - Date.parse(first.old_secrets[0].replaced_at), 24 * HOUR_MS)
    await at.identity.keys.recordUse([
      { keyId: key.id, sha256: keySha256(key.secret), atMs: Date.parse(first.old_secrets[0].replaced_at) - 1 },
    ])
    const last = (await ada('POST', `/api/keys/${key.id}/rotate`, { overlap_s: 0 })).body
    assert.deepEqual(
      last.old_secrets.map(({ works, last_used_at }: { works: boolean; last_used_at: string | null }) => [
        works,
        last_used_at,
      ]),
      [
        [false, null],
        [false, null],
      ],
    )
    assert.deepEqual(
      [await inForce(key.secret), await inForce(first.secret), await inForce(last.secret)],
      [null, null, key.id],
    )
  })

  it('again, before the first new secret was written down, leaves what runs with the oldest alone', async () => {
    const key = await made()
    const lost = (await ada('POST', `/api/keys/${key.id}/rotate`, {})).body.secret
    const { secret } = (await ada('POST', `/api/keys/${key.id}/rotate`, {})).body
    assert.deepEqual([await inForce(key.secret), await inForce(lost), await inForce(secret)], [key.id, key.id, key.id])
    await ada('DELETE', `/api/keys/${key.id}`)
    assert.deepEqual([await inForce(key.secret), await inForce(lost), await inForce(secret)], [null, null, null])
  })

  it('of many at once makes as many secrets that work, of which one is the current; there is an end to it', async () => {
    const key = await made()
    const answers = await Promise.all(Array.from({ length: 10 }, () => ada('POST', `/api/keys/${key.id}/rotate`, {})))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    for (const { body } of answers) assert.equal(await inForce(body.secret), key.id)
    assert.equal((await ada('POST', `/api/keys/${key.id}/rotate`, {})).body.error.code, 'identity.old_secrets_too_many')
    assert.equal((await ada('POST', `/api/keys/${key.id}/rotate`, { overlap_s: 0 })).status, 200)
    assert.equal((await at.identity.keys.gatewayKeys()).filter(({ id }) => id === key.id).length, 1)
  })

  it('is for those who may, of keys that they see, for a week at most', async () => {
    const own = await made({}, developer)
    const { id } = await made()
    assert.equal((await developer('POST', `/api/keys/${own.id}/rotate`, { overlap_s: 604_800 })).status, 200)
    assert.equal((await developer('POST', `/api/keys/${id}/rotate`, {})).body.error.code, 'identity.forbidden')
    assert.equal((await stranger('POST', `/api/keys/${id}/rotate`, {})).body.error.code, 'identity.key_unknown')
    for (const overlap_s of [-1, 604_801, 1.5, 'day'])
      assert.equal((await ada('POST', `/api/keys/${id}/rotate`, { overlap_s })).status, 400)
    assert.equal((await eventsOf(id)).length, 1)
  })
})

describe('a list of keys', () => {
  const names = async (query: string) => {
    const answer = await ada('GET', `/api/keys?project_id=${home.projectId}&${query}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.data.map(({ name }: { name: string }) => name) as string[]
  }

  it('is filtered by state, owner, model and what people remember of a key', async () => {
    const a = await made({ name: 'find-me 100%', models: ['small'] })
    const b = await made({ name: 'find-me too', models: ['large'] }, developer)
    const c = await made({ name: 'find-me three' })
    await ada('DELETE', `/api/keys/${c.id}`)
    assert.deepEqual(await names('search=find-me'), ['find-me three', 'find-me too', 'find-me 100%'])
    assert.deepEqual(await names('search=find-me&state=revoked'), ['find-me three'])
    assert.deepEqual(await names('search=find-me&model=small'), ['find-me three', 'find-me 100%'])
    const { owner } = (await ada('GET', `/api/keys/${b.id}`)).body
    assert.deepEqual(await names(`search=find-me&owner_id=${owner.id}`), ['find-me too'])
    assert.deepEqual(await names('search=100%25'), ['find-me 100%'])
    assert.deepEqual(await names('search=%25e-m_'), [], 'signs of patterns are plain signs')
    assert.deepEqual(await names(`search=${a.last4}`), ['find-me 100%'])
    assert.deepEqual(await names(`search=${a.prefix}`), ['find-me 100%'])
    assert.deepEqual(await names(`search=${a.id}`), ['find-me 100%'])
    assert.deepEqual(await names("search=' or 1=1 --"), [])
  })

  it('is sorted as asked, and its pages hold every key once, also those that were never used or never end', async () => {
    const ids: string[] = []
    const nowMs = Date.now()
    for (const [n, expires] of [
      [3, 9],
      [1, null],
      [2, 5],
      [1, 9],
    ] as const) {
      const expires_at = expires === null ? null : new Date(nowMs + expires * 24 * HOUR_MS + n).toISOString()
      ids.push((await made({ name: `sorted ${n}`, expires_at })).id)
    }
    await at.identity.keys.recordUse(
      [2, 0].map((n, order) => ({ keyId: ids[n]!, sha256: String(n), atMs: Date.now() + order * 1_000 })),
    )
    const walk = async (sort: string) => {
      const seen: string[] = []
      for (let after = ''; ; ) {
        const { body } = await ada('GET', `/api/keys?search=sorted&limit=1&${sort}${after}`)
        seen.push(...body.data.map(({ id }: { id: string }) => id))
        if (body.next === null) return seen.map((id) => ids.indexOf(id))
        after = `&after=${body.next}`
      }
    }
    assert.deepEqual(await walk(''), [3, 2, 1, 0])
    assert.deepEqual(await walk('sort=created&order=asc'), [0, 1, 2, 3])
    assert.deepEqual(await walk('sort=name'), [1, 3, 2, 0])
    assert.deepEqual(await walk('sort=name&order=desc'), [0, 2, 3, 1])
    assert.deepEqual(await walk('sort=last_used'), [0, 2, 3, 1])
    assert.deepEqual(await walk('sort=expires'), [2, 3, 0, 1])
    assert.equal((await ada('GET', '/api/keys?sort=secret')).status, 400)
  })
})

describe('a leaked secret', () => {
  it('is known by whoever may see its key, current or old, wherever in a text it stands, and by nobody else', async () => {
    const key = await made({ name: 'leaked' })
    const { secret } = (await ada('POST', `/api/keys/${key.id}/rotate`, { overlap_s: 0 })).body
    const foreign = makeKeySecret().secret
    const text = `Authorization: Bearer ${secret}\nOPENAI_API_KEY="${key.secret}" ${foreign} sk-tw-${'x'.repeat(49)}`
    const found = await ada('POST', '/api/keys/find', { text })
    assert.equal(found.status, 200, found.text)
    assert.equal(found.cacheControl, 'no-store')
    assert.deepEqual(
      found.body.data.map((one: Found) => [one.last4, one.key?.id ?? null, one.secret, one.works]),
      [
        [secret.slice(-4), key.id, 'current', true],
        [key.last4, key.id, 'old', false],
        [foreign.slice(-4), null, null, null],
      ],
    )
    assert.ok(found.body.data[0].key.allowed.includes('keys.revoke'))
    assert.ok(!found.text.includes(secret) && !found.text.includes(keySha256(secret)))
    const strangers = await stranger('POST', '/api/keys/find', { text })
    assert.deepEqual(
      strangers.body.data.map(({ key, works }: { key: unknown; works: unknown }) => key ?? works),
      [null, null, null],
    )
    await ada('DELETE', `/api/keys/${key.id}`)
    const after = (await ada('POST', '/api/keys/find', { text: secret })).body.data[0]
    assert.deepEqual([after.key.state, after.works], ['revoked', false])
    assert.deepEqual((await ada('POST', '/api/keys/find', { text: 'nothing here' })).body, { data: [] })
    assert.equal((await at.server.inject({ method: 'POST', url: '/api/keys/find', payload: { text } })).statusCode, 401)
  })
})

describe('who waits for the first call of a key', () => {
  it('sees it as soon as it is told, to the millisecond; later uses are noted less often', async () => {
    const { id, secret } = await made()
    const use = (atMs: number) => at.identity.keys.recordUse([{ keyId: id, sha256: keySha256(secret), atMs }])
    const lastUsed = async () => (await ada('GET', `/api/keys/${id}`)).body.last_used_at
    assert.equal(await lastUsed(), null)
    const firstMs = Date.now()
    await use(firstMs)
    assert.equal(await lastUsed(), new Date(firstMs).toISOString())
    await use(firstMs + 5_000)
    assert.equal(await lastUsed(), new Date(firstMs).toISOString())
    await use(firstMs + 10_001)
    assert.equal(await lastUsed(), new Date(firstMs + 10_001).toISOString())
  })
})
