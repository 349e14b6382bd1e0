/** Adapters beside a base, with the real houses and a scripted engine that may refuse one. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, before, test } from 'node:test'
import { EngineError } from '../../engine-host/token-engine.ts'
import { testAdapter, testModel } from '../../test/models/test-model.ts'
import { type ScratchInstallation, scratchInstallation } from './scratch-installation.ts'

let here: ScratchInstallation
let path: string

before(async () => {
  here = await scratchInstallation()
  await here.takeIn('tiny')
  path = await testAdapter(await testModel('qwen3'))
  await here.deployments.load('tiny')
})
after(() => here.close())

function weightsHere(): string[] {
  const { path: model } = here.catalog.weightsOf('tiny')!
  return readdirSync(dirname(model)).filter((name) => name.endsWith('.gguf'))
}

const add = (name: string) => here.ask('POST', '/api/models/tiny/adapters', { name, path })

/** Whatever `work` adds is refused by the engine. */
async function refusing(work: () => Promise<void>): Promise<void> {
  const engine = here.supervisor.engineOf('tiny')
  const { loadAdapter } = engine
  engine.loadAdapter = () => Promise.reject(new EngineError('engine.adapter_broken', 'made for another base'))
  await work().finally(() => {
    engine.loadAdapter = loadAdapter
  })
}

test('of an adapter that the engine refuses nothing stays, and its name is free again', async () => {
  const before = weightsHere()
  await refusing(async () => {
    const { status, body } = await add('tuned')
    assert.deepEqual([status, body.error.code], [422, 'engines.engine_refused'])
  })
  assert.deepEqual(weightsHere(), before)
  assert.deepEqual(here.deployments.adapters(), [])
  assert.equal((await add('tuned')).status, 201)
  assert.equal(weightsHere().length, before.length + 1)
  assert.ok(here.deployments.routes().some(({ model, adapter }) => model === 'tuned' && adapter === 'tuned'))
})

test('the file of one that is refused stays where another adapter is served from the same bytes', async () => {
  const before = weightsHere()
  await refusing(async () => assert.equal((await add('again')).status, 422))
  assert.deepEqual(weightsHere(), before)
})

test('of two that are added at once under one name, the second is refused and the first is served', async () => {
  const [first, second] = await Promise.all([add('twin'), add('twin')])
  assert.deepEqual([first.status, second.status].sort(), [201, 409])
  assert.equal(here.deployments.adapters().filter(({ name }) => name === 'twin').length, 1)
})

test('a taken name is refused before the file is looked at', async () => {
  const { status, body } = await here.ask('POST', '/api/models/tiny/adapters', { name: 'tuned', path: '/nowhere' })
  assert.deepEqual([status, body.error.code], [409, 'deployments.name_taken'])
})

test('an adapter that is removed has no route any more', async () => {
  assert.equal((await here.ask('DELETE', '/api/adapters/tuned')).status, 204)
  assert.ok(!here.deployments.routes().some(({ model }) => model === 'tuned'))
  assert.equal((await here.ask('DELETE', '/api/adapters/tuned')).status, 404)
})
