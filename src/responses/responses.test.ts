/** What is kept of responses, on a real database. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import { createLog } from '../platform/log.ts'
import { createResponses, type Responses } from './responses.ts'
import { CONVERSATION_RESPONSES_MAX, type StoredItem, type StoredResponse } from './stored-response.ts'
import { storedResponse } from './tables.ts'

const DAY_MS = 86_400_000
const MACHINE = { kind: 'machine' } as const

let installation: TestInstallation
let responses: Responses
let open: { organizationId: string; projectId: string }
let other: { organizationId: string; projectId: string }
let nowMs = 1_800_000_000_000

before(async () => {
  installation = await testInstallation()
  const { db, identity } = installation
  const clock = { nowMs: () => nowMs }
  const deps = { db, clock, log: createLog('test', 'silent'), identity }
  responses = createResponses({ ...deps, bytesMax: 1_000_000 })
  identity.onDiskForbidden(responses.forgetWithin)
  identity.onDeleting(responses.forgetWithin)
  open = await installation.addOrganization('Kestrel')
  other = await installation.addOrganization('Heron')
})
after(() => installation?.close())
beforeEach(async () => {
  await installation.db.delete(storedResponse)
  for (const { projectId } of [open, other])
    await installation.identity.organizations.updateProject(MACHINE, projectId, { contentOnDisk: true })
})

const item = (id: string, text: string): StoredItem => ({ id, type: 'message', role: 'user', content: text })

function responseOf(name: string, change: Partial<StoredResponse> = {}): StoredResponse {
  return {
    id: `resp_${name}`,
    ...open,
    keyId: 'key_1',
    model: 'm',
    previousId: null,
    createdAtMs: nowMs,
    input: [item(`msg_${name}_i0`, `asked ${name}`), item(`msg_${name}_i1`, 'too')],
    response: { id: `resp_${name}`, object: 'response', output: [item(`msg_${name}_0`, `said ${name}`)] },
    ...change,
  }
}

const idsOf = (items: readonly StoredItem[]) => items.map(({ id }) => id)

async function saidBefore(previousId: string | null, itemIds: string[] = [], projectId = open.projectId) {
  return responses.itemsBefore({ projectId, previousId, itemIds })
}

describe('a conversation', () => {
  it('is told in its order, each response with what it brought and what it said', async () => {
    for (const [name, previousId] of [
      ['a', null],
      ['b', 'resp_a'],
      ['c', 'resp_b'],
    ] as const)
      assert.equal(await responses.keep(responseOf(name, { previousId })), true)
    const found = await saidBefore('resp_c')
    assert.equal(found.kind, 'found')
    assert.deepEqual(
      idsOf(found.kind === 'found' ? found.previous : []),
      ['a', 'b', 'c'].flatMap((name) => [`msg_${name}_i0`, `msg_${name}_i1`, `msg_${name}_0`]),
    )
  })

  it('may be gone on from twice', async () => {
    await responses.keep(responseOf('a'))
    for (const name of ['b', 'c']) await responses.keep(responseOf(name, { previousId: 'resp_a' }))
    const found = await saidBefore('resp_c')
    assert.deepEqual(found.kind === 'found' && idsOf(found.previous).includes('msg_b_0'), false)
    assert.deepEqual(found.kind === 'found' && idsOf(found.previous).includes('msg_a_0'), true)
  })

  it('with a gap is none, and the gap is named', async () => {
    for (const [name, previousId] of [
      ['a', null],
      ['b', 'resp_a'],
      ['c', 'resp_b'],
    ] as const)
      await responses.keep(responseOf(name, { previousId }))
    await responses.remove({ projectId: open.projectId, id: 'resp_a' })
    assert.deepEqual(await saidBefore('resp_c'), { kind: 'response-missing', id: 'resp_a' })
    assert.deepEqual(await saidBefore('resp_x'), { kind: 'response-missing', id: 'resp_x' })
  })

  it('of another project is one that is not there', async () => {
    await responses.keep(responseOf('a'))
    assert.deepEqual(await saidBefore('resp_a', [], other.projectId), { kind: 'response-missing', id: 'resp_a' })
    assert.deepEqual(await saidBefore(null, ['msg_a_0'], other.projectId), { kind: 'item-missing', id: 'msg_a_0' })
    await responses.keep(responseOf('b', { ...other, previousId: 'resp_a' }))
    assert.deepEqual(await saidBefore('resp_b', [], other.projectId), { kind: 'response-missing', id: 'resp_a' })
  })

  it('longer than is gone on from is refused, and not shortened', async () => {
    const rows = Array.from({ length: CONVERSATION_RESPONSES_MAX + 1 }, (_, at) => ({
      ...open,
      id: `resp_l${at}`,
      keyId: 'key_1',
      model: 'm',
      previousId: at === 0 ? null : `resp_l${at - 1}`,
      createdAt: new Date(nowMs),
      expiresAt: new Date(nowMs + DAY_MS),
      textBytes: 1,
      storedBytes: 1,
      body: Buffer.from('x'),
    }))
    await installation.db.insert(storedResponse).values(rows)
    assert.equal((await saidBefore(`resp_l${CONVERSATION_RESPONSES_MAX}`)).kind, 'too-long')
    await installation.db.update(storedResponse).set({ textBytes: 17 * 1024 * 1024, previousId: null })
    assert.equal((await saidBefore('resp_l0')).kind, 'too-long')
  })
})

describe('an item', () => {
  it('is found by its id, in or out, in the order of asking', async () => {
    await responses.keep(responseOf('a'))
    await responses.keep(responseOf('b'))
    const found = await saidBefore(null, ['msg_b_0', 'msg_a_i1'])
    assert.deepEqual(found.kind === 'found' && idsOf(found.named), ['msg_b_0', 'msg_a_i1'])
    for (const id of ['msg_a_7', 'fc_a_0', 'msg_x_0', '', '%', "'", 'resp_a'])
      assert.deepEqual(await saidBefore(null, [id]), { kind: 'item-missing', id })
  })

  it('of the input is paged through, from either end', async () => {
    await responses.keep(responseOf('a'))
    const page = { projectId: open.projectId, id: 'resp_a', limit: 1, order: 'desc', after: null } as const
    const first = await responses.inputItems(page)
    assert.deepEqual([first?.data.map(({ id }) => id), first?.hasMore], [['msg_a_i1'], true])
    const second = await responses.inputItems({ ...page, after: 'msg_a_i1' })
    assert.deepEqual([second?.data.map(({ id }) => id), second?.hasMore], [['msg_a_i0'], false])
    const all = await responses.inputItems({ ...page, limit: 2, order: 'asc' })
    assert.deepEqual([all?.data.map(({ id }) => id), all?.hasMore], [['msg_a_i0', 'msg_a_i1'], false])
    assert.equal(await responses.inputItems({ ...page, after: 'msg_x' }), null)
    assert.equal(await responses.inputItems({ ...page, projectId: other.projectId }), null)
  })
})

describe('a response', () => {
  it('is read and deleted by its project alone', async () => {
    const kept = responseOf('a')
    await responses.keep(kept)
    assert.equal(await responses.keep(kept), true, 'a repeat changes nothing')
    const asked = { projectId: open.projectId, id: 'resp_a' }
    assert.deepEqual(await responses.response(asked), kept.response)
    assert.equal(await responses.response({ ...asked, projectId: other.projectId }), null)
    assert.equal(await responses.remove({ ...asked, projectId: other.projectId }), false)
    assert.equal(await responses.remove(asked), true)
    assert.equal(await responses.remove(asked), false)
    assert.equal(await responses.response(asked), null)
  })

  it('is gone after 30 days, from sight at once and from the table with the next sweep', async () => {
    await responses.keep(responseOf('a'))
    nowMs += 30 * DAY_MS
    assert.equal(await responses.response({ projectId: open.projectId, id: 'resp_a' }), null)
    assert.equal((await installation.db.select().from(storedResponse)).length, 1)
    await responses.sweep()
    assert.equal((await installation.db.select().from(storedResponse)).length, 0)
  })

  it('is not kept where nothing may reach a disk, and goes when that is forbidden', async () => {
    const { organizations } = installation.identity
    await responses.keep(responseOf('a'))
    await responses.keep(responseOf('b', other))
    await organizations.updateProject(MACHINE, open.projectId, { contentOnDisk: false })
    const left = await installation.db.select({ id: storedResponse.id }).from(storedResponse)
    assert.deepEqual(left, [{ id: 'resp_b' }])
    assert.equal(await responses.keep(responseOf('c')), false)
    assert.equal(await responses.keep(responseOf('d', { projectId: 'proj_gone' })), false)
    assert.equal((await installation.db.select().from(storedResponse)).length, 1)
  })

  it('that came while its project changed its mind is not there afterwards', async () => {
    const { db, identity } = installation
    const answers = [new Set([open.projectId]), new Set<string>()]
    const late = createResponses({
      db,
      clock: { nowMs: () => nowMs },
      log: createLog('test', 'silent'),
      identity: { contentPolicies: { ...identity.contentPolicies, onDisk: async () => answers.shift() ?? new Set() } },
      bytesMax: 1_000_000,
    })
    assert.equal(await late.keep(responseOf('a')), false)
    assert.equal((await db.select().from(storedResponse)).length, 0)
  })

  it('goes oldest first when there are more than there is room for', async () => {
    const { db, identity } = installation
    const small = createResponses({
      db,
      clock: { nowMs: () => nowMs },
      log: createLog('test', 'silent'),
      identity,
      bytesMax: 3_000,
    })
    const noise = () => Buffer.from(crypto.getRandomValues(new Uint8Array(700))).toString('base64')
    for (const name of ['1', '2', '3', '4', '5'])
      await small.keep(responseOf(name, { input: [item(`msg_${name}_i0`, noise())] }))
    const left = await db.select({ id: storedResponse.id }).from(storedResponse).orderBy(storedResponse.id)
    assert.ok(left.length >= 2 && left.length < 5, String(left.length))
    assert.equal(left.at(-1)?.id, 'resp_5')
    assert.ok(!left.some(({ id }) => id === 'resp_1'))
  })

  it('goes with its organisation', async () => {
    await responses.keep(responseOf('a'))
    await responses.keep(responseOf('b', other))
    await installation.db.transaction((tx) =>
      responses.forgetWithin(tx, { organizationId: open.organizationId, projectId: null }),
    )
    const left = await installation.db.select({ id: storedResponse.id }).from(storedResponse)
    assert.deepEqual(left, [{ id: 'resp_b' }])
  })
})
