import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEvents } from './fuzz-openapi.ts'

const base64 = (text: string) => ({ $base64: Buffer.from(text).toString('base64') })
const answered = (status_code: number, code: string) => ({
  request: { method: 'POST', uri: 'http://x/v1/embeddings', body: base64('{"model":""}') },
  response: { status_code, content: base64(JSON.stringify({ error: { code } })) },
})

test('a report of Schemathesis: what failed is found with its request, and what is said to be impossible is no failure', () => {
  const interactions = {
    a: answered(200, ''),
    b: answered(501, 'unsupported'),
    c: answered(500, 'internal_error'),
    d: answered(500, 'internal_error'),
    e: { ...answered(0, ''), response: null },
  }
  const event = { ScenarioFinished: { recorder: { label: 'POST /v1/embeddings', interactions } } }
  const none = { ScenarioFinished: { recorder: { label: 'GET /', interactions: null } } }
  const report = [{ EngineStarted: {} }, event, none].map((one) => JSON.stringify(one)).join('\n')
  assert.deepEqual(readEvents(report), {
    requests: 5,
    byStatus: { 200: 1, 501: 1, 500: 2, 'no answer': 1 },
    findings: {
      'POST /v1/embeddings: 500 internal_error': {
        times: 2,
        example: 'POST http://x/v1/embeddings {"model":""}',
      },
      'POST /v1/embeddings: no answer': { times: 1, example: 'POST http://x/v1/embeddings {"model":""}' },
    },
  })
})
