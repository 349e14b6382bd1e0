import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idFor, isId, repositoryIn } from './repository-name.ts'

test('names, addresses and references all name a repository', () => {
  const name = 'Qwen/Qwen3-0.6B-GGUF'
  for (const text of [
    name,
    ` ${name} `,
    `https://hub.example/${name}`,
    `https://hub.example/${name}/blob/main/a.gguf?download=true`,
    `hf:${name}/Qwen3-0.6B-Q8_0.gguf`,
  ])
    assert.equal(repositoryIn(text), name, text)
  for (const text of ['', 'Qwen', 'https://hub.example/', '../etc/passwd', 'a b/c'])
    assert.equal(repositoryIn(text), null)
})

test('a file suggests an id that the server takes', () => {
  assert.equal(idFor('/srv/models/My Model (Q4_K_M).gguf'), 'my-model-q4_k_m')
  assert.equal(idFor('C:\\weights\\Tiny.GGUF'), 'tiny')
  assert.equal(idFor('/srv/模型.gguf'), '')
  assert.ok(isId('my-model-q4_k_m'))
  assert.ok(!isId('') && !isId('-a') && !isId('A'))
})
