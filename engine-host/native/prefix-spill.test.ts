import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import type { EngineSpec } from '../../src/engines/engine-wire.ts'
import { starterModelPath } from '../../test/models/starter.ts'
import { testModel } from '../../test/models/test-model.ts'
import { answer } from '../token-engine.cases.ts'
import type { Token, TokenEngine } from '../token-engine.ts'
import { openEngine } from './open-engine.ts'
import { testSpec } from './test-spec.ts'

let folder: string
let modelPath: string
let prompt: Token[]
const opened = new Set<TokenEngine>()

before(async () => {
  modelPath = await testModel('qwen3')
})
afterEach(async () => {
  for (const engine of opened) await engine.dispose()
  opened.clear()
})
after(() => rmSync(folder, { recursive: true, force: true }))

function freshFolder(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  folder = mkdtempSync(join(tmpdir(), 'tradewind-spill-'))
}

async function open(changes: Partial<EngineSpec> = {}, bytesMax = 1e9): Promise<TokenEngine> {
  const engine = await openEngine(testSpec(modelPath, { spill: { folder, bytesMax }, ...changes }))
  opened.add(engine)
  prompt = engine.tokenize('A cold prefix goes to disk and comes back after a restart. '.repeat(6), true).slice(0, 200)
  return engine
}

async function close(engine: TokenEngine): Promise<void> {
  opened.delete(engine)
  await engine.dispose()
}

/** Writes one prefix to disk: answers a prompt and closes. */
async function spill(changes: { salt?: string; share?: string; disk?: boolean } = {}) {
  const engine = await open()
  const said = await answer(engine, prompt, { disk: true, ignoreEos: true, ...changes })
  await close(engine)
  return said
}

