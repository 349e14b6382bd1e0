/** What is kept of requests, on a scratch database with the real identity beside it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Forbidden, ProjectUnknown } from '../identity/errors.ts'
import type { Caller, OrganizationRole } from '../identity/rules.ts'
import { auditEvent } from '../identity/tables.ts'
import { type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import { newId } from '../platform/ids.ts'
import { createLog } from '../platform/log.ts'
import { laidOut, packedContent } from './packed-content.ts'
import { createRequestContent, type RequestContent } from './request-content.ts'
import type { ClosedRequest, ContentText, FailedAttempt, SentContent } from './request-detail.ts'
import { requestContent } from './tables.ts'

const DAY_MS = 24 * 60 * 60_000
const MACHINE: Caller = { kind: 'machine' }

let installation: TestInstallation
let contents: RequestContent
let clock: { nowMs(): number }
let laterMs = 0
let place: { organizationId: string; projectId: string }
let keyId: string

before(async () => {
  installation = await testInstallation()
  const { db, identity } = installation
  clock = { nowMs: () => Date.now() + laterMs }
  contents = createRequestContent({ db, clock, log: createLog('test', 'silent'), identity, bytesMax: 1_000_000 })
  identity.onKeysChanged(contents.sweep)
  identity.onDeleting(contents.forgetWithin)
  identity.onContentDeleting(contents.forgetWithin)
})
after(() => installation.close())
beforeEach(async () => {
  laterMs = 0
  await installation.db.delete(requestContent)
  place = await installation.addOrganization('Kestrel Labs')
  keyId = await newKey()
  await change({ contentOnDisk: true, contentLogging: true })
})

async function newKey(): Promise<string> {
  const made = await installation.identity.keys.create(MACHINE, { name: 'k', projectId: place.projectId })
  return made.key.id
}

const change = (settings: Parameters<typeof installation.identity.organizations.updateProject>[2]) =>
  installation.identity.organizations.updateProject(MACHINE, place.projectId, settings)

const SAID: ContentText = {
  request: { messages: [{ role: 'user', content: 'Hé 🌍' }] },
  request_cut: null,
  answers: [{ index: 0, text: 'Hello', reasoning: null, refusal: null, tool_calls: [] }],
}

async function sent(changed: Partial<SentContent> = {}): Promise<SentContent> {
  const bytes = Buffer.from(JSON.stringify(SAID.request?.messages))
  const text = laidOut({ name: 'messages', isCut: false, bytes }, SAID.answers)
  const startedAtMs = changed.startedAtMs ?? clock.nowMs()
  return {
    id: newId('req', startedAtMs),
    ...place,
    keyId,
    startedAtMs,
    truncated: false,
    textBytes: text.length,
    address: '192.0.2.7',
    body: (await packedContent(text)).toString('base64'),
    ...changed,
  }
}

async function stored(changed: Partial<SentContent> = {}): Promise<string> {
  const content = await sent(changed)
  await contents.store([content])
  return content.id
}

const keptIds = async () =>
  (await installation.db.select({ id: requestContent.id }).from(requestContent)).map(({ id }) => id)

function person(role: OrganizationRole, changed: Partial<Extract<Caller, { kind: 'person' }>> = {}): Caller {
  return {
    kind: 'person',
    userId: `usr_${role}`,
    name: 'Ada',
    email: 'ada@example.com',
    operator: false,
    memberships: [{ organizationId: place.organizationId, role }],
    address: '192.0.2.1',
    ...changed,
  }
}

describe('what a request said', () => {
  it('comes back as it went in, until it expires', async () => {
    const id = await stored()
    const found = await contents.contentOf(person('developer'), id)
    assert.ok(found)
    const { expiresAt, textBytes, storedBytes, address, truncated, ...said } = found
    assert.deepEqual(said, SAID)
    assert.deepEqual([address, truncated], [null, false])
    assert.ok(storedBytes > 0 && textBytes > 0)
    assert.equal(Math.round((expiresAt.getTime() - clock.nowMs()) / DAY_MS), 30)
    assert.deepEqual(await contents.contentStateOf(id), { expiresAt, truncated, textBytes, storedBytes })

    laterMs = 30 * DAY_MS + 1_000
    assert.equal(await contents.contentOf(person('owner'), id), null)
    assert.equal(await contents.contentStateOf(id), null)
    await contents.sweep()
    assert.deepEqual(await keptIds(), [])
  })

  it('is stored once, however often it is delivered', async () => {
    const content = await sent()
    await contents.store([content, content])
    await contents.store([content])
    assert.deepEqual(await keptIds(), [content.id])
  })

  it('is read by owners, admins, developers and the command line; not by viewers, operators and strangers', async () => {
    const id = await stored()
    for (const role of ['owner', 'admin', 'developer'] as const) assert.ok(await contents.contentOf(person(role), id))
    assert.ok(await contents.contentOf(MACHINE, id))
    await assert.rejects(contents.contentOf(person('viewer'), id), Forbidden)
    const elsewhere = [{ organizationId: 'org_other', role: 'owner' as const }]
    assert.equal(await contents.contentOf(person('owner', { memberships: elsewhere }), id), null)
    assert.equal(await contents.contentOf(person('owner', { memberships: [], operator: true }), id), null)
    assert.equal(await contents.contentOf(MACHINE, 'req_none'), null)
  })

  it('leaves an event of each reading, once for a person, request and day', async () => {
    const id = await stored()
    const readings = async () =>
      (await installation.db.select().from(auditEvent))
        .filter(({ action, target }) => action === 'request.content_read' && target === id)
        .map(({ actorId }) => actorId)
    await Promise.all([1, 2, 3].map(() => contents.contentOf(person('owner'), id)))
    await contents.contentOf(person('admin'), id)
    await assert.rejects(contents.contentOf(person('viewer'), id))
    await contents.contentStateOf(id)
    assert.deepEqual((await readings()).sort(), ['usr_admin', 'usr_owner'])
    laterMs = DAY_MS
    await contents.contentOf(person('owner'), id)
    assert.deepEqual((await readings()).sort(), ['usr_admin', 'usr_owner', 'usr_owner'])
    assert.equal((await installation.identity.audit.verify(MACHINE)).intact, true)
  })
})

describe('the policy', () => {
  it('keeps nothing unless it is on, and the address only where it says so', async () => {
    await change({ contentLogging: false })
    await stored()
    assert.deepEqual(await keptIds(), [])
    await change({ contentLogging: true, contentClientAddress: true })
    const id = await stored()
    assert.equal((await contents.contentOf(MACHINE, id))?.address, '192.0.2.7')
    await change({ contentClientAddress: false })
    assert.equal((await contents.contentOf(MACHINE, id))?.address, null)
  })

  it('takes what is kept with it when it is switched off, also by way of the disk, before the change is answered', async () => {
    await stored()
    await change({ contentLogging: false })
    assert.deepEqual(await keptIds(), [])
    const on = await change({ contentLogging: true })
    assert.equal(on.contentLogging, true)
    await stored()
    const off = await change({ contentOnDisk: false })
    assert.deepEqual([off.contentOnDisk, off.contentLogging], [false, false])
    assert.deepEqual(await keptIds(), [])
    assert.equal((await change({ contentOnDisk: true })).contentLogging, false)
  })

  it('that is shortened brings forward what is kept; longer holds from then on', async () => {
    const old = await stored({ startedAtMs: clock.nowMs() - 8 * DAY_MS })
    const young = await stored()
    await change({ contentRetentionDays: 60 })
    const expiresAt = (await contents.contentStateOf(young))?.expiresAt.getTime() ?? 0
    assert.equal(Math.round((expiresAt - clock.nowMs()) / DAY_MS), 30)
    await change({ contentRetentionDays: 7 })
    assert.deepEqual(await keptIds(), [young])
    assert.equal(await contents.contentStateOf(old), null)
  })

  it('of another project is not touched, nor is a content that names a project which is not its key’s', async () => {
    const here = await stored()
    const first = place
    place = await installation.addOrganization('Heron Works')
    await change({ contentOnDisk: true, contentLogging: true })
    await stored() // the key is of the first project
    assert.deepEqual(await keptIds(), [here])
    await change({ contentLogging: false })
    assert.deepEqual(await keptIds(), [here])
    place = first
  })
})

describe('content goes', () => {
  it('with its key when that is revoked, and not when it expires', async () => {
    const other = await newKey()
    const theirs = await stored({ keyId: other })
    await stored()
    await installation.identity.keys.revoke(MACHINE, keyId)
    assert.deepEqual(await keptIds(), [theirs])
    await stored()
    assert.deepEqual(await keptIds(), [theirs])
    const hour = 60 * 60_000
    const ending = { name: 'ends', projectId: place.projectId, expiresAt: new Date(clock.nowMs() + hour) }
    const { key } = await installation.identity.keys.create(MACHINE, ending)
    const last = await stored({ keyId: key.id })
    installation.wait(2 * hour)
    await contents.sweep()
    assert.deepEqual((await keptIds()).sort(), [theirs, last].sort())
  })

  it('with its project', async () => {
    const second = await installation.identity.organizations.createProject(MACHINE, {
      organizationId: place.organizationId,
      name: 'Second',
    })
    place = { ...place, projectId: second.id }
    keyId = await newKey()
    await change({ contentOnDisk: true, contentLogging: true })
    await stored()
    assert.equal((await keptIds()).length, 1)
    await installation.identity.organizations.deleteProject(MACHINE, second.id, 'Second')
    assert.deepEqual(await keptIds(), [])
  })

  it('oldest first when the installation keeps too much, counted', async () => {
    const bytes = (count: number) => Buffer.alloc(count, 7).toString('base64')
    const at = clock.nowMs()
    const ids = ['1', '2', '3', '4'].map((_, index) => newId('req', at + index))
    for (const id of ids) await stored({ id, startedAtMs: at, body: bytes(300_000) })
    assert.deepEqual((await keptIds()).sort(), ids.slice(1))
    const status = await contents.status(MACHINE, null)
    assert.deepEqual([status.requests, status.bytes, status.bytesMax], [3, 900_000, 1_000_000])
    assert.ok(status.removedForSpace >= 1)
  })

  it('when somebody deletes it, with an event that says how much', async () => {
    await stored()
    await stored()
    await assert.rejects(contents.purge(person('developer'), place.projectId), Forbidden)
    await assert.rejects(contents.purge(person('owner', { memberships: [] }), place.projectId), ProjectUnknown)
    const { requests, bytes } = await contents.purge(person('admin'), place.projectId)
    assert.equal(requests, 2)
    assert.deepEqual(await keptIds(), [])
    const event = (await installation.db.select().from(auditEvent)).findLast(
      ({ action }) => action === 'content_log.deleted',
    )
    assert.deepEqual(
      [event?.target, event?.before, event?.actorId],
      [place.projectId, { requests, bytes }, 'usr_admin'],
    )
  })
})

describe('how much is kept', () => {
  it('is told of one project to its people, and of all to operators', async () => {
    await stored({ startedAtMs: clock.nowMs() - DAY_MS })
    await stored()
    const seen = await contents.status(person('viewer'), place.projectId)
    assert.deepEqual([seen.requests, seen.daysMax, seen.projectId], [2, 90, place.projectId])
    assert.equal(Math.round((clock.nowMs() - (seen.oldestAt?.getTime() ?? 0)) / DAY_MS), 1)
    await assert.rejects(contents.status(person('owner'), null), Forbidden)
    const operator = person('owner', { memberships: [], operator: true })
    assert.equal((await contents.status(operator, null)).requests, 2)
    await assert.rejects(contents.status(operator, place.projectId), ProjectUnknown)
  })

  it('is nothing and no error where nothing is', async () => {
    const { requests, bytes, oldestAt } = await contents.status(MACHINE, place.projectId)
    assert.deepEqual([requests, bytes, oldestAt], [0, 0, null])
  })
})

describe('parameters', () => {
  it('are kept of every request, once, and outlive what it said', async () => {
    const attempts: FailedAttempt[] = [
      { model: 'near', engine_id: 'eng_1', failed: 'refused', status: 429, after_ms: 12 },
    ]
    const parameters = { stream: true, body_bytes: 120, temperature: 0.5, tools: 2 }
    const detail = { parameters, client: 'curl/8.5.0', attempts }
    const request = { id: newId('req'), detail } as ClosedRequest
    await contents.recordDetails([request, { id: newId('req') } as ClosedRequest])
    await contents.recordDetails([{ ...request, detail: { ...detail, client: 'other' } }])
    assert.deepEqual(await contents.parametersOf(request.id), detail)
    assert.equal(await contents.parametersOf('req_none'), null)
  })
})
