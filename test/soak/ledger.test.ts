import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RequestOnWire } from '../../src/billing/request-schema.ts'
import { compare, type Sent } from './ledger.ts'

const sent = (change: Partial<Sent> = {}): Sent => ({ id: 'req_1', status: 200, whole: true, tokensOut: 3, ...change })
const record = (change: Partial<RequestOnWire> = {}) =>
  ({ id: 'req_1', status: 200, cut_by: null, tokens_out: 3, ...change }) as RequestOnWire

test('books that agree have nothing to say', () => {
  const { sent: all, acknowledged, lost, doubled, untrue, invented } = compare([sent()], [record()])
  assert.deepEqual([all, acknowledged, lost, doubled, untrue, invented], [1, 1, [], [], [], []])
})

test('an acknowledged request without a record is lost, and so is one that was cut after its head', () => {
  const cut = sent({ id: 'req_2', whole: false, tokensOut: null })
  assert.deepEqual(compare([sent(), cut], []).lost, ['req_1', 'req_2'])
})

test('a refused request needs no record', () => {
  assert.deepEqual(compare([sent({ status: 503 })], []).lost, [])
})

test('two records of one request are a double', () => {
  assert.deepEqual(compare([sent()], [record(), record()]).doubled, ['req_1'])
})

test('a record with other counts, or of a cut answer, is not true of an acknowledged request', () => {
  assert.deepEqual(compare([sent()], [record({ tokens_out: 4 })]).untrue, ['req_1'])
  assert.deepEqual(compare([sent()], [record({ cut_by: 'client' })]).untrue, ['req_1'])
})

test('records that no client knows are no more than the requests that nobody heard of', () => {
  const unheard = sent({ id: null, status: null, whole: false })
  assert.deepEqual(compare([unheard], [record({ id: 'req_9' })]).invented, [])
  assert.deepEqual(compare([unheard], [record({ id: 'req_8' }), record({ id: 'req_9' })]).invented, ['req_8', 'req_9'])
})
