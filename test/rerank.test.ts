/**
 * Rerank and score on the running product: the real starter model is asked "yes" or "no", a tiny embedding model compares
 * vectors. Neither was trained to rank; what is shown is that the numbers arrive, in order, counted and recorded.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as shapes from '../src/control/docs/rerank-and-moderation.ts'
import { testModel } from './models/test-model.ts'
import { type Product, STARTER, startProduct } from './product.ts'

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const isRerank = ajv.compile<Json>(JSON.parse(JSON.stringify(shapes.RerankAnswer)) as object)
const isScore = ajv.compile<Json>(JSON.parse(JSON.stringify(shapes.ScoreAnswer)) as object)
const DASHSCOPE = '/api/v1/services/rerank/text-rerank/text-rerank'

// biome-ignore lint/suspicious/noExplicitAny: tests read answers field by field
type Json = any
let product: Product

before(async () => {
  product = await startProduct()
  await product.importModel('tiny-bert', await testModel('bert'))
})
after(() => product?.stop())

async function ask(path: string, body: object): Promise<{ status: number; id: string; body: Json }> {
  const answer = await fetch(product.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, id: answer.headers.get('x-request-id') ?? '', body: await answer.json() }
}

/** The record of a request, which control hears of a moment after its answer. */
const recordOf = (id: string) =>
  product.until('the request is recorded', async () => {
    const { status, body } = await product.ask('GET', `/api/requests/${id}`)
    return status === 200 && (body as Json)
  })

const documents = ['A red apple lies on the table.', { text: 'Stocks fell on Monday.' }, 'Apples are fruit.']

describe('rerank', () => {
  for (const path of ['/v1/rerank', '/v2/rerank', '/rerank']) {
    it(`answers at ${path}, by vectors`, async () => {
      const { status, id, body } = await ask(path, {
        model: 'tiny-bert',
        query: 'A red apple lies on the table.',
        documents,
        top_n: 2,
        return_documents: true,
      })
      assert.equal(status, 200, JSON.stringify(body))
      assert.ok(isRerank(body), JSON.stringify(isRerank.errors))
      assert.equal(body.results.length, 2)
      assert.equal(body.results[0].index, 0)
      assert.ok(Math.abs(body.results[0].relevance_score - 1) < 1e-3)
      assert.equal(body.results[0].document.text, documents[0])
      const record = await recordOf(id)
      assert.equal(record.tokens_in, body.usage.prompt_tokens)
      assert.equal(record.tokens_out, 0)
      assert.equal(record.route, '/v1/rerank')
    })
  }

  it('asks a chat model for yes or no, and records what was read', async () => {
    const { status, id, body } = await ask('/v1/rerank', { model: STARTER, query: 'fruit', documents })
    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(isRerank(body), JSON.stringify(isRerank.errors))
    const scores = body.results.map(({ relevance_score }: Json) => relevance_score)
    assert.deepEqual(
      scores,
      scores.toSorted((a: number, b: number) => b - a),
    )
    assert.ok(scores.every((score: number) => score > 0 && score < 1))
    const record = await recordOf(id)
    assert.equal(record.tokens_in, body.usage.prompt_tokens)
    assert.equal(record.model, STARTER)
  })

  it('scores pairs, and says the same in DashScope’s words', async () => {
    const [first, , third] = documents
    const score = await ask('/v1/score', { model: 'tiny-bert', text_1: 'apples', text_2: [first, third] })
    assert.ok(isScore(score.body), JSON.stringify(score.body))
    const input = { query: 'apples', documents: [first, third] }
    const ranked = await ask(DASHSCOPE, { model: 'tiny-bert', input, parameters: { top_n: 1, return_documents: true } })
    assert.equal(ranked.status, 200, JSON.stringify(ranked.body))
    const [best] = ranked.body.output.results
    const expected = Math.max(...score.body.data.map((one: Json) => one.score))
    assert.ok(Math.abs(best.relevance_score - expected) < 1e-4)
    assert.ok(ranked.body.usage.total_tokens > 0)
    const refused = await ask(DASHSCOPE, { model: 'nobody', input })
    assert.equal(refused.status, 404)
    assert.equal(refused.body.code, 'ModelNotFound')
  })

  it('refuses more than there may be', async () => {
    const many = await ask('/v1/rerank', { model: 'tiny-bert', query: 'q', documents: Array(1001).fill('d') })
    assert.equal(many.body.error.code, 'array_above_max_length')
    const long = await ask('/v1/rerank', { model: 'tiny-bert', query: 'q', documents: ['word '.repeat(2000)] })
    assert.equal(long.body.error.code, 'context_length_exceeded')
  })
})
