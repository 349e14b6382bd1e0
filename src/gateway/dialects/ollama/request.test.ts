import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FieldInvalid, FieldMissing, FieldOfWrongType, FieldUnsupported } from '../../errors.ts'
import { chatRequest, embeddingsRequest, embedRequest, generateRequest } from './request.ts'

const hello = { role: 'user', content: 'Hello' }
const chat = (more: object = {}) => chatRequest({ model: 'm', messages: [hello], ...more }).body
const PNG = 'iVBORw0KGgoAAAANSUhEUg=='

describe('a chat', () => {
  it('is a stream unless it says otherwise, and its model has one version', () => {
    assert.deepEqual(chatRequest({ model: 'org/m:latest', messages: [hello] }), {
      kind: 'chat',
      body: { model: 'org/m', stream: true, messages: [hello] },
    })
    assert.equal(chat({ stream: false }).stream, false)
    assert.equal(chatRequest({ name: 'm', messages: [hello] }).body.model, 'm')
    assert.equal(chat({ model: 'm:7b' }).model, 'm:7b')
  })

  it('with its options says them in our words, those of a load without effect', () => {
    const options = {
      temperature: 0.1,
      top_p: 0.9,
      top_k: 20,
      min_p: 0.05,
      seed: 7,
      num_predict: 12,
      stop: ['a', 'b'],
      repeat_penalty: 1.1,
      presence_penalty: 0.2,
      frequency_penalty: 0.3,
      num_ctx: 8192,
      num_gpu: 99,
      mirostat: 0,
    }
    const { model: _, stream: __, messages: ___, ...said } = chat({ options, keep_alive: '5m', unheard_of: 1 })
    assert.deepEqual(said, {
      temperature: 0.1,
      top_p: 0.9,
      top_k: 20,
      min_p: 0.05,
      repetition_penalty: 1.1,
      presence_penalty: 0.2,
      frequency_penalty: 0.3,
      seed: 7,
      max_tokens: 12,
      stop: ['a', 'b'],
    })
    assert.deepEqual(chat({ options: { num_predict: -1, seed: -1, stop: null } }), chat())
    assert.deepEqual(chat({ options: { stop: 'x' } }).stop, ['x'])
    assert.throws(() => chat({ options: { mirostat: 2 } }), FieldUnsupported)
    assert.throws(() => chat({ options: { num_predict: 'many' } }), FieldOfWrongType)
  })

  it('has its form as JSON or as a schema of it', () => {
    const schema = { type: 'object', properties: {} }
    assert.deepEqual(chat({ format: 'json' }).response_format, { type: 'json_object' })
    assert.deepEqual(chat({ format: schema }).response_format, {
      type: 'json_schema',
      json_schema: { name: 'answer', schema },
    })
    assert.deepEqual(chat({ format: '' }), chat())
    assert.throws(() => chat({ format: 'xml' }), FieldInvalid)
  })

  it('thinks as it says, and as the model will where it says nothing', () => {
    assert.deepEqual(chat({ think: false }).chat_template_kwargs, { enable_thinking: false, thinking: false })
    assert.deepEqual(chat({ think: true }).chat_template_kwargs, { enable_thinking: true, thinking: true })
    assert.equal(chat({ think: 'high' }).reasoning_effort, 'high')
    assert.deepEqual(chat({ think: null }), chat())
    assert.throws(() => chat({ think: 'much' }), FieldInvalid)
  })

  it('that goes on after tools says which call each result answers', () => {
    const made = (name: string, args?: object) => ({ function: { name, ...(args ? { arguments: args } : {}) } })
    const messages = [
      hello,
      { role: 'assistant', content: '', thinking: 'Hm', tool_calls: [made('a', { x: 1 }), made('b'), made('a')] },
      { role: 'tool', tool_name: 'b', content: 'B' },
      { role: 'tool', tool_name: 'a', content: 'A' },
      { role: 'tool', content: 'A2' },
      { role: 'tool', content: 'stray' },
    ]
    const call = (index: number, name: string, args: string) => ({
      id: `call_${index}`,
      type: 'function',
      function: { name, arguments: args },
    })
    assert.deepEqual(chat({ messages }).messages, [
      hello,
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Hm',
        tool_calls: [call(0, 'a', '{"x":1}'), call(1, 'b', '{}'), call(2, 'a', '{}')],
      },
      { role: 'tool', content: 'B', tool_call_id: 'call_1' },
      { role: 'tool', content: 'A', tool_call_id: 'call_0' },
      { role: 'tool', content: 'A2', tool_call_id: 'call_2' },
      { role: 'tool', content: 'stray' },
    ])
  })

  it('keeps the ids of calls where the client has them', () => {
    const messages = [
      { role: 'assistant', tool_calls: [{ id: 'c9', function: { name: 'a', arguments: {} } }] },
      { role: 'tool', tool_call_id: 'c9', content: 'A' },
    ]
    const [asked, answered] = chat({ messages }).messages as [{ tool_calls: { id: string }[] }, object]
    assert.equal(asked.tool_calls[0]?.id, 'c9')
    assert.deepEqual(answered, { role: 'tool', content: 'A', tool_call_id: 'c9' })
  })

  it('shows images by what their first bytes say they are', () => {
    const messages = [{ ...hello, images: [PNG, 'data:image/gif;base64,R0lGOD'] }]
    assert.deepEqual(chat({ messages }).messages, [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hello' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
          { type: 'image_url', image_url: { url: 'data:image/gif;base64,R0lGOD' } },
        ],
      },
    ])
    assert.throws(() => chat({ messages: [{ ...hello, images: ['AAAA'] }] }), /messages\.0\.images\.0/)
  })

  it('that cannot be what it is, is refused by the name of its field', () => {
    assert.throws(() => chatRequest({ messages: [hello] }), FieldMissing)
    assert.throws(() => chatRequest([]), FieldOfWrongType)
    assert.throws(() => chat({ messages: [{ role: 'boss', content: '' }] }), FieldInvalid)
    assert.throws(() => chat({ messages: [{ role: 'assistant', tool_calls: [{ function: {} }] }] }), FieldMissing)
  })

  it('of nothing loads the model, and cannot unload it', () => {
    const load = { kind: 'load', body: { model: 'm', prompt: '', return_tokens: false } }
    assert.deepEqual(chatRequest({ model: 'm' }), load)
    assert.deepEqual(chatRequest({ model: 'm', messages: [], keep_alive: '10m' }), load)
    for (const keep_alive of [0, '0', '0s'])
      assert.throws(() => chatRequest({ model: 'm', keep_alive }), FieldUnsupported)
    assert.equal(generateRequest({ model: 'm' }).kind, 'load')
    assert.equal(embedRequest({ model: 'm', input: '' }).kind, 'load')
    assert.equal(embedRequest({ model: 'm', input: [] }).kind, 'load')
    assert.equal(embeddingsRequest({ model: 'm' }).kind, 'load')
  })
})

