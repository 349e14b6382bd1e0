/**
 * OpenAI's own Python package, unmodified, against the running product on the real starter model. The package is
 * installed once per checkout, in an environment of its own; where this machine cannot, the test says why and is skipped.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { testModel } from './models/test-model.ts'
import { type Product, STARTER, startProduct } from './product.ts'
import { pythonWith } from './python-environment.ts'
import { type ReplyRecorder, recordReplies } from './reply-recorder.ts'

const SCRIPT = join(import.meta.dirname, 'python/openai_client.py')

const python = pythonWith('openai-python', join(import.meta.dirname, 'python/requirements.txt'))
const skip = 'missing' in python ? python.missing : false

let product: Product
let recorder: ReplyRecorder

before(async () => {
  if (skip) return
  product = await startProduct()
  await product.importModel('tiny-bert', await testModel('bert'))
  recorder = await recordReplies(product.url)
})
after(async () => {
  if (skip) return
  await product.stop()
  await recorder.close()
})

test('the Python client', { skip }, async (t) => {
  assert.ok('path' in python)
  const child = spawn(python.path, [SCRIPT], {
    env: {
      ...process.env,
      OPENAI_BASE_URL: recorder.baseURL,
      OPENAI_API_KEY: product.key,
      TEST_CHAT_MODEL: STARTER,
      TEST_EMBEDDING_MODEL: 'tiny-bert',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
  let tests = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const { name, problem } = JSON.parse(line) as { name: string; problem: string | null }
    tests++
    await t.test(name, () => assert.ok(problem === null, problem ?? ''))
  }
  assert.equal(await exited, 0, complaints)
  assert.ok(tests > 0, complaints)
})
