/**
 * Qwen and DeepSeek architectures through the public API: tiny models of random weights, so what they say is nonsense,
 * and how it is asked, parsed, called and adapted is the real thing.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type OpenAI from 'openai'
import { NotFoundError } from 'openai'
import type { ChatCompletionCreateParamsNonStreaming, ChatCompletionMessage } from 'openai/resources/chat/completions'
import { type TestModelName, testAdapter, testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const FILES = ['qwen3', 'deepseek-v3', 'deepseek-r1'] as const satisfies TestModelName[]
const CHAT_MODELS = FILES.map((name) => `tiny-${name}` as const)

let product: Product
let client: OpenAI

before(async () => {
  product = await startProduct({ starter: false })
  client = product.openai()
  for (const name of FILES) {
    await product.importModel(`tiny-${name}`, await testModel(name))
    await product.load(`tiny-${name}`)
  }
})
after(() => product.stop())

function question(model: string): ChatCompletionCreateParamsNonStreaming {
  return { model, messages: [{ role: 'user', content: 'Hi' }], temperature: 0, max_tokens: 40, ...{ ignore_eos: true } }
}

async function answer(model: string): Promise<ThinkingMessage> {
  const { choices } = await client.chat.completions.create(question(model))
  return choices[0]!.message
}

/** The field in which reasoning models answer, which the package's types do not know. */
type ThinkingMessage = ChatCompletionMessage & { reasoning_content?: string }

function textOf({ content, reasoning_content }: ThinkingMessage): string {
  return `${reasoning_content ?? ''}|${content ?? ''}`
}

describe('models of each architecture, all loaded at once', () => {
  for (const name of CHAT_MODELS) {
    it(`${name} answers, and says the same again`, async () => {
      const first = textOf(await answer(name))
      assert.ok(first.length > 10)
      assert.equal(textOf(await answer(name)), first)
      assert.equal((await product.engine(name)).path, 'native')
    })
  }

  it('answer at the same time, each in its own words', async () => {
    const alone = new Map<string, string>()
    for (const name of CHAT_MODELS) alone.set(name, textOf(await answer(name)))
    const together = await Promise.all(CHAT_MODELS.flatMap((name) => [answer(name), answer(name)]))
    assert.deepEqual(
      together.map(textOf),
      CHAT_MODELS.flatMap((name) => [alone.get(name), alone.get(name)]),
    )
    assert.equal(new Set(alone.values()).size, CHAT_MODELS.length)
  })

  for (const [name, prompt] of [
    ['tiny-qwen3', '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n'],
    ['tiny-deepseek-v3', '<｜begin▁of▁sentence｜><｜User｜>Hi<｜Assistant｜>'],
    ['tiny-deepseek-r1', '<｜begin▁of▁sentence｜><｜User｜>Hi<｜Assistant｜><think>\n'],
  ] as const) {
    it(`${name} is asked through its own template`, async () => {
      const asked = await product.post('/tokenize', { model: name, messages: [{ role: 'user', content: 'Hi' }] })
      const { tokens } = (await asked.json()) as { tokens: number[] }
      const shown = await product.post('/detokenize', { model: name, tokens })
      assert.equal(((await shown.json()) as { prompt: string }).prompt, prompt)
    })
  }

  it('what R1 says before it closes its thoughts is no content', async () => {
    const { content, reasoning_content } = await answer('tiny-deepseek-r1')
    assert.ok((reasoning_content ?? '').length > 10)
    assert.ok(!content)
    const { usage } = await client.chat.completions.create(question('tiny-deepseek-r1'))
    assert.equal(usage?.completion_tokens_details?.reasoning_tokens, usage?.completion_tokens)
  })

  for (const name of ['tiny-qwen3', 'tiny-deepseek-v3']) {
    it(`a forced call of ${name} comes through its own parser, whole and streamed`, async () => {
      const request = {
        model: name,
        messages: [{ role: 'user', content: 'Weather?' }],
        tools: [
          {
            type: 'function',
            function: {
              name: 'get_weather',
              parameters: {
                type: 'object',
                properties: { city: { enum: ['Paris', 'Oslo'] }, days: { type: 'integer', minimum: 1, maximum: 3 } },
                required: ['city', 'days'],
                additionalProperties: false,
              },
            },
          },
        ],
        tool_choice: { type: 'function', function: { name: 'get_weather' } },
        max_tokens: 300,
        seed: 1,
        ...{ enable_thinking: false },
      } satisfies ChatCompletionCreateParamsNonStreaming
      const whole = (await client.chat.completions.create(request)).choices[0]!
      const streamed = await client.chat.completions.stream(request).finalChatCompletion()
      for (const { tool_calls, content } of [whole.message, streamed.choices[0]!.message]) {
        assert.equal(tool_calls?.length, 1, JSON.stringify(whole))
        assert.ok(!content, 'marks of the call are no text')
        const [call] = tool_calls
        assert.ok(call?.type === 'function')
        const query = JSON.parse(call.function.arguments) as { city: string; days: number }
        assert.deepEqual(Object.keys(query), ['city', 'days'])
        assert.ok(['Paris', 'Oslo'].includes(query.city) && [1, 2, 3].includes(query.days))
      }
    })
  }
})

