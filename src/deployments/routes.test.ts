/** The routes of models, pulls, replicas and the hub, with real houses, a hub on loopback and scripted engines. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { tinyGguf } from '../catalog/tiny-gguf.ts'
import { createDeployments } from './deployments.ts'
import type { LoadEstimateOnWire, ModelDetailOnWire, RepositoryOnWire } from './detail-schema.ts'
import type { ModelOnWire, ModelPageOnWire, PullOnWire, ReplicaListOnWire, ReplicaOnWire } from './schema.ts'
import { type ScratchInstallation, scratchInstallation, until } from './scratch-installation.ts'

let here: ScratchInstallation
let viewer: string
before(async () => {
  here = await scratchInstallation({ script: { script: () => Array.from({ length: 40 }, () => 'word ') } })
  const other = await here.addOrganization('Other')
  await here.addPerson('vic@example.com', { organizationId: other.organizationId, role: 'viewer' })
  viewer = await here.cookieOf('vic@example.com')
  await here.takeIn('tiny')
})
after(() => here.close())

async function good<Body>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object): Promise<Body> {
  const answer = await here.ask(method, url, body)
  assert.ok(answer.status < 300, `${method} ${url}: ${answer.status} ${answer.text}`)
  return answer.body as Body
}
const codeOf = (answer: { body: unknown }) => (answer.body as { error: { code: string } }).error.code
const trail = async () =>
  (await here.identity.audit.list({ kind: 'machine' }, { organizationId: null }, { limit: 50, after: null })).data
const model = async (id: string) => (await good<ModelDetailOnWire>('GET', `/api/models/${id}`)).model

/** Lets a replica write, as the gateway would. */
async function generate(id: string): Promise<void> {
  const replica = here.engines.list().find((engine) => engine.model === id)
  assert.ok(replica)
  const outgoing = request({
    socketPath: replica.socketPath,
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
  })
  outgoing.end(JSON.stringify({ model: id, messages: [{ role: 'user', content: 'Hello' }] }))
  const [answer] = await once(outgoing, 'response')
  answer.resume()
  await once(answer, 'end')
  assert.equal(answer.statusCode, 200)
}

test('the table holds the catalogue and what is here, with facets, and a strip for those who may see what runs', async () => {
  const page = await good<ModelPageOnWire>('GET', '/api/models?limit=5&family=Qwen3&family=SmolLM2&sort=parameters')
  assert.equal(page.data.length, 5)
  assert.ok(page.total > 5 && page.total_all > page.total && page.next !== null)
  assert.ok(page.facets.family.length > 5, 'a filter does not narrow its own facet')
  assert.equal(page.strip?.machine.name, 'brig')
  assert.equal(page.strip?.disk.files, 1)
  const smol = page.data.find((one) => one.id === 'smollm2-135m-instruct')
  assert.deepEqual([smol?.state, smol?.fit.verdict, smol?.speed?.basis], ['not-here', 'fits', 'estimated'])

  const giant = (await good<ModelPageOnWire>('GET', '/api/models?q=deepseek-r1&fit=does-not-fit')).data.find(
    (one) => one.id === 'deepseek-r1',
  )
  assert.ok(giant?.fit.served_by[0]?.hardware.includes('H200'))
  assert.equal(giant?.speed, null)

  const mine = (await good<ModelPageOnWire>('GET', '/api/models?state=here')).data
  assert.deepEqual(
    mine.map(({ id, in_catalogue }) => [id, in_catalogue]),
    [['tiny', false]],
  )

  const seen = await here.call(viewer, 'GET', '/api/models?state=here')
  assert.equal(seen.status, 200)
  assert.equal((seen.body as ModelPageOnWire).strip, null)
  assert.equal(codeOf(await here.ask('GET', '/api/models?after=nobody')), 'cursor_malformed')
  assert.equal((await here.ask('GET', '/api/models?colour=red')).status, 400)
})