describe('a text to be generated', () => {
  it('answers a prompt through the template of the model', () => {
    assert.deepEqual(generateRequest({ model: 'm', prompt: 'Hi', system: 'Be brief.', images: [PNG] }).body.messages, [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
        ],
      },
    ])
  })

  it('goes on with a raw prompt, which nothing else goes with', () => {
    const raw = { model: 'm', prompt: 'Once', raw: true }
    assert.deepEqual(generateRequest({ ...raw, options: { num_predict: 3 }, format: '', images: [] }), {
      kind: 'completion',
      body: { model: 'm', stream: true, prompt: 'Once', max_tokens: 3 },
    })
    for (const more of [{ system: 'x' }, { format: 'json' }, { think: true }, { images: [PNG] }, { logprobs: true }])
      assert.throws(() => generateRequest({ ...raw, ...more }), FieldUnsupported)
  })

  it('is refused what would change it', () => {
    for (const more of [{ suffix: 'x' }, { template: '{{ .Prompt }}' }, { context: [1, 2] }])
      assert.throws(() => generateRequest({ model: 'm', prompt: 'x', ...more }), FieldUnsupported)
    assert.equal(generateRequest({ model: 'm', prompt: 'x', suffix: '', template: '', context: [] }).kind, 'chat')
  })
})

it('vectors are asked for of one text or several', () => {
  assert.deepEqual(embedRequest({ model: 'm', input: ['a', 'b'], truncate: true, dimensions: 8 }), {
    kind: 'embedding',
    body: { model: 'm', input: ['a', 'b'], dimensions: 8 },
  })
  assert.deepEqual(embeddingsRequest({ model: 'm:latest', prompt: 'a' }).body, { model: 'm', input: 'a' })
})
