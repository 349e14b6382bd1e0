import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplerConfig } from './sampler-config.ts'
import { tokenBytes } from './vocabulary.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

test('byte-level tokens give their bytes, also half a character', () => {
  // 0xE7 0x8C 0xAB is 猫; GPT-2's table spells these bytes ç, Į and «.
  const vocabulary = { kind: 'gpt2', texts: ['Ġcat', 'çĮ', '«', 'Ċ', '<|end|>', '<tool>'], types: [1, 1, 1, 1, 3, 4] }
  assert.equal(text(tokenBytes(vocabulary, 0, false)), ' cat')
  assert.deepEqual([...tokenBytes(vocabulary, 1, false)], [0xe7, 0x8c])
  assert.deepEqual([...tokenBytes(vocabulary, 2, false)], [0xab])
  assert.equal(text(tokenBytes(vocabulary, 3, false)), '\n')
  assert.equal(text(tokenBytes(vocabulary, 4, false)), '')
  assert.equal(text(tokenBytes(vocabulary, 4, true)), '<|end|>')
  assert.equal(text(tokenBytes(vocabulary, 5, false)), '<tool>')
})

test('SentencePiece tokens give spaces for U+2581 and bytes for <0xNN>', () => {
  const vocabulary = { kind: 'llama', texts: ['▁the', '<0xE7>', '<0x0A>', '<unk>'], types: [1, 6, 6, 2] }
  assert.equal(text(tokenBytes(vocabulary, 0, false)), ' the')
  assert.deepEqual([...tokenBytes(vocabulary, 1, false)], [0xe7])
  assert.deepEqual([...tokenBytes(vocabulary, 2, true)], [0x0a])
  assert.equal(text(tokenBytes(vocabulary, 3, false)), '')
})

test('what is off is left out of the sampler, and a seed is always a real one', () => {
  const off = {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    seed: null,
    frequencyPenalty: 0,
    presencePenalty: 0,
    repeatPenalty: 1,
    logitBias: new Map<number, number>(),
    grammar: null,
  }
  assert.deepEqual(samplerConfig(off, [1, 2], 512, 7), { seed: 7 })
  assert.equal(samplerConfig({ ...off, seed: -1 }, [], 512, 7).seed, 0)
  assert.equal(samplerConfig({ ...off, seed: 2 ** 32 + 5 }, [], 512, 7).seed, 5)
  const frequency = samplerConfig({ ...off, frequencyPenalty: 1 }, [1, 2], 512, 7)
  assert.deepEqual([...frequency.repeatPenaltyTokens!], [])
  const repeat = samplerConfig({ ...off, repeatPenalty: 1.1 }, [1, 2], 512, 7)
  assert.deepEqual([...repeat.repeatPenaltyTokens!], [1, 2])
})
