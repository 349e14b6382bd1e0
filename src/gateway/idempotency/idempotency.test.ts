/** Idempotency keys from the client to the database: the gateway in this process, a scripted engine, control's real claims. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Pool } from 'undici'
import type { UsageRecord } from '../../billing/usage-record.ts'
import { systemClock } from '../../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../../platform/data-folder.ts'
import type { Database } from '../../platform/database/database.ts'
import { scratchDatabase } from '../../platform/database/scratch.ts'
import { createLog } from '../../platform/log.ts'
import { createSealer } from '../../platform/sealed-text.ts'
import { createControlClient } from '../control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from '../control-stand-in.ts'
import { createGateway } from '../gateway.ts'
import { GATEWAY_LIMITS } from '../limits.ts'
import { chat, errorOf, type PlainAnswer } from '../plain-client.ts'
import { ScriptedUpstream, type UpstreamCall } from '../scripted-upstream.ts'
import { createSnapshotClient } from '../snapshot-client.ts'
import { idempotencyClaim } from '../tables.ts'
import { CLAIM_LEASE_MS, CLAIM_LIFE_MS } from './claim-wire.ts'
import { createClaimsOwner } from './claims-owner.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-once-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: UsageRecord[] = []
const engine = new ScriptedUpstream(join(folder.run, 'eng_1.sock'), whole)
const keys = [keyOf('tw-a', { contentOnDisk: true }), keyOf('tw-b', { contentOnDisk: true }), keyOf('tw-private')]
const control = new ControlStandIn(folder, { version: 1, keys, routes: [] })
const client = createControlClient(sockets.controlAdmin(folder), '0')
const controlPublic = new Pool('http://control', { socketPath: sockets.control(folder) })
const snapshots = createSnapshotClient({ control: client, clock: systemClock, log })
const gateway = createGateway({
  snapshots,
  control: client,
  controlPublic,
  keyUses: { note() {}, stop: async () => {} },
  content: { open: () => null, heldBytes: () => 0, stop: async () => {} },
  usage: {
    open() {},
    progressed() {},
    close(record) {
      records.push(record)
      return null
    },
  },
  limits: { ...GATEWAY_LIMITS, lastWordsMs: 100, drainMs: 100, queueMs: 0 },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
})
let database: Database
let nowMs = Date.now()
let port = 0

before(async () => {
  makeDataFolder(folder)
  database = await scratchDatabase()
  await Promise.all([control.start(), engine.start()])
  control.snapshot = { ...control.snapshot, routes: [routeOf('small', [localReplica('eng_1', engine.socketPath)])] }
  snapshots.start()
  await control.until(() => control.seen.length > 0)
  port = (await gateway.listen({ host: '127.0.0.1', port: 0, reusePort: false })).port
})
after(async () => {
  await gateway.drain()
  snapshots.stop()
  await Promise.all([client.close(), controlPublic.destroy(), control.kill(), engine.kill()])
  await database.close()
  rmSync(root, { recursive: true })
})
beforeEach(async () => {
  records.length = 0
  engine.calls.length = 0
  engine.cancelled.length = 0
  engine.script = whole
  await database.db.delete(idempotencyClaim)
  control.claims = claimsOf()
})

function claimsOf(bytesMax = 1e6) {
  return createClaimsOwner({
    db: database.db,
    clock: { nowMs: () => nowMs },
    log,
    sealer: createSealer('secret', 'idempotent answers'),
    bytesMax,
    keys: async () => control.snapshot.keys,
  })
}

function whole({ response }: UpstreamCall): void {
  const message = { role: 'assistant', content: `Hi ${engine.calls.length}` }
  sendJson(response, 200, {
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  })
}

const delta = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`
const DONE = 'data: [DONE]\n\n'

/** A request with a key; the same one each time unless `change` says otherwise. */
const ask = (name: string, change: object = {}, secret = 'tw-a', more = {}): Promise<PlainAnswer> =>
  chat(port, secret, { model: 'small', ...change }, { headers: { 'idempotency-key': name }, ...more })

const rows = () => database.db.select().from(idempotencyClaim)

