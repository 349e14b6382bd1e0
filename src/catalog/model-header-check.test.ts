import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokenModels } from '../../test/models/broken-models.ts'
import { starterModelPath } from '../../test/models/starter.ts'
import { type TestModelName, testAdapter, testModel } from '../../test/models/test-model.ts'
import { AppError } from '../platform/errors.ts'
import { factsFromHeader } from './facts-from-header.ts'
import { modelHeaderTrouble } from './model-header-check.ts'
import { scratchFolder } from './scratch-folder.ts'
import { checkWeights } from './weights-check.ts'

async function headerOf(path: string) {
  const checked = await checkWeights(path)
  assert.ok(checked.kind === 'gguf')
  return checked
}

const SOUND: [TestModelName | 'starter', architecture: string, task: string, kvBytesPerToken: number | null][] = [
  ['qwen3', 'qwen3', 'chat', 2 * 4 * 2 * 32 * 2],
  ['deepseek-v3', 'deepseek2', 'chat', 3 * 48 * 2],
  ['deepseek-r1', 'deepseek2', 'chat', 3 * 48 * 2],
  ['bert', 'bert', 'embedding', null],
  ['starter', 'llama', 'chat', 23_040],
]

for (const [name, architecture, task, kvBytesPerToken] of SOUND) {
  test(`the sound ${name} model passes, and its facts are read`, async () => {
    const { header, bytes } = await headerOf(name === 'starter' ? await starterModelPath() : await testModel(name))
    assert.equal(modelHeaderTrouble(header), null)
    const facts = factsFromHeader('x', header, bytes, 'local')
    assert.deepEqual([facts.family, facts.task, facts.kv.bytesPerToken], [architecture, task, kvBytesPerToken])
    assert.ok(facts.parameters.active <= facts.parameters.total)
  })
}

test('an adapter is no model, and the message says what it is', async () => {
  const { header } = await headerOf(await testAdapter(await testModel('qwen3')))
  assert.match(modelHeaderTrouble(header) ?? '', /LoRA adapter/)
})

/** Broken in ways that the header tells; each of these ends a process that loads it natively. */
const FOUND_IN_THE_HEADER = `
  tokenizer-none layer-count-zero layer-count-huge embedding-length-zero feed-forward-length-zero head-count-zero
  head-count-kv-zero experts-used-without-experts experts-without-use expert-count-huge norm-epsilon-negative norm-epsilon-nan`
  .trim()
  .split(/\s+/)

test('no broken file does more than be refused, and those that kill a loader by their header are refused', async (context) => {
  const refused: string[] = []
  for (const broken of brokenModels(await scratchFolder(context), await testModel('qwen3'))) {
    try {
      const checked = await checkWeights(broken.path, broken.name)
      if (checked.kind !== 'gguf' || modelHeaderTrouble(checked.header) !== null) refused.push(broken.name)
    } catch (error) {
      assert.ok(error instanceof AppError, broken.name)
      refused.push(broken.name)
    }
  }
  assert.deepEqual(
    FOUND_IN_THE_HEADER.filter((name) => !refused.includes(name)),
    [],
  )
  for (const name of [
    'adapter-as-model',
    'split-second-part-missing',
    'dimension-zero',
    'tensor-offsets-overlap',
    'folder',
    'architecture-missing',
  ])
    assert.ok(refused.includes(name), name)
})
