import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { brokenModels } from './broken-models.ts'
import { readGguf } from './gguf-reader.ts'
import { type LoadAnswer, type LoadResult, loadInChild } from './load-in-child.ts'
import { starterModelPath } from './starter.ts'
import { testAdapter, testModel } from './test-model.ts'
import { TINY_BERT_EMBEDDING_SIZE } from './tiny-bert.ts'

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}
const CALL = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city": "Paris"}' } }
const TOOL_TURNS = [
  { role: 'user', content: 'Rain?' },
  { role: 'assistant', content: '<think>\nLook.\n</think>\n\n', tool_calls: [CALL, CALL] },
  { role: 'tool', content: 'dry' },
  { role: 'tool', content: 'wet' },
]

for (const name of ['qwen3', 'deepseek-v3', 'deepseek-r1'] as const) {
  test(`the tiny ${name} loads and always generates the same tokens`, async () => {
    const path = await testModel(name)
    const [first, second, other] = loaded(await loadInChild([{ path }, { path }, { path, prompt: 'Another prompt' }]))
    assert.equal(first!.tokens!.length, 16)
    assert.ok(new Set(first!.tokens).size > 3, 'random weights should not get stuck at once')
    assert.deepEqual(second!.tokens, first!.tokens)
    assert.notDeepEqual(other!.tokens, first!.tokens)
  })
}

test('the tiny BERT embeds deterministically, and places texts with shared words closer', async () => {
  const embed = ['the cat sat on the house', 'the cat sat on a house', 'buyers pay invoices with money', 'ÄÖ 猫']
  const path = await testModel('bert')
  const [first, second] = loaded(
    await loadInChild([
      { path, embed },
      { path, embed },
    ]),
  )
  const [cat, otherCat, money, foreign] = first!.embeddings!
  assert.deepEqual(second!.embeddings, first!.embeddings)
  assert.equal(cat!.length, TINY_BERT_EMBEDDING_SIZE)
  assert.ok(cosine(cat!, otherCat!) > cosine(cat!, money!) + 0.1)
  assert.ok(foreign!.every(Number.isFinite))
})

test('adapters change what a model generates, each in its own way', async () => {
  const path = await testModel('qwen3')
  const [base, first, second] = loaded(
    await loadInChild([
      { path },
      { path, lora: await testAdapter(path, 1) },
      { path, lora: await testAdapter(path, 2) },
    ]),
  )
  assert.notDeepEqual(first!.tokens, base!.tokens)
  assert.notDeepEqual(second!.tokens, base!.tokens)
  assert.notDeepEqual(second!.tokens, first!.tokens)
})

test('an adapter made for the real starter changes what it generates', async () => {
  const path = await starterModelPath()
  const [base, adapted] = loaded(await loadInChild([{ path }, { path, lora: await testAdapter(path) }]))
  assert.notDeepEqual(adapted!.tokens, base!.tokens)
})

test('an adapter for another architecture is refused, not applied', async () => {
  const lora = await testAdapter(await testModel('qwen3'))
  const [answer] = await loadInChild([{ path: await testModel('deepseek-v3'), lora }])
  assert.equal(answer!.outcome, 'error')
})

test('special tokens are one token each, and text around them keeps its bytes', async () => {
  const [qwen] = loaded(
    await loadInChild([
      { path: await testModel('qwen3'), tokenize: ['<tool_call>', '</think><|im_end|>', 'é猫\u0000'] },
    ]),
  )
  assert.deepEqual(
    qwen!.tokenized!.map((tokens) => tokens.length),
    [1, 2, 6],
  )
  const [deepseek] = loaded(
    await loadInChild([
      { path: await testModel('deepseek-v3'), tokenize: ['<｜User｜>', '<｜tool▁calls▁begin｜><think>'] },
    ]),
  )
  assert.deepEqual(
    deepseek!.tokenized!.map((tokens) => tokens.length),
    [1, 2],
  )
})