describe('a request with an idempotency key', () => {
  it('runs once, and is answered again byte for byte', async () => {
    const first = await ask('k1')
    const second = await ask('k1')
    assert.equal(first.status, 200)
    assert.deepEqual(
      [second.status, second.text, second.headers['content-type']],
      [200, first.text, first.headers['content-type']],
    )
    assert.equal(first.headers['idempotent-replayed'], undefined)
    assert.equal(second.headers['idempotent-replayed'], 'true')
    assert.equal(second.headers['idempotent-request-id'], first.headers['x-request-id'])
    assert.notEqual(second.headers['x-request-id'], first.headers['x-request-id'])
    assert.deepEqual([engine.calls.length, records.length], [1, 1])
  })

  it('is replayed as the whole stream where it was one', async () => {
    engine.script = ({ response }) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`${delta('a')}${delta('b', 'stop')}${DONE}`)
    const first = await ask('k1', { stream: true })
    const second = await ask('k1', { stream: true })
    assert.equal(first.text, `${delta('a')}${delta('b', 'stop')}${DONE}`)
    assert.deepEqual([second.text, second.headers['content-type']], [first.text, 'text/event-stream'])
    assert.equal(records.length, 1)
  })

  it('waits for the one that runs, and gets its answer', async () => {
    const held = Promise.withResolvers<void>()
    engine.script = async (call) => {
      await held.promise
      whole(call)
    }
    const first = ask('k1')
    while (engine.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const second = ask('k1')
    held.resolve()
    assert.equal((await second).text, (await first).text)
    assert.equal(engine.calls.length, 1)
  })

  it('belongs to its API key, its path and its body', async () => {
    await ask('k1')
    const other = await ask('k1', { temperature: 0.5 })
    assert.deepEqual(
      [other.status, errorOf(other).code, other.headers['x-should-retry']],
      [422, 'idempotency_key_reused', 'false'],
    )
    const path = await ask('k1', {}, 'tw-a', { path: '/v1/completions' })
    assert.equal(errorOf(path).code, 'idempotency_key_reused')
    assert.equal((await ask('k1', { temperature: 0.5 }, 'tw-b')).status, 200)
    assert.equal(engine.calls.length, 2)
  })

  it('goes on without a client that leaves, whose next try gets the whole answer, paid once', async () => {
    const held = Promise.withResolvers<void>()
    engine.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('first'))
      await held.promise
      response.end(`${delta('last', 'stop')}${DONE}`)
    }
    const left = await ask('k1', { stream: true }, 'tw-a', {
      onData: (_chunk: Buffer, leave: () => void) => leave(),
    }).catch(() => null)
    assert.notEqual(left?.isWhole, true)
    const second = ask('k1', { stream: true })
    held.resolve()
    assert.equal((await second).text, `${delta('first')}${delta('last', 'stop')}${DONE}`)
    assert.deepEqual([engine.calls.length, engine.cancelled.length, records.length], [1, 0, 1])
    assert.deepEqual([records[0]?.status, records[0]?.cutBy], [200, null])
  })

  it('may be tried again where nothing was begun', async () => {
    for (const status of [429, 400]) {
      engine.script = ({ response }) => sendJson(response, status, { error: { code: 'no', message: 'no' } })
      assert.equal((await ask(`k${status}`)).status, status)
      engine.script = whole
      assert.equal((await ask(`k${status}`)).status, 200)
    }
    assert.equal((await ask('k4', { model: 'nobody' })).status, 404)
    assert.equal((await rows()).length, 2)
  })

  it('is not run again where an engine worked on it in vain', async () => {
    engine.script = ({ response }) => response.destroy()
    const first = await ask('k1')
    assert.equal(errorOf(first).code, 'engine_lost')
    engine.script = whole
    const second = await ask('k1')
    assert.deepEqual([second.status, errorOf(second).code], [409, 'idempotency_answer_not_kept'])
    assert.match(errorOf(second).message, /came to no whole answer/)
  })

  it('of a project that lets nothing reach a disk runs once, and is not replayed', async () => {
    assert.equal((await ask('k1', {}, 'tw-private')).status, 200)
    const second = await ask('k1', {}, 'tw-private')
    assert.deepEqual([second.status, errorOf(second).code], [409, 'idempotency_answer_not_kept'])
    assert.match(errorOf(second).message, /no content reach a disk/)
    assert.deepEqual([engine.calls.length, (await rows())[0]?.answer], [1, null])
  })

  it('is refused where nobody can keep the promise, and one without a key is not', async () => {
    control.claims = null
    const refused = await ask('k1')
    assert.deepEqual([refused.status, errorOf(refused).code], [503, 'idempotency_unavailable'])
    assert.equal((await chat(port, 'tw-a', { model: 'small' })).status, 200)
  })

  it('is refused where the key is none', async () => {
    for (const name of ['', ' ', 'x'.repeat(256)]) {
      const answer = await ask(name)
      assert.deepEqual([answer.status, errorOf(answer).code], [400, 'idempotency_key_invalid'])
    }
    assert.equal(engine.calls.length, 0)
  })

  it('keeps its answer sealed, and neither its key nor its body', async () => {
    await ask('order-4711')
    const [row] = await rows()
    assert.ok(row?.answer)
    assert.doesNotMatch(JSON.stringify(row), /Hi 1|order-4711/)
  })
})