function files(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('spilled prefixes', () => {
  test('a prefix survives a restart, and the answer is the same', async () => {
    freshFolder()
    const cold = await spill()
    const engine = await open()
    assert.ok(engine.stats().spillBytes > 0)
    const warm = await answer(engine, prompt, { disk: true, ignoreEos: true })
    assert.equal(warm.cachedTokens, prompt.length - 1)
    assert.deepEqual(warm.ids, cold.ids)
  })

  test('files are readable by their owner only, and their names say nothing of salt and share', async () => {
    freshFolder()
    await spill({ salt: '../../escape', share: 'key/../..' })
    assert.equal(files().length, 2)
    for (const file of files()) {
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.match(file.slice(folder.length), /^\/[0-9a-f]{32}\/[0-9a-f]{32}\/[0-9a-f]{32}\.(head|state)$/)
    }
  })

  test('a request that does not allow disk leaves nothing there and takes nothing from there', async () => {
    freshFolder()
    await spill({ disk: false })
    assert.deepEqual(files(), [])
    await spill()
    const engine = await open()
    assert.equal((await answer(engine, prompt, { disk: false })).cachedTokens, 0)
  })

  test('another salt finds nothing', async () => {
    freshFolder()
    await spill({ salt: 'red' })
    const engine = await open()
    assert.equal((await answer(engine, prompt, { disk: true, salt: 'blue' })).cachedTokens, 0)
    assert.ok((await answer(engine, prompt, { disk: true, salt: 'red' })).cachedTokens > 0)
  })

  test('one flipped byte anywhere in a file is noticed; the file is deleted and never loaded', async () => {
    for (const [ending, place] of [
      ['.state', 0.9],
      ['.state', 0.1],
      ['.head', 0.5],
      ['.head', 0.01],
    ] as const) {
      freshFolder()
      const cold = await spill()
      const path = files().find((file) => file.endsWith(ending))!
      const bytes = readFileSync(path)
      bytes[Math.floor(bytes.length * place)]! ^= 1
      writeFileSync(path, bytes)
      const engine = await open()
      const again = await answer(engine, prompt, { disk: true, ignoreEos: true })
      assert.equal(again.cachedTokens, 0, `${ending} ${place}`)
      assert.deepEqual(again.ids, cold.ids)
      assert.deepEqual(files(), [])
      await close(engine)
    }
  })

  test('what another engine wrote is deleted at the start', async () => {
    for (const changes of [{ modelSha256: 'f'.repeat(64) }, { sequences: 3 }]) {
      freshFolder()
      await spill()
      const other = await open(changes)
      assert.deepEqual(files(), [])
      assert.equal(other.stats().spillBytes, 0)
      await close(other)
    }
  })

  test('strange files in the folder are removed, and the engine starts', async () => {
    freshFolder()
    await spill()
    const inner = join(files()[0]!, '..')
    for (const name of ['note.txt', 'x.head', 'y.state', 'z.state.part']) writeFileSync(join(inner, name), 'strange')
    const engine = await open()
    assert.equal(files().length, 2)
    assert.ok((await answer(engine, prompt, { disk: true })).cachedTokens > 0)
  })

  test('the folder keeps to its size: the least recently used goes first', async () => {
    freshFolder()
    await spill({ salt: 'old' })
    const one = files()
    const size = one.reduce((sum, file) => sum + statSync(file).size, 0)
    for (const file of one) utimesSync(file, 1000, 1000)
    await spill({ salt: 'new' })
    const engine = await open({}, size * 1.5)
    assert.equal(files().length, 2)
    assert.ok(engine.stats().spillBytes <= size * 1.5)
    assert.equal((await answer(engine, prompt, { disk: true, salt: 'old' })).cachedTokens, 0)
    assert.ok((await answer(engine, prompt, { disk: true, salt: 'new' })).cachedTokens > 0)
    await close(engine)
    const tiny = await open({}, 1000)
    assert.deepEqual(files(), [])
    await close(tiny)
  })

  test('forgetting a share or a salt takes its files too', async () => {
    freshFolder()
    await spill({ salt: 'red', share: 'one' })
    await spill({ salt: 'red', share: 'two' })
    const engine = await open()
    await engine.forgetPrefixes('red', 'two')
    assert.equal(files().length, 2)
    await engine.forgetPrefixes('red', null)
    assert.deepEqual(files(), [])
    assert.equal((await answer(engine, prompt, { disk: true, salt: 'red', share: 'one' })).cachedTokens, 0)
  })

  test('a prefix that must make room in memory is found on disk', async () => {
    freshFolder()
    const engine = await open({ sequences: 2 })
    const cold = await answer(engine, prompt, { disk: true, salt: 'first', ignoreEos: true })
    for (const salt of ['second', 'third']) await answer(engine, prompt, { salt })
    assert.equal(files().length, 2)
    const back = await answer(engine, prompt, { disk: true, salt: 'first', ignoreEos: true })
    assert.ok(back.cachedTokens > 0)
    assert.deepEqual(back.ids, cold.ids)
  })

  test('an idle prefix is saved while the engine goes on, once', async () => {
    freshFolder()
    const engine = await open()
    await answer(engine, prompt, { disk: true })
    while (files().filter((file) => !file.endsWith('.part')).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const written = files().map((file) => [file, statSync(file).mtimeMs])
    await close(engine)
    assert.deepEqual(
      files().map((file) => [file, statSync(file).mtimeMs]),
      written,
    )
  })

  test('a longer prefix replaces the shorter one that it begins with', async () => {
    freshFolder()
    const engine = await open()
    await answer(engine, prompt.slice(0, 100), { disk: true, tokensMax: 1 })
    await close(engine)
    const longer = await open()
    await answer(longer, prompt, { disk: true, tokensMax: 1 })
    await close(longer)
    assert.equal(files().length, 2)
  })

  test('the real model answers the same from disk', async () => {
    freshFolder()
    modelPath = await starterModelPath()
    const cold = await spill()
    const engine = await open()
    const warm = await answer(engine, prompt, { disk: true, ignoreEos: true })
    assert.ok(warm.cachedTokens >= prompt.length - 1)
    assert.deepEqual(warm.ids, cold.ids)
  })
})
