/** Limits of keys, projects and organisations through four gateway workers: what is let in, and what clients are told. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Product, STARTER, startProduct } from './product.ts'

const WORKERS = 4
type Limits = { requests_per_minute?: number | null; tokens_per_minute?: number | null; concurrency?: number | null }
type Key = { id: string; secret: string; project_id: string; organization_id: string }

let product: Product
let home = ''
before(async () => {
  product = await startProduct({ environment: { GATEWAY_WORKERS: String(WORKERS) } })
  home = (await product.get<{ data: { id: string }[] }>('/api/projects')).data[0]!.id
})
after(() => product.stop())

async function makeKey(name: string, projectId = home): Promise<Key> {
  const { status, body } = await product.ask('POST', '/api/keys', { name, project_id: projectId })
  assert.equal(status, 201, JSON.stringify(body))
  return body as Key
}

async function makeProject(name: string): Promise<string> {
  const { data } = await product.get<{ data: { id: string }[] }>('/api/organizations')
  const { status, body } = await product.ask('POST', '/api/projects', { organization_id: data[0]!.id, name })
  assert.equal(status, 201, JSON.stringify(body))
  return (body as { id: string }).id
}

async function limit(path: string, limits: Limits): Promise<unknown> {
  const { status, body } = await product.ask('PATCH', `${path}/limits`, limits)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

/** One short request on a connection of its own, so that the system gives it to any worker. */
function ask(key: Key, change: object = {}): Promise<Response> {
  return fetch(`${product.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model: STARTER, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }], ...change }),
  })
}

async function statuses(answers: Promise<Response>[]): Promise<{ answer: Response; text: string }[]> {
  return Promise.all(
    answers.map(async (each) => {
      const answer = await each
      return { answer, text: await answer.text() }
    }),
  )
}

const countOf = (answers: { answer: Response }[], status: number) =>
  answers.filter(({ answer }) => answer.status === status).length

describe('requests per minute', () => {
  it('let in no more than that through all workers, and say what is left and when there is more', async () => {
    const key = await makeKey('twenty')
    await limit(`/api/keys/${key.id}`, { requests_per_minute: 20 })
    const all: { answer: Response; text: string }[] = []
    // One second takes ten; the rest of the limit is for the seconds after it.
    for (let round = 0; round < 4; round++) {
      all.push(...(await statuses(Array.from({ length: 15 }, () => ask(key)))))
      await new Promise((resolve) => setTimeout(resolve, 1_300))
    }
    const taken = countOf(all, 200)
    assert(taken <= 20, `${taken} is more than the limit`)
    assert(taken >= 20 - WORKERS, 'what a stalled worker held is lost, and no more')
    assert.equal(countOf(all, 429), 60 - taken)
    for (const { answer, text } of all) {
      assert.equal(answer.headers.get('x-ratelimit-limit-requests'), '20')
      assert.equal(answer.headers.get('x-ratelimit-limit-tokens'), null, 'there is no such limit')
      const remaining = Number(answer.headers.get('x-ratelimit-remaining-requests'))
      assert(remaining >= 0 && remaining < 20)
      assert.match(answer.headers.get('x-ratelimit-reset-requests') ?? '', /^(1m[\d.]+s|[\d.]+s)$/)
      if (answer.status === 200) continue
      const { error } = JSON.parse(text) as { error: { code: string; type: string; message: string } }
      assert.equal(error.code, 'rate_limit_exceeded')
      assert.equal(error.type, 'rate_limit_error')
      assert.match(error.message, /limit of 20 requests per minute.* for this key is reached/)
      assert.equal(answer.headers.get('x-should-retry'), 'true')
      const retryMs = Number(answer.headers.get('retry-after-ms'))
      assert(retryMs > 0 && retryMs <= 60_250, `${retryMs}`)
      assert.equal(answer.headers.get('retry-after'), String(Math.ceil(retryMs / 1_000)))
    }
    const recorded = await product.until('what was refused is recorded', async () => {
      const refused = (await product.usage(100)).filter(({ status }) => status === 429)
      return refused.length >= 60 - taken && refused
    })
    assert(recorded.every((record) => record.error_code === 'rate_limit_exceeded' && record.tokens_in === 0))
  })

  it('change at once, and go at once', async () => {
    const key = await makeKey('changing')
    const free = await ask(key)
    await free.text()
    assert.equal(free.headers.get('x-ratelimit-limit-requests'), null)
    await limit(`/api/keys/${key.id}`, { requests_per_minute: 1 })
    assert.equal(countOf(await statuses([1, 2, 3].map(() => ask(key))), 200), 1)
    await limit(`/api/keys/${key.id}`, { requests_per_minute: 3 })
    assert.equal(countOf(await statuses([1, 2, 3, 4].map(() => ask(key))), 200), 2)
    await limit(`/api/keys/${key.id}`, { requests_per_minute: null })
    assert.equal(countOf(await statuses([1, 2, 3].map(() => ask(key))), 200), 3)
  })

  it('of a project are shared by its keys, also where a key has more', async () => {
    const projectId = await makeProject('Shared')
    const [one, other] = [await makeKey('one', projectId), await makeKey('other', projectId)]
    await limit(`/api/projects/${projectId}`, { requests_per_minute: 6 })
    await limit(`/api/keys/${one.id}`, { requests_per_minute: 100 })
    const answers = await statuses(Array.from({ length: 12 }, (_, n) => ask(n % 2 === 0 ? one : other)))
    assert.equal(countOf(answers, 200), 6)
    const refused = answers.find(({ answer }) => answer.status === 429)
    assert.match(refused?.text ?? '', /for all keys of this project together/)
    assert.equal(refused?.answer.headers.get('x-ratelimit-limit-requests'), '6', 'the tightest counts')
  })
})

describe('concurrency', () => {
  it('lets no more run at once, through whichever worker, and gives places back', async () => {
    const key = await makeKey('three at once')
    await limit(`/api/keys/${key.id}`, { concurrency: 3 })
    const long = { stream: true, max_tokens: 200, ignore_eos: true }
    const hold = new AbortController()
    const streams = await Promise.all(
      Array.from({ length: 8 }, () =>
        fetch(`${product.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json', connection: 'close' },
          body: JSON.stringify({ model: STARTER, messages: [{ role: 'user', content: 'Count.' }], ...long }),
          signal: hold.signal,
        }),
      ),
    )
    assert(streams.filter(({ status }) => status === 200).length <= 3)
    const refused = streams.find(({ status }) => status === 429)
    assert.match((await refused?.text()) ?? '', /3 requests at once for this key/)
    hold.abort()
    await product.until('a place is free again', async () => {
      const answer = await ask(key)
      await answer.text()
      return answer.status === 200
    })
  })
})

