import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type SsePiece, SseSplitter } from './sse.ts'

const STREAM = [
  'data: {"a":"é\\n"}\n\n',
  ': waiting\n\n',
  'event: x\r\ndata:{"b":2}\r\ndata: more\r\n\r\n',
  'data: cr\r\r',
  '\n',
  'id: 7\n\n',
  'data\n\n',
  'data: [DONE]\r\n\r\n',
].join('')

function read(stream: Buffer, cuts: number[]): { data: (string | null)[]; bytes: Buffer; pieces: SsePiece[] } {
  const splitter = new SseSplitter()
  const edges = [0, ...cuts, stream.length]
  const pieces = edges.slice(1).flatMap((edge, i) => splitter.push(stream.subarray(edges[i], edge)))
  const bytes = Buffer.concat([...pieces.map((piece) => piece.bytes), splitter.rest()])
  return { data: pieces.filter((piece) => piece.data !== null).map((piece) => piece.data), bytes, pieces }
}

describe('SseSplitter', () => {
  const stream = Buffer.from(STREAM)
  const whole = read(stream, [])

  it('reads data lines, joined, with one leading space taken off', () => {
    assert.deepEqual(whole.data, ['{"a":"é\\n"}', '{"b":2}\nmore', 'cr', '', '[DONE]'])
  })

  it('gives the same events and the same bytes, cut at any one byte', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const cutOnce = read(stream, [cut])
      assert.deepEqual(cutOnce.data, whole.data, `cut at ${cut}`)
      assert.deepEqual(cutOnce.bytes, stream, `cut at ${cut}`)
    }
  })

  it('gives the same events and bytes, cut everywhere, or anywhere', () => {
    const everywhere = read(
      stream,
      Array.from({ length: stream.length }, (_, i) => i),
    )
    assert.deepEqual(everywhere.data, whole.data)
    assert.deepEqual(everywhere.bytes, stream)
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const pieces = read(
          stream,
          cuts.toSorted((a, b) => a - b),
        )
        assert.deepEqual(pieces.data, whole.data)
        assert.deepEqual(pieces.bytes, stream)
      }),
    )
  })

  it('leaves no byte behind and invents no event, whatever the bytes', () => {
    const line = fc.constantFrom('data: x', 'data:', ':c', '\n', '\r', '\r\n', '\n\n', '\r\n\r\n', 'x', 'data: y\n\n')
    const text = fc.array(line, { maxLength: 30 }).map((parts) => Buffer.from(parts.join('')))
    fc.assert(
      fc.property(text, fc.array(fc.nat(60)), (bytes, marks) => {
        const cuts = marks.map((mark) => Math.min(mark, bytes.length)).toSorted((a, b) => a - b)
        const cut = read(bytes, cuts)
        assert.deepEqual(cut.bytes, bytes)
        assert.deepEqual(cut.data, read(bytes, []).data)
      }),
    )
  })

  it('hands on each event as soon as its empty line is there', () => {
    const splitter = new SseSplitter()
    assert.equal(splitter.push(Buffer.from('data: 1\n')).length, 0)
    assert.equal(splitter.push(Buffer.from('\n')).length, 1)
    assert.equal(splitter.push(Buffer.from('data: 2\r\n\r')).length, 1)
    assert.deepEqual(
      splitter.push(Buffer.from('\ndata: 3\n\n')).map((piece) => [piece.tail, piece.data]),
      [
        [true, null],
        [false, '3'],
      ],
    )
  })

  it('keeps what never became whole apart', () => {
    const splitter = new SseSplitter()
    splitter.push(Buffer.from('data: 1\n\ndata: {"half'))
    assert.equal(Buffer.from(splitter.rest()).toString(), 'data: {"half')
  })

  it('hands on an event without an end in parts, and holds none of it', () => {
    const splitter = new SseSplitter()
    const part = Buffer.alloc(700_000, 'x')
    assert.equal(splitter.push(part).length, 0)
    assert.equal(splitter.push(part)[0]?.bytes.length, 1_400_000)
    assert.equal(splitter.isInsideOversized, true)
    assert.equal(splitter.push(part)[0]?.bytes.length, 700_000)
    assert.equal(splitter.push(Buffer.from('\n\n'))[0]?.data, null)
    assert.equal(splitter.push(Buffer.from('data: 1\n\n'))[0]?.data, '1')
  })
})
