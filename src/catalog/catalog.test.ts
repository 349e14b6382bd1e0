import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { startHubStandIn } from '../../test/hub-stand-in.ts'
import { starterModelPath } from '../../test/models/starter.ts'
import { testAdapter, testModel } from '../../test/models/test-model.ts'
import type { Database } from '../platform/database/database.ts'
import { scratchDatabase } from '../platform/database/scratch.ts'
import { createLog } from '../platform/log.ts'
import { type CatalogDeps, createCatalog, type Pull } from './catalog.ts'
import type { MemoryPool } from './fit.ts'
import { scratchFolder } from './scratch-folder.ts'
import { SMOLLM2_PACKAGE } from './starter.ts'
import { catalogArtefact, catalogPull } from './tables.ts'
import { tinyGguf } from './tiny-gguf.ts'

const QWEN = { repo: 'Qwen/Qwen3-0.6B-GGUF', file: 'Qwen3-0.6B-Q8_0.gguf' }
const POOL: MemoryPool = {
  kind: 'memory',
  name: "this machine's memory",
  capacityBytes: 16e9,
  freeBytes: 16e9,
  bandwidthBytesPerSecond: 30e9,
}

let database: Database
before(async () => {
  database = await scratchDatabase()
})
after(() => database.close())

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** A catalogue with an empty folder and no rows, on a hub that has Qwen3-0.6B. */
async function arrange(context: TestContext, over: Partial<CatalogDeps> = {}) {
  await database.db.delete(catalogPull)
  await database.db.delete(catalogArtefact)
  const hub = await startHubStandIn()
  context.after(() => hub.close())
  const content = tinyGguf({ tensors: [{ name: 'token_embd.weight', shape: [64, 2500] }] })
  hub.put(QWEN.repo, QWEN.file, content)
  const weightsFolder = await scratchFolder(context)
  const deps: CatalogDeps = {
    db: database.db,
    weightsFolder,
    hub: { hubUrl: hub.url, token: () => null },
    memoryPools: async () => [POOL],
    clock: { nowMs: () => Date.now() },
    log: createLog('test', 'silent'),
    freeBytesOf: async () => 1e15,
    ...over,
  }
  const open = async () => {
    const catalog = await createCatalog(deps)
    context.after(() => catalog.close())
    return catalog
  }
  return { hub, content, weightsFolder, deps, open, catalog: await open() }
}

test('a pull brings weights under their hash, tells progress, and says where they are from', async (context) => {
  const { catalog, content, weightsFolder } = await arrange(context)
  const steps: Pull[] = []
  let changes = 0
  catalog.onPullProgress((pull) => steps.push(pull))
  catalog.onWeightsChanged(() => changes++)
  assert.equal(catalog.weightsOf('qwen3-0.6b'), null)

  const pull = await catalog.startPull({ model: 'qwen3-0.6b', by: 'usr_1' })
  const done = await catalog.settled(pull.id)
  assert.equal(done.state, 'done')
  assert.deepEqual([done.bytesDone, done.bytesTotal], [content.length, content.length])
  assert.deepEqual(done.allowed, [])

  const weights = catalog.weightsOf('qwen3-0.6b')
  assert.equal(weights?.path, join(weightsFolder, `${sha256(content)}.gguf`))
  assert.equal(weights?.sha256, sha256(content))
  assert.equal(weights?.hashWasPromised, true)
  assert.match(weights?.revision ?? '', /^[0-9a-f]{40}$/)
  assert.ok((await readFile(weights?.path ?? '')).equals(content))
  assert.deepEqual(
    catalog.modelsWithWeights().map((model) => model.id),
    ['qwen3-0.6b'],
  )
  assert.deepEqual([...new Set(steps.map((step) => step.state))], ['queued', 'running', 'done'])
  assert.equal(changes, 1)
  assert.deepEqual(await readdir(join(weightsFolder, 'parts')), [])
})

test('two people who pull the same model get one pull', async (context) => {
  const { catalog, hub } = await arrange(context)
  hub.trouble.chunkBytes = 8192
  const [one, two] = await Promise.all([
    catalog.startPull({ model: 'qwen3-0.6b', by: 'usr_1' }),
    catalog.startPull({ model: 'qwen3-0.6b', by: 'usr_2' }),
  ])
  assert.equal(one.id, two.id)
  await catalog.cancelPull(one.id)
  assert.equal((await catalog.pulls()).length, 1)
})

/** Starts a slow pull and waits until bytes have come. */
async function slowPull({ catalog, hub }: Awaited<ReturnType<typeof arrange>>): Promise<Pull> {
  hub.trouble.chunkBytes = 8192
  const came = Promise.withResolvers<void>()
  const stop = catalog.onPullProgress((pull) => {
    if (pull.bytesDone > 0) came.resolve()
  })
  const pull = await catalog.startPull({ model: 'qwen3-0.6b', by: 'usr_1' })
  await came.promise
  stop()
  return pull
}