const claim = (requestId: string, change: object = {}) => ({
  keyId: 'key_tw-a',
  organizationId: 'org_1',
  projectId: 'proj_1',
  nameSha256: 'n',
  bodySha256: 'b',
  requestId,
  ...change,
})
const answer = (packed: string) => ({
  kind: 'answered' as const,
  answer: { status: 200, contentType: 'text/plain', packed },
})

describe('a claim', () => {
  it('goes to one of many that ask at once', async () => {
    const claims = claimsOf()
    const verdicts = await Promise.all(['req_1', 'req_2', 'req_3', 'req_4'].map((id) => claims.claim(claim(id))))
    assert.equal(verdicts.filter(({ kind }) => kind === 'begin').length, 1)
    assert.equal(verdicts.filter(({ kind }) => kind === 'running').length, 3)
  })

  it('lapses with its worker, and not while control alone was away', async () => {
    nowMs = 1_000_000
    const before = claimsOf()
    await before.claim(claim('req_1'))
    nowMs += CLAIM_LEASE_MS * 2
    const claims = claimsOf() // a new control, to which nobody could say yet that it lives
    assert.equal((await claims.claim(claim('req_2'))).kind, 'running')
    await claims.renew(['req_1'])
    nowMs += CLAIM_LEASE_MS - 1
    assert.equal((await claims.claim(claim('req_2'))).kind, 'running')
    nowMs += 2
    assert.equal((await claims.claim(claim('req_2', { bodySha256: 'c' }))).kind, 'reused')
    assert.equal((await claims.claim(claim('req_2'))).kind, 'begin')
    await claims.end({ requestId: 'req_1', ...answer('late') }) // its worker was only slow: it is not its any more
    assert.equal((await claims.claim(claim('req_3'))).kind, 'running')
  })

  it('ends once, and is free again after a day', async () => {
    const claims = claimsOf()
    await claims.claim(claim('req_1'))
    await claims.end({ requestId: 'req_1', ...answer('one') })
    await claims.end({ requestId: 'req_1', kind: 'released' })
    const verdict = await claims.claim(claim('req_2'))
    assert.deepEqual(verdict, {
      kind: 'answered',
      requestId: 'req_1',
      answer: { status: 200, contentType: 'text/plain', packed: 'one' },
    })
    nowMs += CLAIM_LIFE_MS
    assert.equal((await claims.claim(claim('req_2'))).kind, 'begin')
  })

  it('loses its answer to space, oldest first, and to a project that changed its mind, and stays taken', async () => {
    const claims = claimsOf(4_000)
    for (const at of [1, 2, 3]) {
      await claims.claim(claim(`req_${at}`, { nameSha256: `n${at}`, keyId: at === 3 ? 'key_tw-private' : 'key_tw-a' }))
      await claims.end({ requestId: `req_${at}`, ...answer('x'.repeat(1_200)) })
    }
    const first = await claims.claim(claim('req_9', { nameSha256: 'n1' }))
    assert.deepEqual(first, { kind: 'spent', requestId: 'req_1', why: 'removed' })
    assert.equal((await claims.claim(claim('req_9', { nameSha256: 'n2' }))).kind, 'answered')
    await claims.sweep()
    const third = await claims.claim(claim('req_9', { nameSha256: 'n3', keyId: 'key_tw-private' }))
    assert.deepEqual(third, { kind: 'spent', requestId: 'req_3', why: 'removed' })
  })

  it('goes with its project, and is swept after its day', async () => {
    const claims = claimsOf()
    await claims.claim(claim('req_1'))
    await claims.claim(claim('req_2', { nameSha256: 'n2', projectId: 'proj_2' }))
    await database.db.transaction((tx) => claims.forgetWithin(tx, { organizationId: 'org_1', projectId: 'proj_2' }))
    assert.deepEqual(
      (await rows()).map(({ requestId }) => requestId),
      ['req_1'],
    )
    nowMs += CLAIM_LIFE_MS + 1
    await claims.sweep()
    assert.equal((await rows()).length, 0)
  })
})
