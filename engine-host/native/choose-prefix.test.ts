import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { choosePrefix, type IdleSequence, type PrefixQuestion, type PrefixSource } from './choose-prefix.ts'

const source = (changes: Partial<PrefixSource>): PrefixSource => {
  const position = changes.position ?? 100
  return { sequence: 0, shared: position, planned: position, busy: false, ...changes, position }
}
const idle = (changes: Partial<IdleSequence>): IdleSequence => ({
  sequence: 0,
  position: 0,
  lastUsed: 0,
  covered: false,
  ...changes,
})
const ask = (changes: Partial<PrefixQuestion>) =>
  choosePrefix({ promptTokens: 120, sources: [], idle: [], diskShared: 0, canCut: true, ...changes })

test('without any free sequence nothing can be placed', () => {
  assert.deepEqual(ask({ sources: [source({ busy: true })] }), { kind: 'none' })
})

test('an idle sequence that the prompt continues is reused where it is', () => {
  const placement = ask({
    sources: [source({ sequence: 1, position: 100, shared: 97 })],
    idle: [idle({ sequence: 0 }), idle({ sequence: 1, position: 100 })],
  })
  assert.deepEqual(placement, { kind: 'place', into: 1, keep: 97, copyFrom: null, fromDisk: false })
})

test('an idle sequence with another long ending is copied where there is room, else cut', () => {
  const sources = [source({ sequence: 1, position: 400, shared: 60 })]
  const cached = idle({ sequence: 1, position: 400, lastUsed: 5 })
  const room = ask({ sources, idle: [cached, idle({ sequence: 2 })] })
  assert.deepEqual(room, { kind: 'place', into: 2, keep: 60, copyFrom: 1, fromDisk: false })
  const older = ask({ sources, idle: [cached, idle({ sequence: 2, position: 50, lastUsed: 3 })] })
  assert.deepEqual(older, { kind: 'place', into: 2, keep: 60, copyFrom: 1, fromDisk: false })
  const none = ask({ sources, idle: [cached, idle({ sequence: 2, position: 50, lastUsed: 9 })] })
  assert.deepEqual(none, { kind: 'place', into: 1, keep: 60, copyFrom: null, fromDisk: false })
})

test('a busy sequence is copied', () => {
  const placement = ask({ sources: [source({ sequence: 1, busy: true })], idle: [idle({ sequence: 2 })] })
  assert.deepEqual(placement, { kind: 'place', into: 2, keep: 100, copyFrom: 1, fromDisk: false })
})

test('a request waits for the one that is computing its beginning now', () => {
  const donor = source({ sequence: 1, busy: true, position: 32, planned: 110, shared: 100 })
  assert.deepEqual(ask({ sources: [donor], idle: [idle({ sequence: 2 })] }), { kind: 'wait', for: 1, upTo: 100 })
  const done = { ...donor, position: 100 }
  assert.equal(ask({ sources: [done], idle: [idle({ sequence: 2 })] }).kind, 'place')
})

test('a file on disk is read where it has much more than memory', () => {
  const sources = [source({ sequence: 1, position: 40, shared: 40, busy: true })]
  const free = [idle({ sequence: 2 })]
  assert.deepEqual(ask({ sources, idle: free, diskShared: 90 }), {
    kind: 'place',
    into: 2,
    keep: 90,
    copyFrom: null,
    fromDisk: true,
  })
  assert.deepEqual(ask({ sources, idle: free, diskShared: 50 }), {
    kind: 'place',
    into: 2,
    keep: 40,
    copyFrom: 1,
    fromDisk: false,
  })
})

test('a sequence that cannot be cut is used only whole', () => {
  const free = [idle({ sequence: 2 })]
  const longer = source({ sequence: 1, position: 100, shared: 90, busy: true })
  assert.deepEqual(ask({ sources: [longer], idle: free, canCut: false }), {
    kind: 'place',
    into: 2,
    keep: 0,
    copyFrom: null,
    fromDisk: false,
  })
  const whole = { ...longer, position: 90 }
  assert.deepEqual(ask({ sources: [whole], idle: free, canCut: false }), {
    kind: 'place',
    into: 2,
    keep: 90,
    copyFrom: 1,
    fromDisk: false,
  })
})

test('whatever is asked, a placement is into a free sequence, keeps what is really shared, and leaves a token to compute', () => {
  const sequences = fc.uniqueArray(
    fc.record({
      sequence: fc.integer({ min: 0, max: 7 }),
      position: fc.integer({ min: 0, max: 200 }),
      more: fc.integer({ min: 0, max: 100 }),
      shared: fc.integer({ min: 1, max: 200 }),
      busy: fc.boolean(),
      lastUsed: fc.integer({ min: 0, max: 9 }),
      covered: fc.boolean(),
      known: fc.boolean(),
    }),
    { selector: ({ sequence }) => sequence, maxLength: 8 },
  )
  fc.assert(
    fc.property(sequences, fc.integer({ min: 1, max: 220 }), fc.nat(220), fc.boolean(), (all, prompt, disk, canCut) => {
      const sources = all
        .filter(({ known }) => known)
        .map(({ position, more, shared, busy, ...one }): PrefixSource => {
          const planned = busy ? position + more : position
          return { sequence: one.sequence, position, planned, busy, shared: Math.min(shared, planned, prompt) }
        })
        .filter(({ shared }) => shared > 0)
      const free = all.filter(({ busy }) => !busy)
      const diskShared = Math.min(disk, prompt)
      const placement = choosePrefix({ promptTokens: prompt, sources, idle: free, diskShared, canCut })
      if (placement.kind === 'none') {
        assert.equal(free.length, 0)
        return
      }
      if (placement.kind === 'wait') {
        const donor = sources.find(({ sequence }) => sequence === placement.for)!
        assert.ok(donor.busy && donor.position < placement.upTo && placement.upTo <= donor.shared)
        return
      }
      assert.ok(free.some(({ sequence }) => sequence === placement.into))
      assert.ok(placement.keep <= prompt - 1)
      if (placement.fromDisk) {
        assert.ok(placement.keep <= diskShared)
        if (!canCut) assert.equal(placement.keep, diskShared)
        return
      }
      if (placement.keep === 0) return
      const from = sources.find(({ sequence }) => sequence === (placement.copyFrom ?? placement.into))!
      assert.ok(placement.keep <= from.shared && placement.keep <= from.position)
      if (!canCut) assert.equal(placement.keep, from.position)
    }),
    { numRuns: 500 },
  )
})