test('a paused pull keeps its bytes and goes on from them', async (context) => {
  const arranged = await arrange(context)
  const { catalog, hub, content, weightsFolder } = arranged
  const pull = await slowPull(arranged)
  const paused = await catalog.pausePull(pull.id)
  assert.equal(paused.state, 'paused')
  const kept = (await stat(join(weightsFolder, 'parts', `${pull.id}.part`))).size
  assert.ok(kept > 0 && kept < content.length)

  hub.trouble.chunkBytes = null
  hub.seen.length = 0
  await catalog.resumePull(pull.id)
  assert.equal((await catalog.settled(pull.id)).state, 'done')
  assert.ok(hub.seen.some((request) => request.range === `bytes=${kept}-${content.length - 1}`))
})

test('a pull that a restart interrupts goes on by itself, a paused one does not', async (context) => {
  const arranged = await arrange(context)
  const { catalog, hub, content, open } = arranged
  const pull = await slowPull(arranged)
  await catalog.close()
  assert.equal((await database.db.select().from(catalogPull).where(eq(catalogPull.id, pull.id)))[0]?.state, 'running')

  hub.trouble.chunkBytes = null
  hub.seen.length = 0
  const next = await open()
  await next.resumeUnfinished()
  assert.equal((await next.settled(pull.id)).state, 'done')
  assert.equal(next.weightsOf('qwen3-0.6b')?.bytes, content.length)
  assert.ok(hub.seen.some((request) => request.server === 'cdn' && request.range !== null))

  await next.deleteWeights('qwen3-0.6b')
  hub.trouble.chunkBytes = 8192
  const second = await next.startPull({ model: 'qwen3-0.6b', by: 'usr_1' })
  await next.pausePull(second.id)
  await next.close()
  const third = await open()
  await third.resumeUnfinished()
  assert.equal((await third.pull(second.id)).state, 'paused')
})

test('a cancelled pull leaves nothing on the disk and cannot be resumed', async (context) => {
  const arranged = await arrange(context)
  const { catalog, weightsFolder } = arranged
  const pull = await slowPull(arranged)
  assert.equal((await catalog.cancelPull(pull.id)).state, 'cancelled')
  assert.deepEqual(await readdir(join(weightsFolder, 'parts')), [])
  await assert.rejects(catalog.resumePull(pull.id), {
    code: 'catalog.pull_state',
    message: /is cancelled and cannot become queued/,
  })
  await assert.rejects(catalog.pausePull('pull_none'), { code: 'catalog.pull_unknown' })
  assert.equal(catalog.weightsOf('qwen3-0.6b'), null)
})

test('a pull that fails says why, and asking again continues it', async (context) => {
  const { catalog, hub, content } = await arrange(context)
  hub.trouble.flipByteAt = 300_000
  const pull = await catalog.startPull({ model: 'qwen3-0.6b', by: 'usr_1' })
  const failed = await catalog.settled(pull.id)
  assert.equal(failed.state, 'failed')
  assert.equal(failed.error?.code, 'catalog.wrong_hash')
  assert.equal(catalog.weightsOf('qwen3-0.6b'), null)

  hub.trouble.flipByteAt = null
  const again = await catalog.startPull({ model: 'qwen3-0.6b', by: 'usr_1' })
  assert.equal(again.id, pull.id)
  const done = await catalog.settled(again.id)
  assert.deepEqual([done.state, done.error, done.bytesDone], ['done', null, content.length])
})

test('weights that should be here and are not are no longer promised after a restart', async (context) => {
  const { catalog, open } = await arrange(context)
  await catalog.settled((await catalog.startPull({ model: 'qwen3-0.6b', by: 'usr_1' })).id)
  await writeFile(catalog.weightsOf('qwen3-0.6b')?.path ?? '', 'short')
  assert.equal((await open()).weightsOf('qwen3-0.6b'), null)
})

test('a licence that must be accepted is asked for, and who accepted is kept', async (context) => {
  const { catalog, hub } = await arrange(context)
  const model = 'deepseek-r1-distill-llama-8b'
  hub.put('bartowski/DeepSeek-R1-Distill-Llama-8B-GGUF', 'DeepSeek-R1-Distill-Llama-8B-Q4_K_M.gguf', tinyGguf())
  await assert.rejects(catalog.startPull({ model, by: 'usr_1' }), {
    code: 'catalog.licence_not_accepted',
    message: /Llama 3\.1 Community License/,
  })
  assert.deepEqual(await catalog.pulls(), [])
  const pull = await catalog.startPull({ model, by: 'usr_1', precision: 'q4_k_m', acceptLicence: true })
  assert.equal(pull.licence.acceptedBy, 'usr_1')
  assert.ok((pull.licence.acceptedAtMs ?? 0) > 0)
  assert.equal((await catalog.settled(pull.id)).state, 'done')
})

