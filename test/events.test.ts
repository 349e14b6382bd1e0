/** What changes here reaches a browser through the public port while it happens, and control's restart is survived. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { PullOnWire, ReplicaOnWire } from '../src/deployments/schema.ts'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

type Event = { name: string; data: Record<string, unknown> }

let product: Product
before(async () => {
  product = await startProduct({ starter: false })
})
after(() => product.stop())

async function cookieOfAda(): Promise<string> {
  const answer = await fetch(`${product.url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: product.url.replace('127.0.0.1', 'localhost') },
    body: JSON.stringify({ email: 'ada@example.com', password: 'a long enough password' }),
  })
  assert.equal(answer.status, 200, await answer.text())
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

async function listen(cookie: string) {
  const abort = new AbortController()
  const answer = await fetch(`${product.url}/api/events`, { headers: { cookie }, signal: abort.signal })
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
  const seen = { text: '', ended: false }
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const bytes of answer.body ?? []) seen.text += decoder.decode(bytes, { stream: true })
  })()
    .catch(() => undefined)
    .finally(() => {
      seen.ended = true
    })
  const events = (): Event[] =>
    [...seen.text.matchAll(/event: (\S+)\ndata: (.*)\n\n/g)].map(([, name, data]) => ({
      name: name!,
      data: JSON.parse(data!),
    }))
  return {
    seen,
    of: (name: string) => events().filter((event) => event.name === name),
    leave: async () => {
      abort.abort()
      await reading
    },
  }
}

test('a pull and a load are told through the gateway as they happen, and a stream that control broke is begun anew', async () => {
  const cookie = await cookieOfAda()
  const stream = await listen(cookie)
  await product.until('the state comes', async () => stream.of('state').length === 1)

  await product.importModel('tiny', await testModel('qwen3'))
  await product.until('the pull is told to its end', async () =>
    stream.of('pull').some(({ data }) => (data as unknown as PullOnWire).state === 'done'),
  )
  await product.load('tiny', { context_tokens: 512, sequences: 1 })
  await product.until('the replica is told', async () =>
    stream.of('replica').some(({ data }) => (data as unknown as ReplicaOnWire).state === 'idle'),
  )
  assert.equal(stream.seen.ended, false, 'nothing was held back until the end')

  process.kill(product.pidOf('control'), 'SIGKILL')
  await product.until('the broken stream ends', async () => stream.seen.ended)
  await product.until('control is back', async () => (await fetch(`${product.url}/readyz`)).status === 200)
  const again = await listen(cookie)
  await product.until('the state comes again', async () => again.of('state').length === 1)
  const [replica] = again.of('state')[0]!.data.replicas as ReplicaOnWire[]
  assert.deepEqual([replica?.model, replica?.state], ['tiny', 'idle'], 'with what ran meanwhile')
  await again.leave()
})

test('the table, the replicas and a model answer through the public port as the console asks for them', async () => {
  const cookie = await cookieOfAda()
  const get = async (path: string) => {
    const answer = await fetch(`${product.url}${path}`, { headers: { cookie } })
    assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`)
    return (await answer.json()) as { data: { id: string }[]; strip: { loaded: { models: number } } | null }
  }
  const list = await get('/api/models?state=loaded')
  assert.deepEqual([list.data.map(({ id }) => id), list.strip?.loaded.models], [['tiny'], 1])
  assert.equal((await get('/api/replicas')).data.length, 1)
  for (const path of ['/api/models/tiny', '/api/models/tiny/fit', '/api/pulls?state=done', '/api/settings/hub'])
    await get(path)
  assert.equal((await fetch(`${product.url}/api/replicas`)).status, 401)
})
