import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesInWords } from './bytes-in-words.ts'
import { parseModelReference } from './model-reference.ts'

test('an id is taken in lower case; a file of the hub is named by its file', () => {
  assert.deepEqual(parseModelReference(' Qwen3-8B '), { kind: 'id', id: 'qwen3-8b' })
  assert.deepEqual(parseModelReference('hf:Owner/Repo/sub/Name-Q4_K_M.gguf'), {
    kind: 'hub',
    id: 'name-q4_k_m',
    place: { kind: 'hub', repo: 'Owner/Repo', file: 'sub/Name-Q4_K_M.gguf' },
  })
  const pinned = parseModelReference('hf:o/r/a.gguf@v1.0')
  assert.equal(pinned.kind === 'hub' && pinned.place.revision, 'v1.0')
})

for (const bad of [
  '',
  '../x',
  'a b',
  'hf:owner/file.gguf',
  'hf:o/r/file.bin',
  'hf:o/../x.gguf',
  'hf:o/r/../x.gguf',
  'hf:../r/x.gguf',
  'x'.repeat(97),
  '-x',
]) {
  test(`${JSON.stringify(bad.slice(0, 30))} names no model`, () => {
    assert.throws(() => parseModelReference(bad), { code: 'catalog.model_id_malformed' })
  })
}

test('bytes are said as disks are sold', () => {
  const cases: [number, string][] = [
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [98_362_432, '98.4 MB'],
    [999_600, '1.0 MB'],
    [639_446_688, '639 MB'],
    [4.9e12, '4.9 TB'],
    [5e15, '5000 TB'],
  ]
  for (const [bytes, words] of cases) assert.equal(bytesInWords(bytes), words)
})
