import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gguf } from '@huggingface/gguf'
import fc from 'fast-check'
import { readGguf } from './gguf-reader.ts'
import { encodeGguf, f32, type GgufArray, type GgufFile, type GgufValue, halfBits, tensor, u32 } from './gguf-writer.ts'

const uint16 = fc.nat(2 ** 16 - 1)
const scalar: fc.Arbitrary<GgufValue> = fc.oneof(
  typed('uint8', fc.nat(255)),
  typed('int8', fc.integer({ min: -128, max: 127 })),
  typed('uint16', uint16),
  typed('int16', fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
  typed('uint32', fc.nat(2 ** 32 - 1)),
  typed('int32', fc.integer()),
  typed('float32', fc.float()),
  typed('float64', fc.double()),
  typed('bool', fc.boolean()),
  typed('string', fc.string({ unit: 'grapheme' })),
  typed('uint64', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  typed('int64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
)
const array: fc.Arbitrary<GgufArray> = fc.oneof(
  arrayOf('uint16', uint16),
  arrayOf('float32', fc.float()),
  arrayOf('string', fc.string()),
  arrayOf('bool', fc.boolean()),
  arrayOf('int64', fc.bigInt({ min: -9n, max: 9n })),
  arrayOf('array', arrayOf('uint16', uint16)),
)
const file: fc.Arbitrary<GgufFile> = fc.record({
  metadata: fc
    .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.oneof(scalar, array)), {
      selector: ([key]) => key,
    })
    .map((entries) => new Map([['general.alignment', u32(64)] as [string, GgufValue], ...entries])),
  tensors: fc
    .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 5 })), { selector: ([name]) => name })
    .map((tensors) => tensors.map(([name, rows]) => tensor(name, [16, rows], 'f32', new Float32Array(16 * rows)))),
})

test('what is written is read back, whatever the types', () => {
  fc.assert(
    fc.property(file, (written) => {
      const { file: read } = readGguf(encodeGguf(written))
      assert.deepEqual(read.metadata, written.metadata)
      assert.deepEqual(
        read.tensors.map((each) => ({ ...each, data: [...each.data] })),
        written.tensors.map((each) => ({ ...each, data: [...each.data] })),
      )
    }),
  )
})

test('the Hugging Face reader finds the same metadata, shapes and data offset', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-gguf-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'three.gguf')
  const bytes = encodeGguf({
    metadata: new Map<string, GgufValue>([
      ['general.architecture', { type: 'string', value: 'qwen3' }],
      ['general.alignment', u32(128)],
      ['a.ratio', f32(0.5)],
      ['a.list', { type: 'array', of: 'int32', value: [1, -2, 3] }],
    ]),
    tensors: [
      tensor('one', [32, 3], 'q8_0', new Float32Array(96).fill(0.25)),
      tensor('two', [2, 2, 2], 'f16', new Float32Array(8).fill(1)),
      tensor('three', [5], 'f32', new Float32Array(5).fill(-1)),
    ],
  })
  writeFileSync(path, bytes)
  const read = await gguf(path, { allowLocalFile: true })
  assert.equal(read.metadata['general.architecture'], 'qwen3')
  assert.deepEqual((read.metadata as Record<string, unknown>)['a.list'], [1, -2, 3])
  assert.deepEqual(
    read.tensorInfos.map(({ name, shape, dtype, offset }) => ({ name, shape: shape.map(Number), dtype, offset })),
    [
      { name: 'one', shape: [32, 3], dtype: 8, offset: 0n },
      { name: 'two', shape: [2, 2, 2], dtype: 1, offset: 128n },
      { name: 'three', shape: [5], dtype: 0, offset: 256n },
    ],
  )
  assert.equal(Number(read.tensorDataOffset), readGguf(bytes).layout.dataAt)
})

test('half-precision bits decode to the nearest half', () => {
  assert.deepEqual(
    [0, -0, 1, -2, 65504, 65520, 2 ** -24, 2 ** -26, 1 + 2 ** -11, 1 + 3 * 2 ** -11].map(halfBits),
    [0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0x0001, 0x0000, 0x3c00, 0x3c02],
  )
  fc.assert(
    fc.property(fc.double({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const decoded = halfValue(halfBits(value))
      const step = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10))
      assert.ok(Math.abs(decoded - value) <= step / 2, `${value} became ${decoded}`)
    }),
  )
})

test('q8_0 keeps every value within half a step of its block', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 32, maxLength: 32 }), (values) => {
      const { data } = tensor('t', [32], 'q8_0', Float32Array.from(values))
      const view = new DataView(data.buffer)
      const step = halfValue(view.getUint16(0, true))
      const largest = Math.max(...values.map(Math.abs))
      values.forEach((value, index) => {
        // The scale itself is rounded to half precision: 2^-11 of the value, or one of its smallest steps per unit.
        const slack = step / 2 + largest * 2 ** -11 + 127 * 2 ** -25
        assert.ok(Math.abs(view.getInt8(2 + index) * step - value) <= slack)
      })
    }),
  )
})

test('a tensor whose numbers do not fill its shape is refused', () => {
  assert.throws(() => tensor('t', [3, 2], 'f32', new Float32Array(5)), RangeError)
  assert.throws(() => tensor('t', [16], 'q8_0', new Float32Array(16)), RangeError)
})

function typed<Type extends string, Value>(type: Type, values: fc.Arbitrary<Value>) {
  return values.map((value) => ({ type, value }))
}

function arrayOf<Of extends string, Value>(of: Of, items: fc.Arbitrary<Value>) {
  return fc.array(items).map((value) => ({ type: 'array' as const, of, value }))
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const mantissa = bits & 0x3ff
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25))
}
