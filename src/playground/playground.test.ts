/** Sessions through their routes, as a browser asks for them, on a real database. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Static } from 'typebox'
import { guardRoutes } from '../identity/access.ts'
import { createNames } from '../identity/names.ts'
import { ORIGIN, type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import { createServer, type Server } from '../platform/http.ts'
import { createLog } from '../platform/log.ts'
import { DOCUMENT_BYTES_MAX } from './document.ts'
import { createPlayground, type Playground } from './playground.ts'
import { playgroundRoutes } from './routes.ts'
import type { PlaygroundSession, PlaygroundSessionPage, SessionConflict } from './schema.ts'
import { answer, documentOf, turn } from './test-document.ts'

type Session = Static<typeof PlaygroundSession>
type Page = Static<typeof PlaygroundSessionPage>
type Answered = { status: number; code: string | null; body: unknown }

const SESSIONS_MAX = 30

let installation: TestInstallation
let playground: Playground
let server: Server
let projectId: string
let organizationId: string
let foreignProjectId: string
const cookies: Record<string, string> = {}

before(async () => {
  installation = await testInstallation()
  const { db, identity } = installation
  const clock = { nowMs: () => Date.now() }
  playground = createPlayground({
    db,
    clock,
    audit: identity.audit,
    organizations: identity.organizations,
    personNames: createNames({ db }).people,
    sessionsMax: SESSIONS_MAX,
  })
  server = await createServer({ log: createLog('test', 'silent'), version: '0', publicUrl: ORIGIN })
  guardRoutes(server, identity, () => 'public')
  await server.register(playgroundRoutes, { playground })
  await server.ready()

  const home = await installation.addOrganization('Kestrel')
  const away = await installation.addOrganization('Heron')
  projectId = home.projectId
  organizationId = home.organizationId
  foreignProjectId = away.projectId
  for (const [name, role] of [
    ['ada', 'developer'],
    ['bob', 'developer'],
    ['eve', 'admin'],
    ['vic', 'viewer'],
  ] as const) {
    await installation.addPerson(`${name}@example.com`, { organizationId: home.organizationId, role })
    cookies[name] = await installation.cookieOf(`${name}@example.com`)
  }
  await installation.addPerson('far@example.com', { organizationId: away.organizationId, role: 'owner' })
  cookies.far = await installation.cookieOf('far@example.com')
})
after(async () => {
  await server?.close()
  await installation?.close()
})

async function ask(who: string, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) {
  const reply = await server.inject({
    method,
    url: `/api/playground/sessions${path}`,
    headers: { cookie: cookies[who] ?? '', origin: ORIGIN },
    ...(body === undefined ? {} : { payload: body }),
  })
  const parsed = reply.body === '' ? null : JSON.parse(reply.body)
  return { status: reply.statusCode, code: parsed?.error?.code ?? null, body: parsed } satisfies Answered
}

async function save(who: string, part: object = {}): Promise<Session> {
  const made = await ask(who, 'POST', '', {
    project_id: projectId,
    title: 'Eggs',
    kind: 'chat',
    document: documentOf(),
    ...part,
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return made.body as Session
}

async function list(who: string, query: Record<string, string> = {}): Promise<Page> {
  const found = await ask(who, 'GET', `?${new URLSearchParams({ project_id: projectId, ...query })}`)
  assert.equal(found.status, 200, JSON.stringify(found.body))
  return found.body as Page
}

describe('a saved session', () => {
  it('comes back as it was sent, with who saved it and what one may do with it', async () => {
    const document = documentOf({
      tools_json: '[{"type": "function", unfinished',
      tool_choice: { name: 'get_weather' },
      turns: [
        turn('u1', null, 'user', 'How many eggs are left? 蛋'),
        turn('a1', 'u1', 'assistant', '', [answer('left', '**188**'), answer('right', '<script>188</script>')]),
      ],
      shown: 'a1',
    })
    const made = await save('ada', { title: '  Eggs and trays ', document })
    assert.deepEqual(made.document, document)
    const read = (await ask('ada', 'GET', `/${made.id}`)).body as Session
    assert.deepEqual(read, made)
    assert.equal(read.title, 'Eggs and trays')
    assert.deepEqual(
      [read.visibility, read.revision, read.created_by_name, read.mine, read.turn_count, read.models],
      ['private', 1, 'ada@example.com', true, 2, ['left', 'right']],
    )
    assert.deepEqual(read.allowed, ['update', 'share', 'delete'])
    await ask('ada', 'DELETE', `/${made.id}`)
  })

  it('that is private is not there for anybody else, whoever they are', async () => {
    const { id } = await save('ada', { title: 'Mine alone' })
    for (const who of ['bob', 'eve', 'vic', 'far']) {
      const expected = await ask(who, 'GET', `/play_${'0'.repeat(22)}`)
      for (const [method, path, body] of [
        ['GET', `/${id}`],
        ['PATCH', `/${id}`, { revision: 1, title: 'Taken' }],
        ['POST', `/${id}/duplicate`, {}],
        ['DELETE', `/${id}`],
      ] as const) {
        const answered = await ask(who, method, path, body)
        assert.deepEqual([answered.status, answered.code], [expected.status, expected.code], `${who} ${method}`)
      }
      if (who !== 'far') assert.ok(!(await list(who)).data.some((row) => row.id === id), who)
    }
    assert.equal(((await ask('ada', 'GET', `/${id}`)).body as Session).title, 'Mine alone')
    await ask('ada', 'DELETE', `/${id}`)
  })

  it('that is shared is read by all of the project, saved over by those who write, deleted by its maker or who manages', async () => {
    const made = await save('ada', { visibility: 'project' })
    const seen = (await ask('vic', 'GET', `/${made.id}`)).body as Session
    assert.deepEqual(seen.allowed, [])
    assert.equal((await ask('vic', 'PATCH', `/${made.id}`, { revision: 1, title: 'No' })).code, 'identity.forbidden')
    assert.equal((await ask('bob', 'DELETE', `/${made.id}`)).code, 'identity.forbidden')
    assert.equal(
      (await ask('bob', 'PATCH', `/${made.id}`, { revision: 1, visibility: 'private' })).code,
      'identity.forbidden',
    )
    const saved = (await ask('bob', 'PATCH', `/${made.id}`, { revision: 1, title: 'Better' })).body as Session
    assert.deepEqual([saved.title, saved.revision, saved.updated_by_name], ['Better', 2, 'bob@example.com'])
    assert.deepEqual(saved.document, made.document)
    assert.equal((await ask('far', 'GET', `/${made.id}`)).code, 'playground.session_unknown')
    assert.equal((await ask('eve', 'DELETE', `/${made.id}`)).status, 204)
    assert.equal((await ask('ada', 'GET', `/${made.id}`)).code, 'playground.session_unknown')
  })

  it('that two save at once keeps the first, and gives it to the second', async () => {
    const { id } = await save('ada', { visibility: 'project' })
    const both = await Promise.all(
      ['ada', 'bob'].map((who) => ask(who, 'PATCH', `/${id}`, { revision: 1, title: `of ${who}` })),
    )
    const won = both.find(({ status }) => status === 200)?.body as Session
    const lost = both.find(({ status }) => status === 409)
    assert.ok(won && lost, JSON.stringify(both))
    assert.equal(lost.code, 'playground.session_changed')
    assert.deepEqual((lost.body as Static<typeof SessionConflict>).newer, {
      ...won,
      mine: !won.mine,
      allowed: won.mine ? ['update'] : ['update', 'share', 'delete'],
    })
    await ask('ada', 'DELETE', `/${id}`)
  })

  it('is copied as one’s own, private, and apart from the first', async () => {
    const made = await save('ada', { visibility: 'project' })
    const copied = await ask('bob', 'POST', `/${made.id}/duplicate`, { title: 'Mine now' })
    assert.equal(copied.status, 201)
    const copy = copied.body as Session
    assert.deepEqual([copy.title, copy.visibility, copy.mine, copy.revision], ['Mine now', 'private', true, 1])
    assert.deepEqual(copy.document, made.document)
    assert.equal(((await ask('bob', 'POST', `/${made.id}/duplicate`)).body as Session).title, made.title)
    await ask('bob', 'PATCH', `/${copy.id}`, { revision: 1, document: documentOf({ system_prompt: '' }) })
    assert.deepEqual(((await ask('ada', 'GET', `/${made.id}`)).body as Session).document, made.document)
    for (const { id } of (await list('bob', { whose: 'mine' })).data) await ask('bob', 'DELETE', `/${id}`)
    await ask('ada', 'DELETE', `/${made.id}`)
  })
})

describe('what cannot be kept', () => {
  it('is refused with a code and changes nothing', async () => {
    const { id } = await save('ada')
    const tooLong = documentOf({ system_prompt: 'x'.repeat(DOCUMENT_BYTES_MAX - 100) })
    const tooLongForAnybody = documentOf({ system_prompt: 'x'.repeat(2 * DOCUMENT_BYTES_MAX) })
    const cases: [object, number, string][] = [
      [{ document: tooLong }, 413, 'playground.document_too_large'],
      [{ document: tooLongForAnybody }, 413, 'request_too_large'],
      [{ document: documentOf({ shown: 'nobody' }) }, 400, 'playground.document_refused'],
      [{ document: { ...documentOf(), more: 1 } }, 400, 'invalid_request'],
      [{ document: documentOf({ models: [] }) }, 400, 'invalid_request'],
      [{ document: documentOf({ models: ['1', '2', '3', '4', '5'] }) }, 400, 'invalid_request'],
      [{ document: documentOf({ parameters: { temperature: 3 } }) }, 400, 'invalid_request'],
      [{ title: ' \t ' }, 400, 'invalid_request'],
      [{ title: 'two\nlines' }, 400, 'invalid_request'],
      [{ project_id: 'zero\u0000' }, 400, 'invalid_request'],
      [{ title: 'turned\u202e' }, 400, 'invalid_request'],
      [{ title: 'zero\u0000' }, 400, 'invalid_request'],
    ]
    for (const [part, status, code] of cases) {
      const made = await ask('ada', 'POST', '', {
        project_id: projectId,
        title: 'Eggs',
        kind: 'chat',
        document: documentOf(),
        ...part,
      })
      assert.deepEqual([made.status, made.code], [status, code], JSON.stringify(part).slice(0, 80))
      const changed = await ask('ada', 'PATCH', `/${id}`, { revision: 1, ...part })
      assert.deepEqual([changed.status, changed.code], [status, code], JSON.stringify(part).slice(0, 80))
    }
    assert.equal(((await ask('ada', 'GET', `/${id}`)).body as Session).revision, 1)
    assert.equal((await list('ada', { whose: 'mine' })).data.length, 1)
    await ask('ada', 'DELETE', `/${id}`)
  })

  it('is refused where one may not write, or not see the project', async () => {
    const wanted = { title: 'Eggs', kind: 'chat', document: documentOf() }
    assert.equal((await ask('vic', 'POST', '', { ...wanted, project_id: projectId })).code, 'identity.forbidden')
    for (const project_id of [foreignProjectId, 'proj_nobody'])
      assert.equal((await ask('ada', 'POST', '', { ...wanted, project_id })).code, 'identity.project_unknown')
    assert.equal((await ask('ada', 'GET', `?project_id=${foreignProjectId}`)).code, 'identity.project_unknown')
  })

  it('keeps a cut emoji and the character 0 as the sign for what is lost, since models write them', async () => {
    const made = await save('ada', { document: documentOf({ inputs: ['cut \ud83d', 'a\u0000b'] }) })
    assert.deepEqual(made.document.inputs, ['cut \ufffd', 'a\ufffdb'])
    await ask('ada', 'DELETE', `/${made.id}`)
  })
})

describe('the list', () => {
  it('is of a project, by last save, in pages, found by part of the title taken literally', async () => {
    const ids: string[] = []
    for (const title of ['100 % eggs', 'one_two', 'Trays', 'onextwo', 'EGGS again'])
      ids.push((await save('ada', { title, visibility: 'project' })).id)
    await ask('ada', 'PATCH', `/${ids[0]}`, { revision: 1, title: '100 % eggs!' })
    const expected = [ids[0], ids[4], ids[3], ids[2], ids[1]]

    const walked: string[] = []
    let after: string | null = null
    do {
      const page: Page = await list('bob', { limit: '2', ...(after === null ? {} : { after }) })
      walked.push(...page.data.map(({ id }) => id))
      after = page.next
    } while (after !== null)
    assert.deepEqual(walked, expected)

    const titles = async (search: string) => (await list('bob', { search })).data.map(({ title }) => title)
    assert.deepEqual(await titles('eggs'), ['100 % eggs!', 'EGGS again'])
    assert.deepEqual(await titles('%'), ['100 % eggs!'])
    assert.deepEqual(await titles('one_'), ['one_two'])
    assert.deepEqual(await titles('\\'), [])
    assert.deepEqual((await list('bob', { whose: 'mine' })).data, [])
    assert.deepEqual((await list('bob', { kind: 'tokens' })).data, [])
    assert.ok(!('document' in (await list('bob')).data[0]!))
    const wrong = await ask('bob', 'GET', `?project_id=${projectId}&after=play_1`)
    assert.deepEqual([wrong.status, wrong.code], [400, 'cursor_malformed'])
    for (const id of ids) await ask('ada', 'DELETE', `/${id}`)
  })

  it('of a project that is full takes no more', async () => {
    const many = []
    for (let made = 0; made < SESSIONS_MAX; made++) many.push(await save('ada'))
    const refused = await ask('ada', 'POST', `/${many[0]!.id}/duplicate`)
    assert.deepEqual([refused.status, refused.code], [409, 'playground.too_many_sessions'])
    for (const { id } of many) await ask('ada', 'DELETE', `/${id}`)
  })
})

describe('the trail', () => {
  it('tells of each save and its end, and holds neither title nor text', async () => {
    const secret = 'The crate holds 12 trays'
    const made = await save('ada', { title: secret, document: documentOf({ system_prompt: secret }) })
    await ask('ada', 'PATCH', `/${made.id}`, { revision: 1, title: `${secret}!` })
    await ask('ada', 'DELETE', `/${made.id}`)
    const events = (
      await installation.identity.audit.list({ kind: 'machine' }, { organizationId }, { limit: 50, after: null })
    ).data.filter(({ target }) => target === made.id)
    assert.deepEqual(
      events.map(({ action, before, after }) => [action, before?.revision ?? null, after?.revision ?? null]),
      [
        ['playground_session.deleted', 2, null],
        ['playground_session.updated', 1, 2],
        ['playground_session.created', null, 1],
      ],
    )
    assert.ok(!JSON.stringify(events).includes('trays'))
  })
})

describe('what is kept of a project', () => {
  it('goes in the transaction that deletes it, and stays if that fails', async () => {
    const { id } = await save('ada', { visibility: 'project' })
    const gone = { organizationId, projectId }
    await assert.rejects(
      installation.db.transaction(async (tx) => {
        await playground.forget(tx, gone)
        throw new Error('not after all')
      }),
    )
    assert.equal((await ask('ada', 'GET', `/${id}`)).status, 200)
    await installation.db.transaction((tx) => playground.forget(tx, { ...gone, projectId: foreignProjectId }))
    assert.equal((await ask('ada', 'GET', `/${id}`)).status, 200)
    await installation.db.transaction((tx) => playground.forget(tx, { organizationId, projectId: null }))
    assert.equal((await ask('ada', 'GET', `/${id}`)).code, 'playground.session_unknown')
  })
})
