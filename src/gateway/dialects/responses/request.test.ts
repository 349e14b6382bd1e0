import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AppError } from '../../../platform/errors.ts'
import type { Json } from '../fields.ts'
import { chatMessages, type Item } from './items.ts'
import { sealedReasoning } from './reasoning.ts'
import { readResponseRequest } from './request.ts'

const read = (change: Json = {}) => readResponseRequest({ model: 'm', input: 'Hello', ...change })
const messages = (change: Json) => {
  const { instructions, input } = read(change)
  return chatMessages(instructions, input as Item[])
}

/** What a refusal names. */
function refused(change: Json, code: string, param: string, words = /./): void {
  assert.throws(
    () => read(change),
    (error) => {
      assert.ok(error instanceof AppError)
      assert.equal(error.code, code)
      assert.equal(error.data.param, param)
      assert.match(error.message, words)
      return true
    },
  )
}

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather',
  parameters: { type: 'object' },
  strict: true,
}

describe('a conversation', () => {
  it('is a text, with instructions before it', () => {
    assert.deepEqual(messages({ instructions: 'Be brief.' }), [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ])
  })

  it('is items, of which those of an assistant in a row are one turn', () => {
    const input = [
      { role: 'developer', content: 'Use tools.' },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Rain' },
          { type: 'input_text', text: 'in Oslo?' },
        ],
      },
      { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 'Look.' }] },
      {
        type: 'message',
        role: 'assistant',
        id: 'msg_1',
        status: 'completed',
        content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' },
      { type: 'function_call', call_id: 'call_2', name: 'get_weather', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'Rain.' },
      { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'Sun.' }] },
    ]
    assert.deepEqual(messages({ input, instructions: 'Be brief.' }), [
      { role: 'system', content: 'Be brief.\nUse tools.' },
      { role: 'user', content: 'Rain\nin Oslo?' },
      {
        role: 'assistant',
        content: 'I look.',
        reasoning_content: 'Look.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
          { id: 'call_2', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'Rain.' },
      { role: 'tool', tool_call_id: 'call_2', content: 'Sun.' },
    ])
  })

  it('has images, and refusals as the words that they are', () => {
    const image = { type: 'input_image', image_url: 'https://pictures.example/a.png' }
    const input = [
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      { role: 'user', content: [{ type: 'input_text', text: 'This?' }, image] },
    ]
    assert.deepEqual(messages({ input }), [
      { role: 'assistant', content: 'No.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'This?' },
          { type: 'image_url', image_url: { url: image.image_url, detail: 'auto' } },
        ],
      },
    ])
  })

  it('gives a model its thoughts back, in the fullest form that came', () => {
    const summary = [{ type: 'summary_text', text: 'short' }]
    const thought = (rest: Json) => messages({ input: [{ type: 'reasoning', id: 'rs_1', summary, ...rest }] })[0]
    assert.equal(thought({})?.reasoning_content, 'short')
    assert.equal(thought({ encrypted_content: sealedReasoning('long €') })?.reasoning_content, 'long €')
    assert.equal(thought({ encrypted_content: 'gAAAA of somebody else' })?.reasoning_content, 'short')
    const content = [{ type: 'reasoning_text', text: 'longest' }]
    assert.equal(thought({ content, encrypted_content: sealedReasoning('long') })?.reasoning_content, 'longest')
  })

  it('that is none is refused with its place', () => {
    refused({ input: undefined }, 'missing_required_parameter', 'input')
    refused({ input: 5 }, 'invalid_type', 'input')
    refused({ input: [{ role: 'robot', content: 'x' }] }, 'invalid_value', 'input.0.role')
    refused({ input: [{ role: 'user' }] }, 'missing_required_parameter', 'input.0.content')
    refused(
      { input: [{ type: 'web_search_call', id: 'x' }] },
      'unsupported_parameter',
      'input.0.type',
      /function_call_output/,
    )
    refused(
      { input: [{ role: 'user', content: [{ type: 'input_file' }] }] },
      'unsupported_parameter',
      'input.0.content.0.type',
    )
    refused(
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
      'unsupported_parameter',
      'input.0.content.0.file_id',
    )
  })
})

