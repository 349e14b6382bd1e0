import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StopScanner, TokenText } from './text-stream.ts'

/** An engine whose tokens are the given pieces of bytes. */
function bytesEngine(pieces: readonly Uint8Array[]) {
  return { tokenBytes: (token: number) => pieces[token] ?? new Uint8Array() }
}

/** Cuts `whole` after each of these positions. */
function cut<Whole extends string | Uint8Array>(whole: Whole, positions: readonly number[]): Whole[] {
  const at = [...new Set(positions.map((position) => position % (whole.length + 1)))].sort((a, b) => a - b)
  const edges = [0, ...at, whole.length]
  return edges.slice(1).map((edge, index) => whole.slice(edges[index], edge) as Whole)
}

const anyText = fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed())
const cuts = fc.array(fc.nat(), { maxLength: 12 })

test('text cut anywhere between bytes comes out whole and never in broken characters', () => {
  fc.assert(
    fc.property(anyText, cuts, (text, positions) => {
      const pieces = cut(Buffer.from(text) as Uint8Array, positions)
      const stream = new TokenText(bytesEngine(pieces))
      const parts = pieces.map((_, token) => stream.push(token))
      assert.equal(parts.join(''), text)
      for (const part of parts) assert.ok(part.isWellFormed())
    }),
  )
})

test('every single split of a text of all character lengths keeps its characters whole', () => {
  const bytes = Buffer.from('aé€😀\ufeffz')
  for (let position = 0; position <= bytes.length; position++) {
    const pieces = [bytes.subarray(0, position), bytes.subarray(position)]
    const stream = new TokenText(bytesEngine(pieces))
    const parts = pieces.map((_, token) => stream.push(token))
    assert.equal(parts.join(''), 'aé€😀\ufeffz')
    assert.ok(parts.every((part) => !part.includes('\ufffd')))
  }
})

test('an unfinished character at the end of an answer is never shown', () => {
  const stream = new TokenText(bytesEngine([Buffer.from('ok'), Buffer.from('😀').subarray(0, 3)]))
  assert.equal(stream.push(0) + stream.push(1), 'ok')
})

test('control tokens are hidden unless a parser has to see them', () => {
  const engine = {
    tokenBytes: (token: number, special: boolean) =>
      special ? Buffer.from(token === 0 ? '<|im_end|>' : '<｜tool▁sep｜>') : new Uint8Array(),
  }
  const stream = new TokenText(engine, ['<｜tool▁sep｜>'])
  assert.equal(stream.push(0), '')
  assert.equal(stream.push(1), '<｜tool▁sep｜>')
})

test('a stop string ends the text wherever the pieces are cut, and is not sent', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '😀'), maxLength: 30 })
  const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(letters, stops, cuts, (text, stopStrings, positions) => {
      const scanner = new StopScanner(stopStrings)
      let sent = ''
      for (const piece of cut(text, positions)) {
        sent += scanner.push(piece)
        assert.ok(text.startsWith(sent))
        assert.ok(stopStrings.every((stop) => !sent.includes(stop)))
      }
      sent += scanner.end()
      assert.equal(sent, textBeforeFirstStop(text, stopStrings))
      assert.equal(
        scanner.stopped,
        stopStrings.some((stop) => text.includes(stop)),
      )
    }),
  )
})

/** The plain definition: the stop that is complete first, the longest of those, and what stands before it. */
function textBeforeFirstStop(text: string, stops: readonly string[]): string {
  for (let end = 1; end <= text.length; end++) {
    const complete = stops.filter((stop) => text.slice(0, end).endsWith(stop)).sort((a, b) => b.length - a.length)
    if (complete[0] !== undefined) return text.slice(0, end - complete[0].length)
  }
  return text
}

test('text that could begin a stop string is held back only until it cannot', () => {
  const scanner = new StopScanner(['\n\nUser:'])
  assert.equal(scanner.push('Hello\n'), 'Hello')
  assert.equal(scanner.push('\nUs'), '')
  assert.equal(scanner.push('ually'), '\n\nUsually')
  assert.equal(scanner.stopped, false)
})
