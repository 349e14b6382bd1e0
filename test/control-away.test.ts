/**
 * Four workers while control, and its database with it, does not answer: known keys go on working, limits go on holding, and
 * what was consumed is told afterwards, once, however often its journal is read.
 *
 * Control is stopped for 3 s, or for CONTROL_AWAY_S: then its sockets stand and say nothing, which is worse than a death.
 */
import assert from 'node:assert/strict'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const MODEL = 'tiny-qwen3'
const WORKERS = 4
const AWAY_S = Number(process.env.CONTROL_AWAY_S ?? 3)

let product: Product
let project = ''

before(async () => {
  product = await startProduct({ starter: false, environment: { GATEWAY_WORKERS: String(WORKERS) } })
  await product.importModel(MODEL, await testModel('qwen3'))
  await product.load(MODEL)
  project = (await product.get<{ data: { id: string }[] }>('/api/projects')).data[0]!.id
})
after(() => product.stop())

async function makeKey(name: string, requestsPerMinute: number | null = null): Promise<{ id: string; secret: string }> {
  const { status, body } = await product.ask('POST', '/api/keys', { name, project_id: project })
  assert.equal(status, 201, JSON.stringify(body))
  const key = body as { id: string; secret: string }
  if (requestsPerMinute !== null)
    await product.ask('PATCH', `/api/keys/${key.id}/limits`, { requests_per_minute: requestsPerMinute })
  return key
}

/** One request on a connection of its own, so that the system gives it to any worker. */
async function ask(secret: string): Promise<{ status: number; id: string | null }> {
  const answer = await fetch(`${product.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model: MODEL, max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await answer.text()
  return { status: answer.status, id: answer.headers.get('x-request-id') }
}

const many = (count: number, secret: string) => Promise.all(Array.from({ length: count }, () => ask(secret)))

/** What is recorded of a key, as the console tells it. */
async function recordsOf(keyId: string): Promise<{ id: string }[]> {
  return (await product.get<{ data: { id: string }[] }>(`/api/requests?limit=100&key_id=${keyId}`)).data
}

it('a key that is revoked is dead in every worker when its revoker hears so', async (t) => {
  for (let round = 0; round < 3; round++) {
    const { id, secret } = await makeKey(`revoked ${round}`)
    const before = await many(2 * WORKERS, secret)
    assert.ok(before.every(({ status }) => status === 200))
    const startedAt = performance.now()
    const { status } = await product.ask('DELETE', `/api/keys/${id}`)
    const tookMs = performance.now() - startedAt
    assert.ok(status >= 200 && status < 300)
    const answers = await many(4 * WORKERS, secret)
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([401]))
    t.diagnostic(`revoked and acknowledged by ${WORKERS} workers after ${tookMs.toFixed(1)} ms`)
  }
})

/** Workers keep a folder each; more of them are lives that are not told yet. */
const livesOf = (journal: string) => readdirSync(journal).filter((name) => name.startsWith('worker-'))

describe(`control away for ${AWAY_S} s`, () => {
  let freeId = ''
  let journal = ''
  let copy = ''

  it('known keys work throughout, a limit lets nothing more in than it says, and each request is recorded once', async () => {
    const free = await makeKey('free')
    const limited = await makeKey('limited', 8)
    freeId = free.id
    journal = join(product.folder.root, 'usage-journal')
    copy = join(product.folder.root, 'usage-journal-copied')
    const ids = new Set<string | null>()
    const limitedAnswers = [many(2, limited.secret)]
    await Promise.all(limitedAnswers)

    const control = product.pidOf('control')
    const untilMs = Date.now() + AWAY_S * 1_000
    // All in all fewer than one page of records holds.
    const everyMs = Math.max(250, (AWAY_S * 1_000) / 20)
    process.kill(control, 'SIGSTOP')
    try {
      while (Date.now() < untilMs) {
        const answers = await many(WORKERS, free.secret)
        assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
        for (const { id } of answers) ids.add(id)
        // Who has a limit may have to wait for control, and is let in or refused when it is back.
        if (limitedAnswers.length < 4) limitedAnswers.push(many(WORKERS, limited.secret))
        await sleep(everyMs)
      }
      cpSync(journal, copy, { recursive: true })
      assert.equal(product.pidOf('control'), control, 'somebody took it for dead')
    } finally {
      process.kill(control, 'SIGCONT')
    }
    const limitedIn = (await Promise.all(limitedAnswers)).flat().filter(({ status }) => status === 200).length
    assert.ok(limitedIn <= 8, `${limitedIn} were let in where 8 a minute may`)
    const records = await product.until('all of it is recorded', async () => {
      const found = await recordsOf(freeId)
      return found.length >= ids.size && found
    })
    assert.deepEqual(records.map(({ id }) => id).toSorted(), [...ids].toSorted())
  })

  it('and the journal of that time, read once more, changes nothing', async () => {
    assert.ok(livesOf(copy).length >= WORKERS)
    const before = await recordsOf(freeId)
    await product.end()
    for (const life of livesOf(copy)) cpSync(join(copy, life), join(journal, life), { recursive: true })
    await product.start()
    await product.until('the copy is read and gone', async () => {
      const lives = livesOf(journal)
      return lives.length === WORKERS && livesOf(copy).every((life) => !lives.includes(life))
    })
    assert.deepEqual(await recordsOf(freeId), before)
  })
})