test("the Qwen3 template renders tools, calls, answers and thoughts in the family's form", async () => {
  const [plain, quiet, history, tools, turns] = await rendered('qwen3', [
    { messages: [{ role: 'user', content: 'Hi' }], add_generation_prompt: true },
    { messages: [{ role: 'user', content: 'Hi' }], add_generation_prompt: true, enable_thinking: false },
    {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: '<think>\nGreet.\n</think>\n\nHello' },
        { role: 'user', content: 'Bye' },
      ],
    },
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Rain?' },
      ],
      tools: [WEATHER],
      add_generation_prompt: true,
    },
    { messages: TOOL_TURNS, add_generation_prompt: true },
  ])
  assert.equal(plain, '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n')
  assert.equal(quiet, `${plain}<think>\n\n</think>\n\n`)
  assert.equal(
    history,
    '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n',
  )
  assert.equal(
    tools,
    `<|im_start|>system
Be brief.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
<|im_start|>user
Rain?<|im_end|>
<|im_start|>assistant
`,
  )
  assert.equal(
    turns,
    `<|im_start|>user
Rain?<|im_end|>
<|im_start|>assistant
<think>
Look.
</think>

<tool_call>
{"name": "get_weather", "arguments": {"city": "Paris"}}
</tool_call>
<tool_call>
{"name": "get_weather", "arguments": {"city": "Paris"}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
dry
</tool_response>
<tool_response>
wet
</tool_response><|im_end|>
<|im_start|>assistant
`,
  )
})

test('the DeepSeek templates render tools and turns between special tokens, and only R1 opens a think block', async () => {
  const asked = {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Greet.</think>Hello' },
      { role: 'user', content: 'Bye' },
    ],
    bos_token: '<｜begin▁of▁sentence｜>',
    add_generation_prompt: true,
  }
  const answered = { messages: TOOL_TURNS, bos_token: '<｜begin▁of▁sentence｜>', add_generation_prompt: true }
  const withTools = { ...asked, tools: [WEATHER] }
  const [v3, turns, tools] = await rendered('deepseek-v3', [asked, answered, withTools])
  const [r1] = await rendered('deepseek-r1', [asked])
  assert.equal(
    v3,
    '<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hi<｜Assistant｜>Hello<｜end▁of▁sentence｜><｜User｜>Bye<｜Assistant｜>',
  )
  assert.equal(r1, `${v3}<think>\n`)
  const call =
    '<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜>'
  assert.equal(
    turns,
    `<｜begin▁of▁sentence｜><｜User｜>Rain?<｜Assistant｜>\n\n<｜tool▁calls▁begin｜>${call}\n${call}<｜tool▁calls▁end｜><｜end▁of▁sentence｜>` +
      '<｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>dry<｜tool▁output▁end｜>\n<｜tool▁output▁begin｜>wet<｜tool▁output▁end｜><｜tool▁outputs▁end｜>',
  )
  assert.match(tools!, /### get_weather\nDescription: Weather of a city\n\nParameters: \{"type": "object"/)
})

test('models are made once, and two makings give the same bytes', async () => {
  const path = await testModel('qwen3')
  assert.equal(await testModel('qwen3'), path)
  const { tinyQwen3File } = await import('./tiny-qwen3.ts')
  const { encodeGguf } = await import('./gguf-writer.ts')
  assert.ok(Buffer.from(encodeGguf(tinyQwen3File())).equals(readFileSync(path)))
  assert.ok(readGguf(readFileSync(path)).file.tensors.length > 40)
})

test('no broken model loads, and exactly the marked ones kill the process that tries', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-broken-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const broken = brokenModels(folder, await testModel('qwen3'))
  assert.ok(broken.length >= 24)
  assert.equal(new Set(broken.map(({ name }) => name)).size, broken.length)
  const results = await loadInChild(broken.map(({ path }) => ({ path })))
  const outcomes = broken.map(({ name }, index) => [name, results[index]!.outcome])
  const expected = broken.map(({ name, nativeCrash }) => [name, nativeCrash ? 'crash' : 'error'])
  assert.deepEqual(Object.fromEntries(outcomes), Object.fromEntries(expected))
})

async function rendered(
  name: 'qwen3' | 'deepseek-v3' | 'deepseek-r1',
  render: readonly Record<string, unknown>[],
): Promise<string[]> {
  const [answer] = loaded(await loadInChild([{ path: await testModel(name), render }]))
  return answer!.rendered!
}

function loaded(results: readonly LoadResult[]): Extract<LoadAnswer, { outcome: 'loaded' }>[] {
  return results.map((result) => {
    if (result.outcome !== 'loaded') throw new Error(`the model did not load: ${JSON.stringify(result)}`)
    return result
  })
}

function cosine(left: readonly number[], right: readonly number[]): number {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, index) => sum + value * b[index]!, 0)
  return dot(left, right) / Math.sqrt(dot(left, left) * dot(right, right))
}
