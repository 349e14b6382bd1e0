import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, type Frame, type FrameKind, readFrames, type Trouble } from './frame.ts'

const kind = fc.constantFrom<FrameKind>('open', 'mark', 'close', 'void')
const record = fc.record({
  id: fc.string({ unit: 'binary' }),
  model: fc.string({ unit: 'binary' }),
  tokensOut: fc.nat(),
  note: fc.jsonValue(),
})
const entries = fc.array(fc.tuple(kind, record), { minLength: 1, maxLength: 6 })
const encoded = (of: [FrameKind, object][]) => of.map(([kind, value]) => encodeFrame(kind, value))
const endsOf = (frames: Buffer[]) =>
  frames.map((_, index) => frames.slice(0, index + 1).reduce((sum, frame) => sum + frame.length, 0))
const isFrame = (one: Frame | Trouble): one is Frame => one.kind !== 'torn' && one.kind !== 'damaged'
const said = (bytes: Buffer, isWhole = true) =>
  [...readFrames(bytes, isWhole)]
    .filter(isFrame)
    .map(({ kind, payload }) => [kind, JSON.parse(payload.toString()) as unknown])
const asSaid = (of: [FrameKind, object][]) => of.map(([kind, value]) => [kind, JSON.parse(JSON.stringify(value))])

describe('frames', () => {
  it('give back whatever was written, one after another', () => {
    fc.assert(fc.property(entries, (of) => assert.deepEqual(said(Buffer.concat(encoded(of))), asSaid(of))))
  })

  it('cut anywhere give back those before the cut, and call the rest torn', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (of, seed) => {
        const frames = encoded(of)
        const bytes = Buffer.concat(frames)
        const cut = seed % bytes.length
        const whole = endsOf(frames).filter((end) => end <= cut).length
        const found = [...readFrames(bytes.subarray(0, cut), true)]
        assert.deepEqual(said(bytes.subarray(0, cut)), asSaid(of.slice(0, whole)))
        const at = endsOf(frames)[whole - 1] ?? 0
        assert.deepEqual(found.slice(whole), at < cut ? [{ kind: 'torn', at, end: cut }] : [])
        // Where more may follow, nobody calls it anything yet.
        assert.equal([...readFrames(bytes.subarray(0, cut), false)].length, whole)
      }),
    )
  })

  it('show a changed byte wherever it is, and all others are still read', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (of, seed, change) => {
        const frames = encoded(of)
        const bytes = Buffer.concat(frames)
        const at = seed % bytes.length
        bytes[at] = (bytes[at] as number) ^ change
        const hit = endsOf(frames).findIndex((end) => end > at)
        assert.deepEqual(said(bytes), asSaid(of.filter((_, index) => index !== hit)))
        const end = endsOf(frames)[hit] as number
        const start = end - (frames[hit] as Buffer).length
        const trouble = [...readFrames(bytes, true)].filter((one) => !isFrame(one))
        assert.deepEqual(
          trouble.map(({ at, end }) => [at, end]),
          [[start, end]],
        )
        if (end < bytes.length) assert.equal(trouble[0]?.kind, 'damaged')
      }),
    )
  })

  it('read any bytes at all without losing count of one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        let at = 0
        for (const one of readFrames(Buffer.from(noise), true)) {
          assert.equal(one.at, at)
          assert.ok(one.end > at)
          at = one.end
        }
        assert.equal(at, noise.length)
      }),
    )
  })

  it('cannot be forged by what a client puts into a name: no frame begins inside another', () => {
    const inner = encodeFrame('close', { id: 'forged' }).toString('latin1')
    const outer = encodeFrame('close', { id: 'real', model: inner })
    outer[outer.length - 1] = 0
    assert.deepEqual(said(outer), [])
  })
})