describe('what an engine is asked besides', () => {
  it('is nothing where nothing is said', () => {
    assert.deepEqual(read().chat, {})
    assert.equal(read().store, true)
  })

  it('are tools, and which of them may or must be called', () => {
    const tool = {
      type: 'function',
      function: { name: 'get_weather', description: 'Weather', parameters: { type: 'object' }, strict: true },
    }
    const tools = [WEATHER, { type: 'function', name: 'b' }, { type: 'web_search' }]
    assert.deepEqual(read({ tools, parallel_tool_calls: false }).chat, {
      tools: [tool, { type: 'function', function: { name: 'b' } }],
      parallel_tool_calls: false,
    })
    const chosen = { type: 'function', name: 'b' }
    assert.deepEqual(read({ tools, tool_choice: chosen }).chat.tool_choice, {
      type: 'function',
      function: { name: 'b' },
    })
    assert.equal(read({ tools, tool_choice: 'required' }).chat.tool_choice, 'required')
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'get_weather' }] }
    const { chat, echo } = read({ tools, tool_choice: allowed })
    assert.deepEqual([chat.tools, chat.tool_choice], [[tool], 'required'])
    assert.deepEqual(echo.tool_choice, allowed)
    assert.deepEqual(
      (echo.tools as Json[]).map(({ name }) => name),
      ['get_weather', 'b'],
    )
  })

  it('is a format, an effort, bounds and sampling', () => {
    const schema = { type: 'object' }
    const { chat, echo } = read({
      text: { format: { type: 'json_schema', name: 'x', schema, strict: true }, verbosity: 'low' },
      reasoning: { effort: 'low' },
      max_output_tokens: 20,
      temperature: 0,
      top_p: 0.5,
      top_logprobs: 2,
      stream: true,
    })
    assert.deepEqual(chat, {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } },
      reasoning_effort: 'low',
      temperature: 0,
      top_p: 0.5,
      logprobs: true,
      top_logprobs: 2,
      max_tokens: 20,
      stream: true,
    })
    assert.deepEqual(echo.text, { format: { type: 'json_schema', name: 'x', schema, strict: true }, verbosity: 'low' })
    assert.deepEqual(read({ include: ['message.output_text.logprobs'] }).chat, { logprobs: true, top_logprobs: 0 })
    assert.deepEqual(read({ text: { format: { type: 'json_object' } } }).chat, {
      response_format: { type: 'json_object' },
    })
  })

  it('takes what clients always send, and says it back', () => {
    const sent = { user: 'u', safety_identifier: 's', prompt_cache_key: 'k', metadata: { a: 'b' } }
    const rest = {
      service_tier: 'auto',
      truncation: 'auto',
      background: false,
      stream_options: { include_obfuscation: false },
    }
    const { chat, echo } = read({ ...sent, ...rest, client_metadata: { x: 1 }, conversation: null })
    assert.deepEqual(chat, {})
    for (const [name, value] of Object.entries(sent)) assert.deepEqual(echo[name], value)
    assert.equal(echo.truncation, 'disabled')
    assert.equal(echo.service_tier, 'default')
  })

  it('is refused where it would change the answer and is not served', () => {
    refused({ background: true }, 'unsupported_parameter', 'background')
    refused({ conversation: 'conv_1' }, 'unsupported_parameter', 'conversation', /previous_response_id/)
    refused({ prompt: { id: 'pmpt_1' } }, 'unsupported_parameter', 'prompt')
    refused({ tools: [{ type: 'file_search' }] }, 'unsupported_parameter', 'tools.0.type', /what is: function/)
    refused({ tools: [WEATHER], tool_choice: { type: 'mcp' } }, 'unsupported_parameter', 'tool_choice.type')
    refused({ tools: [{ type: 'web_search' }], tool_choice: 'required' }, 'invalid_value', 'tool_choice')
    refused({ reasoning: { effort: 'much' } }, 'invalid_value', 'reasoning.effort')
    refused({ text: { format: { type: 'grammar' } } }, 'invalid_value', 'text.format.type')
    refused({ metadata: { a: 1 } }, 'invalid_type', 'metadata.a')
    refused({ top_logprobs: 21 }, 'invalid_value', 'top_logprobs')
    refused({ model: undefined }, 'missing_required_parameter', 'model')
  })
})
