/** What the machine and the installation say of themselves, to whom. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Static } from 'typebox'
import type { InstallationShape } from '../src/control/installation-schema.ts'
import type { MachineShape } from '../src/control/machine-schema.ts'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

type Machine = Static<typeof MachineShape>
type Installation = Static<typeof InstallationShape>

const SECRET = 'hf_thatNobodyMaySeeAnywhere'

let product: Product
let origin: string

before(async () => {
  product = await startProduct({
    starter: false,
    environment: { METRICS_TOKEN: SECRET, HF_TOKEN: SECRET, GATEWAY_WORKERS: process.platform === 'linux' ? '2' : '1' },
  })
  origin = product.url.replace('127.0.0.1', 'localhost')
  await product.importModel('tiny', await testModel('qwen3'))
  await product.load('tiny')
})
after(() => product?.stop())

/** A person of the first organisation, who is no operator. @returns his cookies */
async function viewer(): Promise<string> {
  const [organization] = (await product.get<{ data: { id: string }[] }>('/api/organizations')).data
  const invited = await product.ask('POST', '/api/invitations', {
    organization_id: organization?.id,
    email: 'vic@example.com',
    role: 'viewer',
  })
  assert.equal(invited.status, 201, JSON.stringify(invited.body))
  // A token stands behind the # of its link, where no log of a server sees it, or in the query.
  const link = new URL((invited.body as { url: string }).url)
  const token = new URLSearchParams(link.hash.slice(1)).get('token') ?? link.searchParams.get('token')
  const accepted = await fetch(`${product.url}/api/invitations/accept`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token, name: 'Vic', password: 'a long enough password' }),
  })
  assert.ok(accepted.ok, `${accepted.status} ${await accepted.clone().text()}`)
  return accepted.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
}

describe('the machine', () => {
  it('says what runs on it: memory, threads, steps, disk', async () => {
    const machine = await product.get<Machine>('/api/machine')
    assert.ok(machine.name !== '' && machine.cores >= 1)
    assert.ok(machine.memory.used_bytes > 0 && machine.memory.used_bytes <= machine.memory.budget_bytes)
    assert.ok(machine.details)
    const { details } = machine
    assert.ok(details.cores_physical >= machine.cores)
    assert.ok(details.memory_total_bytes >= details.memory_available_bytes)
    assert.ok(details.disk.total_bytes > details.disk.free_bytes && details.disk.free_bytes > 0)
    const [engine] = details.engines
    assert.deepEqual([engine?.model, engine?.state, details.engines.length], ['tiny', 'ready', 1])
    assert.ok((engine?.threads ?? 0) >= 1 && (engine?.threads ?? 0) <= details.threads_total)
    assert.equal(
      machine.memory.used_bytes,
      details.engines.reduce((sum, { memory_bytes }) => sum + memory_bytes, 0),
    )
  })

  it('says when its memory was measured, once it was', async () => {
    const bandwidth = await product.until('bandwidth is measured', async () => {
      return (await product.get<Machine>('/api/machine')).details?.bandwidth
    })
    assert.ok(bandwidth.bytes_per_second > 1e8)
    assert.ok(Date.parse(bandwidth.measured_at) <= Date.now())
  })

  it('shows others no more than its name, cores and memory, and nothing of the installation', async () => {
    const cookie = await viewer()
    const machine = await fetch(`${product.url}/api/machine`, { headers: { cookie } })
    assert.equal(machine.status, 200)
    const seen = (await machine.json()) as Machine
    assert.equal(seen.details, null)
    assert.ok(seen.name !== '' && seen.cores >= 1 && seen.memory.budget_bytes > 0)
    assert.deepEqual(Object.keys(seen).sort(), ['cores', 'details', 'memory', 'name'])
    for (const path of ['/api/installation', '/api/backups', '/api/backups/activity', '/api/status'])
      assert.equal((await fetch(`${product.url}${path}`, { headers: { cookie } })).status, 403, path)
    assert.equal((await fetch(`${product.url}/api/machine`)).status, 401)
  })
})

describe('the installation', () => {
  it('says where everything is, what is in force and where that came from', async () => {
    const told = await product.get<Installation>('/api/installation')
    assert.equal(told.versions.node, process.versions.node)
    assert.equal(told.data_folder.path, product.folder.root)
    assert.equal(told.address.port, Number(new URL(product.url).port))
    assert.ok(told.address.is_local_only)
    assert.deepEqual(
      told.workers.map(({ worker, ready }) => [worker, ready]),
      Array.from({ length: process.platform === 'linux' ? 2 : 1 }, (_, at) => [`worker-${at}`, true]),
    )
    assert.ok(told.logs.files.some(({ name, bytes }) => name === 'control.log' && bytes > 0))
    assert.deepEqual([told.config_file.settings, told.limits.api_body_bytes], [0, 1_048_576])
    assert.ok(told.limits.sign_ins.length > 0)
    const setting = (env: string) => told.settings.find((one) => one.env === env)
    assert.deepEqual([setting('PORT')?.from, setting('PORT')?.value], ['environment', String(told.address.port)])
    assert.deepEqual([setting('LOG_LEVEL')?.from, setting('LOG_LEVEL')?.value], ['default', 'info'])
  })

  it('holds no secret', async () => {
    const { body } = await product.ask('GET', '/api/installation')
    assert.ok(!JSON.stringify(body).includes(SECRET))
    const token = (body as Installation).settings.find(({ env }) => env === 'HF_TOKEN')
    assert.deepEqual([token?.is_set, token?.is_secret, token?.value], [true, true, null])
  })

  it('is honest about a power cut', async () => {
    const { database } = await product.get<Installation>('/api/installation')
    assert.equal(database.migrations.applied, database.migrations.known)
    assert.ok(database.size_bytes > 1e6 && database.survives_crash)
    if (database.kind === 'embedded') {
      assert.deepEqual([database.durability, database.survives_power_cut], ['power_cut_can_damage', false])
      assert.match(database.sentence, /power cut/)
    } else assert.equal(typeof database.fsync, 'boolean')
  })
})
