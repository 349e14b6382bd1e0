/** Adapters beside a base, with the real houses and a scripted engine that may refuse one. */
import assert from 'node:assert/strict'
import { copyFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { EngineError } from '../../engine-host/token-engine.ts'
import { testAdapter, testModel } from '../../test/models/test-model.ts'
import { type ScratchInstallation, scratchInstallation } from './scratch-installation.ts'

let here: ScratchInstallation
let path: string

before(async () => {
  here = await scratchInstallation()
  await here.takeIn('tiny')
  path = join(here.importFolder, 'adapter.gguf')
  copyFileSync(await testAdapter(await testModel('qwen3')), path)
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
  const noWeights = join(here.importFolder, 'no-weights.gguf')
  writeFileSync(noWeights, 'nothing')
  const { status, body } = await here.ask('POST', '/api/models/tiny/adapters', { name: 'tuned', path: noWeights })
  assert.deepEqual([status, body.error.code], [409, 'deployments.name_taken'])
})

test('an adapter that is removed has no route any more, and its file goes with the last name that had it', async () => {
  const before = weightsHere()
  assert.equal((await here.ask('DELETE', '/api/adapters/twin')).status, 204)
  assert.deepEqual(weightsHere(), before)
  assert.equal((await here.ask('DELETE', '/api/adapters/tuned')).status, 204)
  assert.equal(weightsHere().length, before.length - 1)
  assert.ok(!here.deployments.routes().some(({ model }) => model === 'tuned'))
  assert.equal((await here.ask('DELETE', '/api/adapters/tuned')).status, 404)
})

test('from the console only files below the import folder are taken, and of all others the answer is the same', async () => {
  const outside = await testModel('qwen3')
  symlinkSync(outside, join(here.importFolder, 'link.gguf'))
  const answers = new Set<string>()
  for (const named of [
    outside,
    '/etc/passwd',
    '/etc/no-such-file',
    join(here.importFolder, 'link.gguf'),
    'adapter.gguf',
  ])
    for (const [url, body] of [
      ['/api/models/mine/import', { path: named }],
      ['/api/models/tiny/adapters', { name: 'mine', path: named }],
    ] as const) {
      const { status, text } = await here.ask('POST', url, body)
      assert.equal(status, 422)
      answers.add(text)
    }
  assert.equal(answers.size, 1)
  assert.match([...answers][0]!, /catalog\.file_not_offered/)

  copyFileSync(outside, join(here.importFolder, 'model.gguf'))
  const { status, body } = await here.ask('POST', '/api/models/mine/import', {
    path: join(here.importFolder, 'model.gguf'),
  })
  assert.deepEqual([status, body.from], [202, 'file model.gguf'])
  assert.equal((await here.catalog.settled(body.id)).state, 'done')
  const settings = await here.ask('GET', '/api/settings/hub')
  assert.equal(settings.body.import_folder, here.importFolder)
})