describe('adapters', () => {
  it('are added while the base serves, answer under their own names, and go again', async () => {
    const base = await testModel('qwen3')
    const before = textOf(await answer('tiny-qwen3'))
    const { engine_id } = await product.engine('tiny-qwen3')
    for (const [name, seed] of [
      ['tuned-1', 1],
      ['tuned-2', 2],
    ] as const) {
      const added = await product.ask('POST', '/api/models/tiny-qwen3/adapters', {
        name,
        path: await testAdapter(base, seed),
      })
      assert.equal(added.status, 201, JSON.stringify(added.body))
    }
    const listed = async () => (await client.models.list()).data.map(({ id }) => id)
    await product.until('the adapters have routes', async () => (await listed()).includes('tuned-2'))
    const [first, second, plain] = (await Promise.all(['tuned-1', 'tuned-2', 'tiny-qwen3'].map(answer))).map(textOf)
    assert.equal(plain, before, 'the base is as it was')
    assert.equal(new Set([first, second, plain]).size, 3)
    const engine = await product.engine('tiny-qwen3')
    assert.deepEqual([engine.engine_id, engine.restarts], [engine_id, 0], 'the base was not restarted')
    const record = await product.until('the record arrives', async () =>
      (await product.usage()).find(({ model }) => model === 'tuned-1'),
    )
    assert.equal(record.adapter, 'tuned-1')

    // An engine that starts anew has them from the start.
    assert.equal((await product.ask('POST', '/api/models/tiny-qwen3/unload')).status, 200)
    assert.equal(textOf(await answer('tuned-2')), second)
    assert.equal((await product.ask('DELETE', '/api/adapters/tuned-1')).status, 204)
    await product.until('its route is gone', async () => !(await listed()).includes('tuned-1'))
    await assert.rejects(answer('tuned-1'), NotFoundError)
    assert.equal(textOf(await answer('tuned-2')), second)
  })

  it('one for another architecture is refused, loaded base or not, and the base serves on', async () => {
    const lora = await testAdapter(await testModel('qwen3'), 1)
    for (const before of ['loaded', 'not loaded']) {
      if (before === 'not loaded')
        assert.equal((await product.ask('POST', '/api/models/tiny-deepseek-v3/unload')).status, 200)
      const { status, body } = await product.ask('POST', '/api/models/tiny-deepseek-v3/adapters', {
        name: 'alien',
        path: lora,
      })
      assert.ok(status >= 400 && status < 500, `${status} ${JSON.stringify(body)}`)
      assert.match((body as { error: { code: string } }).error.code, /^[a-z]+\.[a-z_]+$/)
      assert.ok(textOf(await answer('tiny-deepseek-v3')).length > 10)
      assert.ok(!(await client.models.list()).data.some(({ id }) => id === 'alien'))
    }
    const nowhere = await product.ask('POST', '/api/models/nobody-knows/adapters', { name: 'lost', path: lora })
    assert.deepEqual(
      [nowhere.status, (nowhere.body as { error: { code: string } }).error.code],
      [404, 'catalog.model_unknown'],
    )
  })
})
