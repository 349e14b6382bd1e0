import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { brokenModels } from '../../test/models/broken-models.ts'
import { testModel } from '../../test/models/test-model.ts'
import { EngineError } from '../token-engine.ts'
import { checkGguf } from './check-gguf.ts'
import { openEngine } from './open-engine.ts'
import { testSpec } from './test-spec.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradewind-gguf-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const broken = brokenModels(folder, await testModel('qwen3'))

test('a file that would end the process is refused before native code sees it', () => {
  for (const { name, path, why } of broken.filter(({ nativeCrash }) => nativeCrash)) {
    assert.throws(
      () => checkGguf(path),
      (error) => error instanceof EngineError && error.code === 'engine.model_broken',
      `${name}: ${why}`,
    )
  }
})

test('every broken file gives an error with a code and says which file', async () => {
  for (const { name, path } of broken) {
    await assert.rejects(openEngine(testSpec(path)), (error) => {
      assert.ok(error instanceof EngineError, `${name} gives ${error}`)
      assert.match(error.code, /^engine\.model_(broken|missing|unsupported)$/, name)
      assert.ok(error.message.includes(join(folder, name)), `${name}: ${error.message}`)
      return true
    })
  }
})

test('a file that is not there is missing, not broken', () => {
  assert.throws(
    () => checkGguf(join(folder, 'nowhere.gguf')),
    (error) => error instanceof EngineError && error.code === 'engine.model_missing',
  )
})

test('sound models pass', async () => {
  for (const name of ['qwen3', 'deepseek-v3', 'deepseek-r1', 'bert'] as const) {
    const summary = checkGguf(await testModel(name))
    assert.ok(summary.tensors > 0 && summary.bytes > 0 && summary.architecture !== '')
  }
})