test('a load shows as a replica that warms, idles, writes and is measured; the strip is the sum of its rows', async () => {
  here.supervisor.setLoads(false)
  const loading = here.ask('POST', '/api/models/tiny/load', { context_tokens: 512, sequences: 2 })
  const warming = await until(async () => (await good<ReplicaListOnWire>('GET', '/api/replicas')).data[0])
  assert.deepEqual([warming.state, warming.up_since, warming.tokens_per_second], ['warming', null, null])
  assert.equal((await model('tiny')).state, 'loading')
  here.supervisor.setLoads(true)
  const loaded = (await loading).body as ModelOnWire
  assert.deepEqual([loaded.state, loaded.engine?.context_tokens, loaded.engine?.sequences], ['loaded', 512, 2])
  assert.deepEqual([loaded.fit.needed_basis, loaded.fit.needed_bytes], ['loaded', loaded.engine?.memory_bytes])
  assert.equal(loaded.fit.verdict, 'fits', 'what its own engine holds counts as free for it')

  const replica = await until(async () => {
    const [one] = (await good<ReplicaListOnWire>('GET', '/api/replicas')).data
    return one?.resident_bytes ? one : null
  })
  assert.deepEqual([replica.state, replica.slots_busy, replica.slots_total, replica.waiting], ['idle', 0, 2, 0])
  assert.deepEqual(
    [replica.model_name, replica.engine_kind, replica.tokens_are],
    ['Tiny random Qwen3', 'embedded', 'written'],
  )
  assert.equal(replica.last_hour?.tokens_per_second.length, 60)
  assert.ok(replica.up_since !== null)

  await generate('tiny')
  const busy = await until(async () => {
    const list = await good<ReplicaListOnWire>('GET', '/api/replicas')
    return (list.data[0]?.tokens_per_second ?? 0) > 0 ? list : null
  })
  const sum = busy.data.reduce((total, one) => total + (one.tokens_per_second ?? 0), 0)
  assert.equal(busy.strip.tokens_per_second, sum)
  assert.deepEqual(
    [busy.strip.loaded, busy.strip.slots.total, busy.strip.memory.used_bytes],
    [{ models: 1, replicas: 1 }, 2, replica.memory_bytes],
  )
  assert.equal((await here.call(viewer, 'GET', '/api/replicas')).status, 403)
})

test('a speed that real use showed takes the place of the estimate, and outlives a restart of control', async () => {
  const engineId = here.engines.list()[0]!.engineId
  const use = {
    model: 'tiny',
    engineId,
    startedAtMs: Date.now(),
    totalMs: 2_000,
    tokensIn: 10,
    tokensInSource: 'engine' as const,
    tokensOut: 101,
    tokensOutSource: 'engine' as const,
    prefillMs: 10,
    decodeMs: 1_000,
  }
  here.deployments.noteUse(use)
  const { speed } = await until(async () => {
    const row = await model('tiny')
    return row.speed?.basis === 'measured' ? row : null
  })
  assert.deepEqual([speed?.tokens_per_second, speed?.bandwidth_share], [100, null])
  here.deployments.noteUse({ ...use, decodeMs: 4_000 })
  await here.deployments.saveUse()
  assert.equal((await model('tiny')).speed?.tokens_per_second, 100)
  const { catalog, engines, db, log } = here
  const next = createDeployments({ db, catalog, engines, clock: { nowMs: () => Date.now() }, log })
  await next.restore()
  next.close()
  assert.equal(next.measuredSpeed('tiny')?.tokensPerSecond, 100)
})

test('a replica that died says how, and one that is restarted has a new id', async () => {
  here.supervisor.setLoads(false)
  await here.supervisor.die('tiny')
  const dead = await until(async () => {
    const [one] = (await good<ReplicaListOnWire>('GET', '/api/replicas')).data
    return one?.state === 'restarting' ? one : null
  })
  assert.match(dead.last_error?.message ?? '', /SIGKILL/)
  here.supervisor.setLoads(true)
  await until(async () => (await model('tiny')).state === 'loaded')
  const fresh = await good<ReplicaOnWire>('POST', `/api/replicas/${dead.id}/restart`)
  assert.notEqual(fresh.id, dead.id)
  assert.deepEqual([fresh.context_tokens, fresh.slots_total, fresh.restarts], [512, 2, 0], 'with the same wishes')
  assert.equal(codeOf(await here.ask('POST', `/api/replicas/${dead.id}/restart`)), 'deployments.replica_unknown')
  assert.equal((await here.call(viewer, 'POST', `/api/replicas/${fresh.id}/restart`)).status, 403)
})