test('what does not fit, has no source or no room on the disk is refused before anything is fetched', async (context) => {
  const small = await arrange(context, { memoryPools: async () => [{ ...POOL, capacityBytes: 1e9, freeBytes: 1e9 }] })
  await assert.rejects(small.catalog.startPull({ model: 'qwen3-8b', by: 'u' }), {
    code: 'catalog.does_not_fit',
    message: /more than the 1\.0 GB/,
  })
  await assert.rejects(small.catalog.startPull({ model: 'deepseek-v3.2', by: 'u' }), {
    code: 'catalog.no_source',
    message: /8 × H200/,
  })
  await assert.rejects(small.catalog.startPull({ model: 'qwen3-8b', precision: 'bf16', by: 'u' }), {
    code: 'catalog.no_source',
    message: /there is q4_k_m, q8_0/,
  })
  await assert.rejects(small.catalog.startPull({ model: 'qwen9', by: 'u' }), { code: 'catalog.model_unknown' })
  const full = await arrange(context, { freeBytesOf: async () => 6e8 })
  await assert.rejects(full.catalog.startPull({ model: 'qwen3-0.6b', by: 'u' }), {
    code: 'catalog.disk_full',
    message: /639 MB.*600 MB are free/,
  })
  assert.equal(full.hub.seen.length + small.hub.seen.length, 0)
  assert.deepEqual(await full.catalog.pulls(), [])
})

test('any GGUF file of the hub can be pulled by its name, and its header says what it is', async (context) => {
  const { catalog, hub, content, open } = await arrange(context)
  hub.put('some/Repo', 'sub/My-Model-Q8_0.gguf', content)
  const pull = await catalog.startPull({ model: 'hf:some/Repo/sub/My-Model-Q8_0.gguf', by: 'usr_1' })
  assert.equal((await catalog.settled(pull.id)).state, 'done')
  const facts = catalog.getModel('my-model-q8_0')
  assert.deepEqual(
    [facts.name, facts.family, facts.task, facts.contextTokens, facts.ownedBy],
    ['Tiny', 'llama', 'chat', 2048, 'some'],
  )
  assert.equal(facts.kv.bytesPerToken, 2 * 2 * 2 * 16 * 2)
  assert.equal((await catalog.listModels()).at(-1)?.model.id, 'my-model-q8_0')
  assert.equal((await open()).getModel('my-model-q8_0').name, 'Tiny')

  await assert.rejects(catalog.startPull({ model: 'hf:some/Repo/None.gguf', by: 'u' }), {
    code: 'catalog.file_missing',
    message: /sub\/My-Model-Q8_0\.gguf/,
  })
  await assert.rejects(catalog.startPull({ model: 'hf:some/Repo/sub/My-Model-Q8_0.gguf', as: 'qwen3-8b', by: 'u' }), {
    code: 'catalog.model_id_taken',
  })
  await assert.rejects(catalog.startPull({ model: 'hf:some/Repo/../x.gguf', by: 'u' }), {
    code: 'catalog.model_id_malformed',
  })
  hub.put('some/Repo', 'page.gguf', Buffer.from('<html>'.padEnd(100)))
  await assert.rejects(catalog.startPull({ model: 'hf:some/Repo/page.gguf', by: 'u' }), { code: 'catalog.not_weights' })
})

test('a local file is taken in under an id of the caller, and equal bytes are kept once', async (context) => {
  const { catalog, weightsFolder } = await arrange(context)
  const path = await starterModelPath()
  for (const as of ['my-smol', 'my-other-smol'])
    assert.equal((await catalog.settled((await catalog.importLocalFile(path, { as, by: 'u' })).id)).state, 'done')
  assert.equal(catalog.weightsOf('my-smol')?.sha256, SMOLLM2_PACKAGE.memberSha256)
  assert.equal(catalog.weightsOf('my-smol')?.path, catalog.weightsOf('my-other-smol')?.path)
  assert.equal(catalog.getModel('my-smol').kv.bytesPerToken, 23_040)
  const fit = await catalog.fitOf('my-smol')
  assert.deepEqual([fit.verdict, fit.precision], ['fits', 'q4_1'])

  await catalog.deleteWeights('my-smol')
  assert.ok((await stat(catalog.weightsOf('my-other-smol')?.path ?? '')).isFile())
  await catalog.deleteWeights('my-other-smol')
  assert.deepEqual(
    (await readdir(weightsFolder)).filter((name) => name !== 'parts'),
    [],
  )
  assert.ok((await stat(path)).isFile())
  assert.throws(() => catalog.getModel('my-smol'), { code: 'catalog.model_unknown' })
})

