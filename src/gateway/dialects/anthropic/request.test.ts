import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Json } from '../fields.ts'
import { chatBody, tokenizeBody } from './request.ts'

const base = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }
const messagesOf = (messages: unknown[], more: Json = {}) => tokenizeBody({ ...base, messages, ...more }).messages
const refusal = (change: Json) => {
  try {
    chatBody({ ...base, ...change })
    return null
  } catch (error) {
    const { code, data } = error as { code: string; data: { param: string } }
    return [code, data.param]
  }
}

describe('a conversation', () => {
  it('begins with the system text, told as text or as blocks', () => {
    const expected = [
      { role: 'system', content: 'Be brief.\nBe kind.' },
      { role: 'user', content: 'Hello' },
    ]
    assert.deepEqual(messagesOf(base.messages, { system: 'Be brief.\nBe kind.' }), expected)
    const blocks = [
      { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'Be kind.' },
    ]
    assert.deepEqual(messagesOf(base.messages, { system: blocks }), expected)
  })

  it('takes images as they come, beside text', () => {
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'image', source: { type: 'url', url: 'https://pictures.example/a.png' } },
    ]
    assert.deepEqual(messagesOf([{ role: 'user', content }]), [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } },
        ],
      },
    ])
  })

  it('keeps thoughts, words and calls of an answer, and the order of several results', () => {
    const messages = [
      { role: 'user', content: 'Weather in Oslo and Kyoto?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Two calls.', signature: 'x' },
          { type: 'redacted_thinking', data: 'opaque' },
          { type: 'text', text: 'I look ' },
          { type: 'text', text: 'it up.' },
          { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } },
          { type: 'tool_use', id: 'toolu_2', name: 'weather', input: { city: 'Kyoto' } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_2',
            content: [{ type: 'text', text: 'no such city' }],
            is_error: true,
          },
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'rain' },
          { type: 'tool_result', tool_use_id: 'toolu_3' },
          { type: 'text', text: 'Well?' },
        ],
      },
    ]
    assert.deepEqual(messagesOf(messages), [
      { role: 'user', content: 'Weather in Oslo and Kyoto?' },
      {
        role: 'assistant',
        content: 'I look it up.',
        reasoning_content: 'Two calls.',
        tool_calls: [
          { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          { id: 'toolu_2', type: 'function', function: { name: 'weather', arguments: '{"city":"Kyoto"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'toolu_2', content: 'Error: no such city' },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'rain' },
      { role: 'tool', tool_call_id: 'toolu_3', content: '' },
      { role: 'user', content: 'Well?' },
    ])
  })

  it('joins turns of one role, and tells an answer of calls only without words', () => {
    const messages = [
      { role: 'user', content: 'One' },
      { role: 'user', content: [{ type: 'text', text: 'Two' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'now', input: {} }] },
    ]
    assert.deepEqual(messagesOf(messages), [
      { role: 'user', content: 'One\nTwo' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't', type: 'function', function: { name: 'now', arguments: '{}' } }],
      },
    ])
  })

  it('reads documents of text and results of a search as text', () => {
    const content = [
      { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'Rain.' } },
      { type: 'search_result', title: 'T', source: 'https://a.example', content: [{ type: 'text', text: 'Found.' }] },
    ]
    assert.deepEqual(messagesOf([{ role: 'user', content }]), [
      { role: 'user', content: 'Notes\nRain.\nT\nhttps://a.example\nFound.' },
    ])
  })
})