test('what a load would take is asked of the engine library, and computed for those who may not load', async () => {
  const exact = await good<LoadEstimateOnWire>('GET', '/api/models/tiny/fit?context_tokens=1024&sequences=2')
  assert.deepEqual([exact.basis, exact.verdict, exact.context_tokens, exact.sequences], ['engine', 'fits', 1024, 2])
  assert.equal(exact.needed_bytes, (exact.weights_bytes ?? 0) + (exact.context_bytes ?? 0) + (exact.working_bytes ?? 0))
  assert.ok(exact.held_bytes > 0, 'it is loaded')
  assert.equal(exact.left_bytes, exact.free_bytes - (exact.needed_bytes ?? 0))
  const double = await good<LoadEstimateOnWire>('GET', '/api/models/tiny/fit?context_tokens=1024&sequences=4')
  assert.ok((double.context_bytes ?? 0) > (exact.context_bytes ?? 0))
  const computed = (await here.call(viewer, 'GET', '/api/models/tiny/fit')).body as LoadEstimateOnWire
  assert.equal(computed.basis, 'computed')
  const elsewhere = await good<LoadEstimateOnWire>('GET', '/api/models/qwen3-8b/fit?precision=q8_0')
  assert.deepEqual([elsewhere.basis, elsewhere.verdict], ['computed', 'does-not-fit'])
  assert.equal(codeOf(await here.ask('GET', '/api/models/tiny/fit?context_tokens=9999999')), 'engines.context_too_long')
  assert.equal(codeOf(await here.ask('GET', '/api/models/nobody/fit')), 'catalog.model_unknown')
})

test('one model says who may name it, within reach, and what deleting it would end', async () => {
  const ada = (await here.identity.people.personOf(new Headers({ cookie: here.operator }), null))!.person
  const own = (await here.identity.organizations.listProjects(ada, { organizationId: null }, { limit: 1, after: null }))
    .data[0]!
  const create = (projectId: string, name: string, models: string[] | null) =>
    here.identity.keys.create({ kind: 'machine' }, { projectId, name, models })
  const foreign = await here.addOrganization('Foreign')
  await create(own.id, 'mine only', ['tiny'])
  await create(own.id, 'mine also', ['tiny', 'qwen3-8b'])
  await create(foreign.projectId, 'theirs', ['tiny'])

  const detail = await good<ModelDetailOnWire>('GET', '/api/models/tiny')
  const names = detail.used_by.keys.map(({ name, names_it }) => [name, names_it])
  assert.ok(names.some(([name]) => name === 'mine only') && names.some(([name]) => name === 'mine also'))
  assert.ok(
    names.every(([name]) => name !== 'theirs'),
    'a foreign key is not told',
  )
  assert.deepEqual(detail.consequences?.keys_naming_only_this, { total: 2, names: ['mine only'] })
  assert.deepEqual(
    [detail.consequences?.replicas, detail.consequences?.leaves_the_list, detail.consequences?.can_be_pulled_again],
    [1, true, false],
  )
  assert.equal(detail.consequences?.bytes_freed, detail.artefact?.bytes)
  assert.ok(!JSON.stringify(detail).includes('/tmp/'), 'no path of this machine is told')
  assert.equal(detail.replicas.length, 1)
  assert.ok(detail.precisions.some((choice) => choice.here && choice.speed?.basis === 'measured'))

  const seen = (await here.call(viewer, 'GET', '/api/models/tiny')).body as ModelDetailOnWire
  assert.deepEqual([seen.consequences, seen.replicas], [null, []])
  const known = await good<ModelDetailOnWire>('GET', '/api/models/qwen3-0.6b')
  assert.match(known.facts.sources.sampling, /\w/)
  assert.deepEqual([known.facts.sampling.thinking?.top_p, known.facts.shape?.layers], [0.95, 28])
  assert.equal(known.precisions.find((choice) => choice.precision === 'q8_0')?.source?.kind, 'hub')
})

test('a loaded model is not deleted unless its unload is asked for, and each act is in the trail', async () => {
  const refused = await here.ask('DELETE', '/api/models/tiny/weights')
  assert.deepEqual([refused.status, codeOf(refused)], [409, 'catalog.weights_in_use'])
  assert.equal((await here.call(viewer, 'DELETE', '/api/models/tiny/weights?unload=true')).status, 403)
  assert.equal((await here.ask('DELETE', '/api/models/tiny/weights?unload=true')).status, 204)
  assert.deepEqual((await good<ReplicaListOnWire>('GET', '/api/replicas')).data, [])
  assert.equal((await here.ask('GET', '/api/models/tiny')).status, 404)
  const actions = (await trail()).map(({ action }) => action)
  for (const action of ['model.loaded', 'replica.restarted', 'model.weights_deleted'])
    assert.ok(actions.includes(action), action)
  const deleted = (await trail()).find(({ action }) => action === 'model.weights_deleted')
  assert.equal(typeof deleted?.before?.sha256, 'string')
})