describe('tokens per minute', () => {
  it('count what a request may take, and give back what it did not', async () => {
    const key = await makeKey('tokens')
    await limit(`/api/keys/${key.id}`, { tokens_per_minute: 2_000 })
    const first = await ask(key, { max_tokens: 1_500, stop: ['e', ' ', 't', 'a'] })
    await first.text()
    assert.equal(first.status, 200)
    assert.equal(first.headers.get('x-ratelimit-limit-tokens'), '2000')
    assert(Number(first.headers.get('x-ratelimit-remaining-tokens')) < 500)
    await product.until('what it did not take is free', async () => {
      const answer = await ask(key, { max_tokens: 1 })
      await answer.text()
      return answer.status === 200 && Number(answer.headers.get('x-ratelimit-remaining-tokens')) > 1_500
    })
    const large = await ask(key, { max_tokens: 3_000, messages: [{ role: 'user', content: 'word '.repeat(900) }] })
    assert.equal(large.status, 429)
    assert.equal(large.headers.get('x-should-retry'), 'false', 'waiting would not help')
    assert.match(await large.text(), /more than the limit of 2000 tokens per minute/)
  })
})

it('a restart of control forgets nothing that workers have let in', async () => {
  const key = await makeKey('outlives control')
  await limit(`/api/keys/${key.id}`, { requests_per_minute: 5 })
  assert.equal(countOf(await statuses([1, 2, 3].map(() => ask(key))), 200), 3)
  process.kill(product.pidOf('control'), 'SIGKILL')
  // Who asks while it is away waits for it.
  const answers = await statuses(Array.from({ length: 8 }, () => ask(key)))
  const more = await product.until('control counts again', async () => {
    const late = await statuses([ask(key), ask(key), ask(key)])
    return late.every(({ answer }) => answer.status === 429) && late
  })
  assert.equal(more.length, 3)
  assert(countOf(answers, 200) <= 2, 'three of five were spent before')
})
