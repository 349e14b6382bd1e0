/**
 * OpenAI's own Python package, unmodified, against the running product on the real starter model. The package is
 * installed once per checkout, in an environment of its own; where this machine cannot, the test says why and is skipped.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { testModel } from './models/test-model.ts'
import { type Product, STARTER, startProduct } from './product.ts'
import { type ReplyRecorder, recordReplies } from './reply-recorder.ts'

const SCRIPT = join(import.meta.dirname, 'python/openai_client.py')
const REQUIREMENTS = join(import.meta.dirname, 'python/requirements.txt')
const VENV = join(import.meta.dirname, '../node_modules/.cache/tradewind-test/openai-python')

const python = preparePython()
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

/** Path of a Python that has the pinned package, or what is missing to make one. */
function preparePython(): { path: string } | { missing: string } {
  const path = join(VENV, 'bin/python')
  const done = join(VENV, 'installed.txt')
  const wanted = readFileSync(REQUIREMENTS, 'utf8')
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return { path }
  rmSync(VENV, { recursive: true, force: true })
  for (const [command, argv, missing] of [
    ['python3', ['--version'], 'python3 is not on this machine'],
    ['python3', ['-m', 'venv', VENV], 'python3 has no venv (Debian, Ubuntu: apt install python3-venv)'],
    [path, ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS], `pip cannot install ${wanted.trim()}`],
  ] as const) {
    const { status, stderr } = spawnSync(command, argv, { encoding: 'utf8' })
    if (status !== 0)
      return { missing: `The Python client is not tested: ${missing}. ${(stderr ?? '').trim().split('\n').at(-1)}` }
  }
  writeFileSync(done, wanted)
  return { path }
}
