import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { starterModelPath } from '../../test/models/starter.ts'
import { AppError } from '../platform/errors.ts'
import { type TinyGguf, tinyGguf } from './tiny-gguf.ts'
import { checkWeights } from './weights-check.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'tradewind-weights-'))
after(() => rmSync(FOLDER, { recursive: true, force: true }))

function check(content: Buffer) {
  const path = join(FOLDER, 'file')
  writeFileSync(path, content)
  return checkWeights(path, 'file')
}

function safetensors(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)])
}

const F32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
})

test('the real starter is read: architecture, parameters and context', async () => {
  const checked = await checkWeights(await starterModelPath())
  assert.equal(checked.kind, 'gguf')
  if (checked.kind !== 'gguf') return
  assert.equal(checked.header.metadata.get('general.architecture'), 'llama')
  assert.equal(checked.header.metadata.get('llama.context_length'), 8192)
  assert.equal(checked.header.mainType, 'Q4_1')
  assert.ok(Math.abs(checked.header.parameters - 134_515_008) < 1_000_000)
})

test('whole files are accepted', async () => {
  assert.equal((await check(tinyGguf())).kind, 'gguf')
  assert.equal((await check(tinyGguf({ version: 2 }))).kind, 'gguf')
  assert.equal(
    (await check(safetensors({ __metadata__: { format: 'pt' }, a: F32(0, 8), b: F32(8, 16) }, 16))).kind,
    'safetensors',
  )
})

test('a safetensors header whose length looks like a brace or a pickle is still read', async () => {
  for (const length of [91, 123, 128 + 2 * 256]) {
    const header = JSON.stringify({ a: F32(0, 8) })
    assert.equal((await check(safetensors(header.padEnd(length), 8))).kind, 'safetensors')
  }
})

const OTHERS: [name: string, content: Buffer | string, says: RegExp][] = [
  ['nothing', '', /empty/],
  ['a zip', 'PK\x03\x04aaaaaaaaaaaa', /zip archive/],
  ['a pickle', Buffer.from([0x80, 4, 0x95, 10, 0, 0, 0, 0, 0, 0, 0, 0]), /pickle/],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]), /gzip/],
  ['tar', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0'), Buffer.alloc(300)]), /tar archive/],
  ['a web page', '\n<!DOCTYPE html><html>', /web page/],
  ['JSON', '{"error":"Not found"}', /JSON/],
  ['an LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00', /git-lfs/],
  ['a program', '\x7fELF\x02\x01\x01\0\0\0\0\0', /program/],
  ['old GGML', 'lmggaaaaaaaaaaaa', /old GGML/],
  ['Keras', Buffer.from('\x89HDF\r\n\x1a\n\0\0\0\0', 'latin1'), /HDF5/],
  ['noise', Buffer.alloc(64, 0xa7), /neither GGUF nor safetensors/],
  ['five bytes', 'abcde', /fewer than 8/],
]

for (const [name, content, says] of OTHERS) {
  test(`${name} is refused by name`, async () => {
    await assert.rejects(check(Buffer.from(content as string, 'latin1')), {
      code: 'catalog.not_weights',
      message: says,
    })
  })
}

const BROKEN_GGUF: [name: string, options: TinyGguf, says: RegExp][] = [
  ['a version from the future', { version: 4 }, /version is 4/],
  ['a big-endian file', { version: 0x03000000 }, /big-endian/],
  ['a claim of 2^60 tensors', { tensorCount: 1n << 60n }, /impossibly large/],
  ['a claim of a billion tensors', { tensorCount: 1_000_000_000n }, /claims 1000000000 tensors/],
  ['a claim of a billion entries', { pairCount: 1_000_000_000n }, /claims 1000000000 metadata entries/],
  ['more tensors than there are', { tensorCount: 9n }, /cut short|impossibly|claims|dimensions/],
  ['no tensors', { tensors: [] }, /no tensors/],
  ['data cut short', { dataBytes: 100 }, /cut short/],
  ['an offset beyond the file', { tensors: [{ name: 'a', shape: [32], offset: 1 << 20 }] }, /cut short/],
  ['an offset off the alignment', { tensors: [{ name: 'a', shape: [32], offset: 3 }], dataBytes: 4096 }, /alignment/],
  ['five dimensions', { tensors: [{ name: 'a', shape: [1, 1, 1, 1, 1] }] }, /5 dimensions/],
  [
    'dimensions whose product overflows',
    { tensors: [{ name: 'a', shape: [2 ** 31, 2 ** 31, 2 ** 31] }], dataBytes: 64 },
    /impossible dimensions/,
  ],
  [
    'a tensor named twice',
    {
      tensors: [
        { name: 'a', shape: [32] },
        { name: 'a', shape: [32] },
      ],
    },
    /twice/,
  ],
  [
    'a key named twice',
    {
      metadata: [
        ['a', 1],
        ['a', 2],
      ],
    },
    /twice/,
  ],
  ['an alignment of 3', { metadata: [['general.alignment', 3]] }, /alignment is 3/],
  ['a quantised row that fills no block', { tensors: [{ name: 'a', shape: [33], type: 8 }] }, /whole blocks/],
]

for (const [name, options, says] of BROKEN_GGUF) {
  test(`GGUF with ${name} is refused`, async () => {
    await assert.rejects(check(tinyGguf(options)), { code: 'catalog.not_weights', message: says })
  })
}

const BROKEN_SAFETENSORS: [name: string, file: Buffer, says: RegExp][] = [
  ['a hole', safetensors({ a: F32(0, 8), b: F32(12, 16) }, 16), /hole/],
  ['an overlap', safetensors({ a: F32(0, 8), b: F32(4, 12) }, 12), /overlap/],
  ['an end past the data', safetensors({ a: F32(0, 800) }, 8), /past the 8 bytes/],
  ['something behind the tensors', safetensors({ a: F32(0, 8) }, 64), /something else/],
  ['a shape that does not match', safetensors({ a: F32(0, 8, [5]) }, 8), /need 20/],
  ['an overflowing shape', safetensors({ a: F32(0, 8, [2 ** 50, 2 ** 50]) }, 8), /need/],
  ['negative offsets', safetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [-8, 0] } }, 8), /proper offsets/],
  ['an unknown type', safetensors({ a: { dtype: 'PICKLE', shape: [2], data_offsets: [0, 8] } }, 8), /unknown type/],
  ['a header that is no JSON', safetensors('{"a": nonsense}', 8), /not JSON/],
  ['no tensors', safetensors({ __metadata__: {} }, 0), /no tensors/],
  ['a name of __proto__ and no data', safetensors('{"__proto__": 5}', 8), /unknown type|no tensors/],
]

for (const [name, file, says] of BROKEN_SAFETENSORS) {
  test(`safetensors with ${name} is refused`, async () => {
    await assert.rejects(check(file), { code: 'catalog.not_weights', message: says })
  })
}

test('no header, however broken, makes anything but a clear refusal', async () => {
  const whole = tinyGguf()
  const header = 4 + 4 + 8 + 8 + 300
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: header }), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 8,
      }),
      fc.integer({ min: 0, max: whole.length }),
      async (edits, length) => {
        const broken = Buffer.from(whole.subarray(0, length))
        for (const [at, value] of edits) if (at < broken.length) broken[at] = value
        await check(broken).catch((error) => assert.ok(error instanceof AppError, error))
      },
    ),
    { numRuns: 300 },
  )
})
