import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clientOf, parametersOf } from './request-parameters.ts'
import { scanBody } from './scan-body.ts'

const parameters = (body: object | string) => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const { body_bytes, ...rest } = parametersOf(bytes, scanBody(bytes))
  assert.equal(body_bytes, bytes.length)
  return rest
}

describe('the parameters of a request', () => {
  it('are its settings as sent, and the sizes of its lists', () => {
    const sent = {
      model: 'm',
      messages: [{ role: 'user', content: 'hello' }, {}, {}],
      stream: true,
      temperature: 0.7,
      top_p: 1,
      max_tokens: 64,
      n: 2,
      stop: ['END', 'STOP'],
      seed: 42,
      logprobs: true,
      top_logprobs: 3,
      tools: [{ type: 'function', function: { name: 'look_up' } }],
      tool_choice: { type: 'function', function: { name: 'look_up' } },
      response_format: { type: 'json_schema', json_schema: { name: 'secret_shape', schema: {} } },
      chat_template_kwargs: { enable_thinking: false },
    }
    assert.deepEqual(parameters(sent), {
      stream: true,
      messages: 3,
      tools: 1,
      stops: 2,
      max_tokens: 64,
      n: 2,
      temperature: 0.7,
      top_p: 1,
      seed: 42,
      top_logprobs: 3,
      logprobs: true,
      tool_choice: 'named',
      response_format: 'json_schema',
      enable_thinking: false,
    })
  })

  it('say nothing of what was not sent', () => {
    assert.deepEqual(parameters({ model: 'm', prompt: 'x' }), { stream: false, prompts: 1 })
    assert.deepEqual(parameters({ model: 'm', input: ['a', 'b'], temperature: null }), { stream: false, inputs: 2 })
  })

  it('hold no text of the user, wherever he puts it', () => {
    const word = 'MARKER'
    const noted = ['messages', 'prompt', 'input', 'tools', 'stop', 'temperature', 'seed', 'logprobs', 'tool_choice']
    const more = ['response_format', 'reasoning_effort', 'reasoning', 'thinking', 'encoding_format', 'dimensions']
    const values = [word, [word], { [word]: word }, { type: word, effort: word, enable_thinking: word }]
    for (const value of values)
      for (const name of [...noted, ...more, 'chat_template_kwargs', word])
        assert.doesNotMatch(JSON.stringify(parameters({ model: 'm', [name]: value })), new RegExp(word))
  })

  it('stay small, whatever is sent', () => {
    const body = {
      model: 'm',
      temperature: 1,
      seed: 7,
      response_format: { type: 'json_schema', x: 'y'.repeat(100_000) },
    }
    assert.deepEqual(parameters(body), { stream: false, temperature: 1, seed: 7, response_format: 'other' })
    assert.deepEqual(parameters(`{"model":"m","seed":${'1'.repeat(400)},"top_p":1e999}`), { stream: false })
  })

  it('know the ways to ask for thoughts', () => {
    assert.equal(parameters({ model: 'm', reasoning_effort: 'high' }).reasoning_effort, 'high')
    assert.equal(parameters({ model: 'm', reasoning: { effort: 'low' } }).reasoning_effort, 'low')
    assert.equal(parameters({ model: 'm', chat_template_kwargs: { thinking: true } }).enable_thinking, true)
    assert.equal(parameters({ model: 'm', enable_thinking: true }).enable_thinking, true)
  })
})

describe("the client's software", () => {
  it('is its family and version', () => {
    assert.equal(clientOf('OpenAI/Python 2.1.0'), 'OpenAI/Python 2.1.0')
    assert.equal(clientOf('curl/8.5.0'), 'curl/8.5.0')
    assert.equal(clientOf('node'), 'node')
    assert.equal(clientOf('LangChain/0.3.1 (linux; a machine called ada)'), 'LangChain/0.3.1')
    const chrome =
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'
    assert.equal(clientOf(chrome), 'Chrome/141.0.0.0')
    assert.equal(clientOf(`${chrome} Edg/141.0.1`), 'Edge/141.0.1')
    assert.equal(clientOf('Mozilla/5.0 (Macintosh) AppleWebKit/605 Version/18.1 Safari/605'), 'Safari/18.1')
  })

  it('is cut at 80 characters, and nothing where there is no name', () => {
    assert.equal(clientOf(undefined), null)
    assert.equal(clientOf('(!)'), null)
    assert.ok((clientOf(`${'a'.repeat(200)}/${'1'.repeat(200)} 1${'2'.repeat(90)}`) ?? '').length <= 80)
  })
})