describe('settings', () => {
  it('are told in the words of a chat completion, and what has no effect is passed over', () => {
    const asked = {
      ...base,
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      service_tier: 'auto',
      cache_control: { type: 'ephemeral' },
      unheard_of: 1,
    }
    assert.deepEqual(chatBody(asked), {
      model: 'm',
      messages: base.messages,
      max_tokens: 10,
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop: ['END'],
      chat_template_kwargs: { enable_thinking: false, thinking: false },
    })
  })

  it('of tools: each choice, and no more than one call at a time', () => {
    const input_schema = { type: 'object', properties: { city: { type: 'string' } } }
    const tools = [{ name: 'weather', description: 'Weather', input_schema, cache_control: { type: 'ephemeral' } }]
    const chosen = (tool_choice?: Json) => {
      const { tools: _, tool_choice: choice, parallel_tool_calls } = chatBody({ ...base, tools, tool_choice })
      return [choice, parallel_tool_calls]
    }
    assert.deepEqual(chatBody({ ...base, tools }).tools, [
      { type: 'function', function: { name: 'weather', description: 'Weather', parameters: input_schema } },
    ])
    assert.deepEqual(chosen(), [undefined, undefined])
    assert.deepEqual(chosen({ type: 'auto', disable_parallel_tool_use: true }), ['auto', false])
    assert.deepEqual(chosen({ type: 'any' }), ['required', undefined])
    assert.deepEqual(chosen({ type: 'none' }), ['none', undefined])
    assert.deepEqual(chosen({ type: 'tool', name: 'weather' }), [
      { type: 'function', function: { name: 'weather' } },
      undefined,
    ])
  })

  it('of thinking: off unless asked for, with its budget and effort', () => {
    const kwargs = (change: Json) => chatBody({ ...base, ...change }).chat_template_kwargs
    assert.deepEqual(kwargs({}), { enable_thinking: false, thinking: false })
    assert.deepEqual(kwargs({ thinking: { type: 'disabled' } }), { enable_thinking: false, thinking: false })
    assert.deepEqual(kwargs({ thinking: { type: 'adaptive' } }), { enable_thinking: true, thinking: true })
    assert.deepEqual(kwargs({ thinking: { type: 'enabled', budget_tokens: 2048 } }), {
      enable_thinking: true,
      thinking: true,
      thinking_budget: 2048,
    })
    assert.equal(chatBody({ ...base, output_config: { effort: 'high' } }).reasoning_effort, 'high')
  })

  it('of a form that the answer must have', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } }
    assert.deepEqual(chatBody({ ...base, output_config: { format } }).response_format, {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: { type: 'object' } },
    })
  })
})

it('what is counted is the very prompt that is asked', () => {
  const asked = {
    ...base,
    system: 'Be brief.',
    tools: [{ name: 'now', input_schema: { type: 'object' } }],
    tool_choice: { type: 'any' },
    thinking: { type: 'adaptive' },
    output_config: { effort: 'low' },
  }
  const { max_tokens: _, ...prompt } = chatBody(asked)
  assert.deepEqual(tokenizeBody(asked), { ...prompt, return_tokens: false })
})

it('what cannot be honoured is refused by its name', () => {
  const cases: [Json, string, string][] = [
    [{ max_tokens: undefined }, 'missing_required_parameter', 'max_tokens'],
    [{ max_tokens: 0 }, 'invalid_value', 'max_tokens'],
    [{ max_tokens: 'many' }, 'invalid_type', 'max_tokens'],
    [{ model: undefined }, 'missing_required_parameter', 'model'],
    [{ messages: undefined }, 'missing_required_parameter', 'messages'],
    [{ messages: [] }, 'invalid_value', 'messages'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'invalid_value', 'messages.0.role'],
    [{ messages: [{ role: 'user' }] }, 'missing_required_parameter', 'messages.0.content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'invalid_type', 'messages.0.content'],
    [
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'missing_required_parameter',
      'messages.0.content.0.text',
    ],
    [{ messages: [...base.messages, { role: 'assistant', content: 'It' }] }, 'invalid_value', 'messages'],
    [
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', data: '' } }] }] },
      'unsupported_parameter',
      'messages.0.content.0.source.type',
    ],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'unsupported_parameter', 'tools.0.type'],
    [{ tools: [{ name: 'x' }] }, 'missing_required_parameter', 'tools.0.input_schema'],
    [{ mcp_servers: [{ name: 'x' }] }, 'unsupported_parameter', 'mcp_servers'],
    [{ stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, 'unsupported_parameter', 'stop_sequences'],
    [{ thinking: { type: 'sometimes' } }, 'invalid_value', 'thinking.type'],
  ]
  for (const [change, code, param] of cases) assert.deepEqual(refusal(change), [code, param])
})
