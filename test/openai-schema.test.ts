import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPENAI_SCHEMA_MISSING, openaiSchema } from './openai-schema.ts'

const schema = openaiSchema()

test('the schema check tells right replies from wrong ones', { skip: schema === null && OPENAI_SCHEMA_MISSING }, () => {
  const chunk = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content: 'x' }, logprobs: null, finish_reason: null }],
    usage: null,
  }
  assert.deepEqual(schema?.check('CreateChatCompletionStreamResponse', chunk), [])
  assert.notDeepEqual(schema?.check('CreateChatCompletionStreamResponse', { ...chunk, created: 'today' }), [])
  const [choice] = chunk.choices
  const wrong = { ...chunk, choices: [{ ...choice, finish_reason: 'cancelled' }] }
  assert.notDeepEqual(schema?.check('CreateChatCompletionStreamResponse', wrong), [])
})
