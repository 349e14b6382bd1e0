import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { auditFile } from './audit-export.ts'
import { ORIGIN, type TestInstallation, testInstallation } from './test-installation.ts'

type Event = {
  id: string
  action: string
  at: string
  target: string
  target_name: string | null
  hash: string
  previous_hash: string
  actor: { kind: string; id: string; name: string | null; email: string | null }
}

describe('the trail, read', () => {
  let at: TestInstallation
  let organizationId: string
  let projectId: string
  let ada: string
  const cookies: Record<string, string> = {}
  before(async () => {
    at = await testInstallation()
    const done = await at.setUp()
    organizationId = done.organization.id
    projectId = done.project.id
    ada = done.userId
    await at.addPerson('dora@example.com', { organizationId, role: 'developer' })
    cookies.ada = await at.cookieOf('ada@example.com')
    cookies.dora = await at.cookieOf('dora@example.com')
    for (const name of ['=1+1', 'two', 'three'])
      await at.server.inject({
        method: 'POST',
        url: '/api/keys',
        headers: { cookie: cookies.ada, origin: ORIGIN },
        payload: { name, project_id: projectId },
      })
    await at.identity.organizations.updateProject({ kind: 'machine' }, projectId, { name: 'Renamed, "twice"' })
  })
  after(() => at.close())

  const read = (query: string, as = 'ada', path = '/api/audit') =>
    at.server.inject({ url: `${path}?${query}`, headers: { cookie: cookies[as] ?? '' } })
  const events = async (query: string): Promise<Event[]> => {
    const answer = await read(`organization_id=${organizationId}&${query}`)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json().data
  }

  it('says who and what by name', async () => {
    const [event] = await events('action=project.updated')
    assert.deepEqual(event?.actor, { kind: 'machine', id: 'machine', name: null, email: null })
    assert.equal(event?.target_name, 'Renamed, "twice"')
    const [made] = await events('action=key.created')
    assert.deepEqual(made?.actor, { kind: 'person', id: ada, name: 'Ada', email: 'ada@example.com' })
    assert.equal(made?.target_name, 'three')
  })

  it('is narrowed by action, kind of thing, actor, target and time', async () => {
    const keys = await events('action=key')
    assert.deepEqual(new Set(keys.map(({ action }) => action)), new Set(['key.created']))
    assert.equal(keys.length, 4, 'three keys, and the first one of set-up')
    assert.deepEqual(
      (await events('actor=machine')).map(({ action }) => action),
      ['project.updated'],
    )
    assert.equal((await events(`target=${keys[0]?.target}`)).length, 1)
    assert.deepEqual(await events('action=ke'), [], 'half a word is none')
    assert.deepEqual(await events(`event=${keys[1]?.id}`), [keys[1]])
    const ofInstallation = await at.admin.inject(`/api/audit?event=${keys[1]?.id}`)
    assert.deepEqual(ofInstallation.json().data, [], 'an event of an organisation is in its own trail alone')
    const border = keys[1]?.at ?? ''
    const since = await events(`from=${border}&action=key`)
    const until = await events(`to=${border}&action=key`)
    assert.equal(since.length + until.length, keys.length, 'no event is in both, and none in neither')
    assert(since.every(({ at }) => at >= border) && until.every(({ at }) => at < border))
    assert.equal((await read(`organization_id=${organizationId}&action=Key%25`)).statusCode, 400)
  })

  it('leaves as lines, whole, with what a spreadsheet would run made harmless', async () => {
    const of = `organization_id=${organizationId}`
    const lines = await read(`${of}&format=jsonl`, 'ada', '/api/audit/export')
    assert.match(String(lines.headers['content-type']), /application\/jsonl/)
    assert.match(String(lines.headers['content-disposition']), /audit\.jsonl/)
    const exported = lines.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Event)
    assert.deepEqual(exported, await events('limit=200'))

    const table = (await read(`${of}&action=key.created&format=csv`, 'ada', '/api/audit/export')).body
    const rows = table.trimEnd().split('\r\n')
    assert.equal(rows.length, 5)
    assert.match(rows[0] ?? '', /^sequence,at,action,target,target_name,actor_kind/)
    assert.match(table, /,'=1\+1,/)
  })

  it('is refused before a byte of it is sent', async () => {
    for (const path of ['/api/audit', '/api/audit/export']) {
      assert.equal((await read(`organization_id=${organizationId}`, 'dora', path)).statusCode, 403, path)
      assert.equal((await read('', 'dora', path)).statusCode, 403, path)
      assert.equal((await read('organization_id=org_nothing', 'ada', path)).statusCode, 404, path)
    }
  })

  it('is read in parts as the reader takes it', async () => {
    // More than one part of five hundred.
    await at.db.transaction(async (tx) => {
      for (let n = 0; n < 600; n++)
        await at.identity.audit.record(tx, {
          actor: { kind: 'machine', id: 'machine' },
          action: 'test.counted',
          target: `n_${n}`,
          organizationId,
          address: null,
        })
    })
    const parts = await at.identity.audit.export({ kind: 'machine' }, { organizationId, action: 'test.counted' })
    const sizes: number[] = []
    const seen = new Set<string>()
    for await (const part of parts) {
      sizes.push(part.length)
      for (const { target } of part) seen.add(target)
    }
    assert.deepEqual(sizes, [500, 100])
    assert.equal(seen.size, 600)
    let read = 0
    async function* counted() {
      for (let n = 0; n < 10; n++) {
        read += 1
        yield []
      }
    }
    for await (const _line of auditFile('jsonl', counted())) break
    assert.equal(read, 1, 'what nobody asks for is not read')
  })
})
