import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersIn } from './answers.ts'

const statuses = (text: string) => {
  const { whole, isUnfinished } = answersIn(Buffer.from(text))
  return [whole.map(({ status }) => status), isUnfinished]
}
const FOUND = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'
const CHUNKED = 'HTTP/1.1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n'

test('answers that stand one after the other are told apart', () => {
  assert.deepEqual(statuses(FOUND + CHUNKED + FOUND), [[200, 400, 200], false])
})

test('100 Continue is no answer, and 204 has no body', () => {
  assert.deepEqual(statuses(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n${FOUND}`), [
    [204, 200],
    false,
  ])
})

test('wherever the last one is cut, it is not whole', () => {
  for (let end = FOUND.length + 1; end < FOUND.length + CHUNKED.length; end++)
    assert.deepEqual(statuses((FOUND + CHUNKED).slice(0, end)), [[200], true])
})

test('what is no HTTP is no answer', () => {
  assert.deepEqual(statuses('SSH-2.0\r\n\r\n'), [[], true])
})