test('imports that cannot be are refused at once', async (context) => {
  const { catalog, weightsFolder } = await arrange(context)
  const folder = join(weightsFolder, 'elsewhere')
  await mkdir(folder)
  await writeFile(join(folder, 'page.gguf'), '<html>')
  await writeFile(join(folder, 'good.gguf'), tinyGguf())
  await assert.rejects(catalog.importLocalFile(join(folder, 'page.gguf'), { as: 'page', by: 'u' }), {
    code: 'catalog.not_weights',
  })
  await assert.rejects(catalog.importLocalFile(join(folder, 'none.gguf'), { as: 'none', by: 'u' }), {
    code: 'catalog.file_missing',
  })
  await assert.rejects(catalog.importLocalFile(join(folder, 'good.gguf'), { as: 'qwen3-8b', by: 'u' }), {
    code: 'catalog.model_id_taken',
  })
  await assert.rejects(catalog.importLocalFile(join(folder, 'good.gguf'), { as: '../x', by: 'u' }), {
    code: 'catalog.model_id_malformed',
  })
  assert.deepEqual(await catalog.pulls(), [])
})

test('an adapter is taken in as an adapter, and never as a model', async (context) => {
  const { catalog, weightsFolder } = await arrange(context)
  const base = await testModel('qwen3')
  const path = await testAdapter(base)
  const taken = await catalog.takeAdapter(path)
  assert.equal(taken.path, join(weightsFolder, `${taken.sha256}.gguf`))
  assert.ok((await readFile(taken.path)).equals(await readFile(path)))
  await assert.rejects(catalog.takeAdapter(base), { code: 'catalog.not_weights', message: /no LoRA adapter/ })
  await assert.rejects(catalog.importLocalFile(path, { as: 'x', by: 'u' }), {
    code: 'catalog.not_weights',
    message: /LoRA adapter/,
  })
})

test('weights in use are not deleted', async (context) => {
  const { catalog } = await arrange(context)
  await catalog.settled((await catalog.startPull({ model: 'qwen3-0.6b', by: 'u' })).id)
  let user: string | null = 'deployment dep_1'
  catalog.askBeforeDeleting(() => user)
  await assert.rejects(catalog.deleteWeights('qwen3-0.6b'), {
    code: 'catalog.weights_in_use',
    message: /deployment dep_1/,
  })
  assert.notEqual(catalog.weightsOf('qwen3-0.6b'), null)
  user = null
  await catalog.deleteWeights('qwen3-0.6b')
  await assert.rejects(catalog.deleteWeights('qwen3-0.6b'), { code: 'catalog.weights_missing' })
})

test('the list shows every model with its fit, its weights and its open pull', async (context) => {
  const arranged = await arrange(context)
  const { catalog } = arranged
  const pull = await slowPull(arranged)
  const list = await catalog.listModels()
  assert.ok(list.length >= 60)
  const qwen = list.find((entry) => entry.model.id === 'qwen3-0.6b')
  assert.deepEqual([qwen?.fit.verdict, qwen?.weights, qwen?.pull?.id], ['fits', null, pull.id])
  assert.equal(list.find((entry) => entry.model.id === 'deepseek-r1')?.fit.verdict, 'does-not-fit')
  await catalog.cancelPull(pull.id)
})

test('the starter is Qwen3 when the hub answers, and the package when it does not or when memory is short', async (context) => {
  const { catalog, hub } = await arrange(context)
  const first = await catalog.pickStarter()
  assert.deepEqual([first.model, /answers/.test(first.why), /models pull/.test(first.how)], ['qwen3-0.6b', true, true])
  await hub.close()
  const second = await catalog.pickStarter()
  assert.equal(second.model, 'smollm2-135m-instruct')
  assert.match(second.why, /does not answer \(asked for up to 3 seconds\)/)
  const small = await arrange(context, { memoryPools: async () => [{ ...POOL, capacityBytes: 1e9, freeBytes: 1e9 }] })
  assert.equal((await small.catalog.pickStarter()).model, 'smollm2-135m-instruct')
})

test('pulls are listed newest first, in pages', async (context) => {
  const { catalog } = await arrange(context)
  const path = await starterModelPath()
  const ids: string[] = []
  for (const as of ['a', 'b', 'c'])
    ids.unshift((await catalog.settled((await catalog.importLocalFile(path, { as, by: 'u' })).id)).id)
  const first = await catalog.pulls({ limit: 2 })
  assert.deepEqual(
    first.map((pull) => pull.id),
    ids.slice(0, 2),
  )
  assert.deepEqual(
    (await catalog.pulls({ before: first.at(-1)?.id ?? '' })).map((pull) => pull.id),
    ids.slice(2),
  )
})
