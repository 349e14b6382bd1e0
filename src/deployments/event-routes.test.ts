/** /api/events over a real connection: what is told to whom, in which order, and how it ends. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { tinyGguf } from '../catalog/tiny-gguf.ts'
import { callerStill, guardRoutes } from '../identity/access.ts'
import { ORIGIN } from '../identity/test-installation.ts'
import { createServer, type Server } from '../platform/http.ts'
import { eventRoutes } from './event-routes.ts'
import type { PullOnWire, ReplicaOnWire } from './schema.ts'
import { type ScratchInstallation, scratchInstallation, until } from './scratch-installation.ts'

let here: ScratchInstallation
let server: Server
let url: string
after(async () => {
  here.events.close()
  server.server.closeAllConnections() // one that becomes idle only now would be kept for a minute
  await server.close()
  await here.close()
})
before(async () => {
  here = await scratchInstallation()
  // A server of its own, whose beat is short.
  server = await createServer({ log: here.log, version: '0', publicUrl: ORIGIN })
  guardRoutes(server, here.identity, () => 'public')
  await eventRoutes(server, {
    events: here.events,
    callerNow: (request) => callerStill(here.identity, request),
    beatMs: 250,
  })
  url = `${await server.listen({ port: 0, host: '127.0.0.1' })}/api/events`
  await here.takeIn('tiny')
})

type Event = { name: string; data: Record<string, unknown> }

async function listen(context: TestContext, cookie: string) {
  const abort = new AbortController()
  const answer = await fetch(url, { headers: { cookie }, signal: abort.signal })
  assert.equal(answer.status, 200)
  const seen = { events: [] as Event[], text: '', ended: false }
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const bytes of answer.body ?? []) {
      seen.text += decoder.decode(bytes, { stream: true })
      seen.events = [...seen.text.matchAll(/event: (\S+)\ndata: (.*)\n\n/g)].map(([, name, data]) => ({
        name: name!,
        data: JSON.parse(data!),
      }))
    }
  })()
    .catch(() => undefined)
    .finally(() => {
      seen.ended = true
    })
  const leave = async () => {
    abort.abort()
    await reading
  }
  context.after(leave)
  return { answer, seen, leave, of: (name: string) => seen.events.filter((event) => event.name === name) }
}

test('the state comes first, then a pull until it is done, twice a second at most, and the list that it changes', async (context) => {
  const { answer, seen, of } = await listen(context, here.operator)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
  await until(() => seen.events.length > 0)
  assert.deepEqual([seen.events[0]?.name, seen.events[0]?.data.pulls, seen.events[0]?.data.replicas], ['state', [], []])
  here.hub.put('some/Repo', 'Slow-Q8_0.gguf', tinyGguf({ tensors: [{ name: 'token_embd.weight', shape: [64, 2500] }] }))
  here.hub.trouble.chunkBytes = 8192
  const { body } = await here.ask('POST', `/api/models/${encodeURIComponent('hf:some/Repo/Slow-Q8_0.gguf')}/pull`, {})
  const { id } = body as PullOnWire
  await until(() => of('pull').some(({ data }) => data.state === 'done'))
  const mine = of('pull').filter(({ data }) => data.id === id)
  assert.deepEqual(
    [...new Set(mine.map(({ data }) => data.state))],
    ['queued', 'running', 'done'],
    'each state is told, in its order',
  )
  const last = mine.at(-1)!.data as unknown as PullOnWire
  assert.deepEqual([last.bytes_done, last.allowed, last.error], [last.bytes_total, [], null])
  await until(() => of('models').length > 0)
  here.hub.trouble.chunkBytes = null
})

test('a replica is told from its first moment to its last, and only to those who may see what runs', async (context) => {
  const { organizationId } = await here.addOrganization('Other')
  await here.addPerson('vic@example.com', { organizationId, role: 'viewer' })
  const operator = await listen(context, here.operator)
  const viewer = await listen(context, await here.cookieOf('vic@example.com'))
  await until(() => operator.seen.events.length > 0 && viewer.seen.events.length > 0)
  assert.equal(viewer.seen.events[0]?.data.replicas, null)
  await here.ask('POST', '/api/models/tiny/load', { context_tokens: 512, sequences: 1 })
  await until(() => operator.of('replica').some(({ data }) => data.state === 'idle'))
  await here.ask('POST', '/api/models/tiny/unload')
  await until(() => operator.of('replica-gone').length > 0)
  const states = operator.of('replica').map(({ data }) => (data as unknown as ReplicaOnWire).state)
  assert.equal(states[0], 'warming')
  // It may be gone before it was seen to end.
  assert.ok(['idle', 'draining'].includes(states.at(-1) ?? ''), states.join())
  here.moveStarter({ state: 'fetching', model: 'qwen3-0.6b' })
  await until(() => viewer.of('starter').length > 0)
  assert.deepEqual(viewer.of('starter')[0]?.data, { state: 'fetching', model: 'qwen3-0.6b', problem: null })
  assert.deepEqual([viewer.of('replica'), viewer.of('replica-gone')], [[], []])
  assert.ok(viewer.of('models').length > 0)
})

test('it ends with the session, and says so; a stranger gets none', async (context) => {
  await here.addPerson('sam@example.com', { operator: true })
  const cookie = await here.cookieOf('sam@example.com')
  const { seen, of } = await listen(context, cookie)
  await until(() => seen.text.includes(': beat'))
  await here.identity.people.signOut(new Headers({ cookie, origin: ORIGIN }), null)
  await until(() => seen.ended)
  assert.deepEqual(of('end')[0]?.data, { why: 'signed-out' })
  for (const headers of [{}, { cookie }]) {
    const answer = await fetch(url, { headers })
    assert.equal(answer.status, 401)
    await answer.body?.cancel()
  }
})

test('one person has only so many streams, and one that is closed makes room', async (context) => {
  await here.addPerson('tom@example.com', { operator: true })
  const cookie = await here.cookieOf('tom@example.com')
  const streams = []
  for (let count = 0; count < 20; count++) streams.push(await listen(context, cookie))
  const refused = await fetch(url, { headers: { cookie } })
  assert.equal(refused.status, 429)
  assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'deployments.too_many_streams')
  await streams[0]!.leave()
  await until(async () => {
    const answer = await fetch(url, { headers: { cookie } })
    await answer.body?.cancel()
    return answer.status === 200
  })
})