test('a repository of the hub shows its files with their fit before any is chosen, and one is pulled by its reference', async () => {
  const weights = tinyGguf({ tensors: [{ name: 'token_embd.weight', shape: [64, 2500] }] })
  here.hub.put('some/Repo', 'My-Model-Q8_0.gguf', weights)
  here.hub.put('some/Repo', 'My-Model-BF16-00001-of-00002.gguf', weights)
  here.hub.put('some/Repo', 'mmproj-F16.gguf', weights)
  here.hub.put('some/Repo', 'sub/qwen3-8b.gguf', weights)
  here.hub.put('some/Repo', 'README.md', Buffer.from('# Hello'))
  const found = await good<RepositoryOnWire>('GET', '/api/hub/repository?name=some/Repo')
  const byPath = Object.fromEntries(found.files.map((file) => [file.path, file]))
  assert.deepEqual(Object.keys(byPath).length, 4)
  const mine = byPath['My-Model-Q8_0.gguf']
  assert.deepEqual(
    [mine?.quantisation, mine?.id, mine?.id_taken, mine?.here, mine?.unusable, mine?.fit?.verdict, mine?.bytes],
    ['Q8_0', 'my-model-q8_0', false, false, null, 'fits', weights.length],
  )
  assert.deepEqual(
    ['My-Model-BF16-00001-of-00002.gguf', 'mmproj-F16.gguf'].map((path) => byPath[path]?.unusable),
    ['split', 'projector'],
  )
  assert.equal(byPath['sub/qwen3-8b.gguf']?.id_taken, true)
  assert.deepEqual([found.model?.name, found.model?.family, found.gated], ['Tiny', 'llama', false])

  const pull = await good<PullOnWire>('POST', `/api/models/${encodeURIComponent(mine!.reference)}/pull`, {})
  const done = await until(async () => {
    const seen = await good<PullOnWire>('GET', `/api/pulls/${pull.id}`)
    return seen.state === 'done' ? seen : null
  })
  assert.deepEqual([done.source, done.allowed, done.bytes_done], ['hub', [], weights.length])
  assert.equal((await model('my-model-q8_0')).state, 'here')
  const again = await good<RepositoryOnWire>('GET', '/api/hub/repository?name=some/Repo')
  assert.equal(again.files.find(({ path }) => path === 'My-Model-Q8_0.gguf')?.here, true)
  const pulls = await good<{ data: PullOnWire[]; next: string | null }>('GET', '/api/pulls?state=done&limit=1')
  assert.deepEqual([pulls.data[0]?.id, pulls.next === null], [pull.id, false])
})

test('what stands between a person and a repository is told by its code', async () => {
  const look = (query: string) => here.ask('GET', `/api/hub/repository?name=${query}`)
  const missing = await look('some/Nothing')
  assert.deepEqual([missing.status, codeOf(missing)], [404, 'catalog.file_missing'])
  assert.equal((await look('no-owner')).status, 400)
  assert.equal((await look('../../etc')).status, 400)
  here.hub.put('shut/Repo', 'Shut-Q8_0.gguf', tinyGguf())
  here.hub.gate('shut/Repo', ['hf_good'])
  const gated = (await look('shut/Repo')).body as RepositoryOnWire
  assert.deepEqual([gated.gated, gated.model, gated.header_problem?.code], [true, null, 'catalog.gated'])
  assert.deepEqual(
    gated.files.map(({ fit }) => fit),
    [null],
  )
  const pull = await here.ask('POST', `/api/models/${encodeURIComponent('hf:shut/Repo/Shut-Q8_0.gguf')}/pull`, {})
  assert.deepEqual([pull.status, codeOf(pull)], [403, 'catalog.gated'])
  here.hub.trouble.answers = [{ status: 503 }, { status: 503 }]
  const away = await look('some/Repo')
  assert.deepEqual([away.status, codeOf(away)], [502, 'catalog.hub_unreachable'])
  assert.equal((await here.call(viewer, 'GET', '/api/hub/repository?name=some/Repo')).status, 403)
})
