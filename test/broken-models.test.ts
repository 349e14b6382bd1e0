/** Every broken model file, brought in by an operator who does not know: one clear error each, and nothing else suffers. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type BrokenModel, brokenModels } from './models/broken-models.ts'
import { testModel } from './models/test-model.ts'
import { type Product, STARTER, startProduct } from './product.ts'

const folder = mkdtempSync(join(tmpdir(), 'tw-broken-'))
const broken = brokenModels(folder, await testModel('qwen3'))

let product: Product
let processesBefore: number[]

before(async () => {
  product = await startProduct()
  processesBefore = pids()
})
after(async () => {
  await product.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('broken model files', () => {
  for (const model of broken) {
    it(`${model.name}: ${model.why}`, async () => {
      const error = await errorOf(model)
      assert.match(error.code, /^(catalog|engines)\.[a-z_]+$/)
      assert.ok(error.message.length > 20 && error.message.length < 600, error.message)
      assert.doesNotMatch(error.message, /\bundefined\b|\[object|at .*\.ts:\d|ERR_|is not a function/)
      const answer = await product.post('/v1/chat/completions', {
        model: STARTER,
        messages: [{ role: 'user', content: 'Hi' }],
        max_tokens: 1,
      })
      assert.equal(answer.status, 200, await answer.text())
    })
  }

  it('none of them left a process, took one down, or stays in the list of models', async () => {
    assert.deepEqual(pids(), processesBefore)
    const { data } = await product.openai().models.list()
    assert.deepEqual(
      data.map(({ id }) => id),
      [STARTER],
    )
    assert.equal((await product.engine(STARTER)).restarts, 0)
  })
})

type Refusal = { code: string; message: string }

/** At whichever step it comes: when the file is looked at, when it is taken in, or when it is loaded. */
async function errorOf(model: BrokenModel): Promise<Refusal> {
  const id = `broken-${model.name}`
  const asked = await product.ask('POST', `/api/models/${id}/import`, { path: model.path })
  if (asked.status !== 202) return refusal(asked.status, asked.body)
  const { id: pull } = asked.body as { id: string }
  const ended = await product.until('the import ends', async () => {
    const seen = await product.get<{ state: string; error: Refusal | null }>(`/api/pulls/${pull}`)
    return seen.state === 'done' || seen.state === 'failed' ? seen : undefined
  })
  if (ended.error !== null) return ended.error
  try {
    const loaded = await product.ask('POST', `/api/models/${id}/load`, {})
    assert.notEqual(loaded.status, 200, 'it was loaded')
    return refusal(loaded.status, loaded.body)
  } finally {
    assert.equal((await product.ask('DELETE', `/api/models/${id}/weights`)).status, 204)
  }
}

function refusal(status: number, body: unknown): Refusal {
  const { error } = body as { error: Refusal }
  assert.ok(status >= 400 && status < 500, `${status} ${JSON.stringify(error)}`)
  return error
}

function pids(): number[] {
  return product
    .processes()
    .map(({ pid }) => pid)
    .sort()
}
