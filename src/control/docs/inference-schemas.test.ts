/** Holds the documented shapes equal to what the engine host reads and writes, in both directions. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Type } from 'typebox'
import { readChatRequest } from '../../../engine-host/openai/chat-request.ts'
import { readCompletionRequest } from '../../../engine-host/openai/completion-request.ts'
import { answerEmbedding } from '../../../engine-host/openai/embedding-answer.ts'
import type { Call, Host } from '../../../engine-host/openai/host.ts'
import { PreparationTurns } from '../../../engine-host/openai/preparation.ts'
import { RequestError } from '../../../engine-host/openai/request-error.ts'
import { RunningRequests } from '../../../engine-host/openai/running-requests.ts'
import { answerDetokenize, answerTokenize } from '../../../engine-host/openai/tokenize-answer.ts'
import { type ScriptedOptions, scriptedEngine } from '../../../engine-host/scripted-engine.ts'
import { createEngineServer } from '../../../engine-host/server.ts'
import { socketClient } from '../../../engine-host/socket-client.ts'
import * as shapes from './inference-schemas.ts'
import type { Schema } from './openapi.ts'

const VOCABULARY_SIZE = 100
const context = { vocabularySize: VOCABULARY_SIZE, contextTokens: 4096, samplingDefaults: {}, usageHeader: undefined }
const messages = [{ role: 'user', content: 'Hello' }]
const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }

const readers: { name: string; schema: Schema; base: Body; read: (body: Body) => unknown; refused: string[] }[] = [
  {
    name: 'a chat',
    schema: asSchema(shapes.ChatRequest),
    base: { model: 'm', messages },
    read: (body) => readChatRequest(body, context),
    refused: ['audio', 'prediction', 'web_search_options', 'functions', 'function_call'],
  },
  {
    name: 'a text completion',
    schema: asSchema(shapes.CompletionRequest),
    base: { model: 'm', prompt: 'Once' },
    read: (body) => readCompletionRequest(body, context),
    refused: ['suffix'],
  },
]
type Body = Record<string, unknown>

describe('every documented field is read, and every field that is read is documented:', () => {
  for (const { name, schema, base, read, refused } of readers) {
    it(`of ${name}`, () => {
      const { body, asked } = watched(base)
      read(body)
      assert.deepEqual([...asked].sort(), [...propertiesOf(schema), ...refused].sort())
      for (const field of refused)
        assert.equal(refusalOf(() => read({ ...base, [field]: {} }))?.code, 'unsupported_parameter', field)
      for (const field of shapes.WITHOUT_EFFECT) {
        assert.ok(!asked.has(field), `${field} has an effect`)
        assert.deepEqual(read({ ...base, [field]: 'anything' }), read(base))
      }
    })
  }

  it('of an embedding', async () => {
    const { body, asked } = watched({ model: 'm', input: 'a cat' })
    await answerEmbedding(host('embedding'), call(body))
    assert.deepEqual([...asked].sort(), propertiesOf(asSchema(shapes.EmbeddingRequest)).sort())
  })

  it('of what is to be made tokens', async () => {
    // With messages, everything that a chat knows is read; documented is what decides on the tokens.
    const text = watched({ model: 'm', prompt: 'a cat' })
    await answerTokenize(host('chat'), call(text.body))
    const chat = watched({ model: 'm', messages })
    await answerTokenize(host('chat'), call(chat.body))
    const asked = new Set([...text.asked, ...chat.asked, 'model'])
    for (const field of propertiesOf(asSchema(shapes.TokenizeRequest))) assert.ok(asked.has(field), field)
    const readByChat = new Set(propertiesOf(asSchema(shapes.ChatRequest)).concat(readers[0]?.refused ?? []))
    const own = ['add_special_tokens', 'prompt', 'return_token_strs', 'return_tokens']
    assert.deepEqual([...asked].filter((field) => !readByChat.has(field)).sort(), own)
  })

  it('of tokens that are to be made text', async () => {
    const { body, asked } = watched({ model: 'm', tokens: [] })
    await answerDetokenize(host('chat'), call(body))
    asked.add('model') // read by the gateway, which finds the engine with it
    assert.deepEqual([...asked].sort(), propertiesOf(asSchema(shapes.DetokenizeRequest)).sort())
  })

  it('of a message, in each role', () => {
    const asked = new Set<string>()
    for (const role of ['system', 'developer', 'user', 'assistant', 'tool', 'function']) {
      const message = watched({ role, content: 'Hello', tool_call_id: 'call_1' })
      readChatRequest({ messages: [message.body] }, context)
      for (const field of message.asked) asked.add(field)
    }
    const silent = watched({ role: 'assistant', refusal: 'no' })
    readChatRequest({ messages: [silent.body] }, context)
    for (const field of silent.asked) asked.add(field)
    for (const older of ['function_call', 'reasoning']) asked.delete(older) // read for older clients, named in words only
    assert.deepEqual([...asked].sort(), propertiesOf(asSchema(shapes.ChatMessage)).sort())
  })
})

describe('bounds and defaults are those that are read:', () => {
  for (const { name, schema, base, read } of readers) {
    for (const [field, property] of Object.entries(schema.properties as Record<string, Schema>)) {
      const needs: Body = field === 'top_logprobs' ? { logprobs: true } : field === 'best_of' ? { n: 20 } : {}
      const codeOf = (value: unknown) => refusalOf(() => read({ ...base, ...needs, [field]: value }))?.code ?? null
      const { minimum, maximum, default: otherwise, type } = property as { [bound: string]: number }
      if (minimum !== undefined)
        it(`${field} of ${name} is at least ${minimum}`, () => {
          assert.equal(codeOf(minimum), null)
          assert.match(codeOf(minimum - 0.005) ?? '', /_below_min_value|invalid_type/)
          assert.match(codeOf(minimum - 1) ?? '', /_below_min_value/)
        })
      if (maximum !== undefined)
        it(`${field} of ${name} is at most ${maximum}`, () => {
          assert.equal(codeOf(maximum), null)
          assert.match(codeOf(maximum + 1) ?? '', /_above_max_value/)
        })
      if (otherwise !== undefined)
        it(`${field} of ${name} is ${JSON.stringify(otherwise)} by default`, () => {
          assert.deepEqual(read({ ...base, [field]: otherwise }), read(base))
        })
      if (type !== undefined && typeof type === 'string')
        it(`${field} of ${name} is of type ${type}, and null counts as absent where it may be`, () => {
          const wrong = type === ('string' as unknown) ? 5 : 'x'
          assert.match(codeOf(wrong) ?? '', /invalid_type/)
          if (!(schema.required as string[]).includes(field)) assert.equal(codeOf(null), null)
        })
    }
  }

  it('an integer field takes no fraction', () => {
    for (const { schema, base, read } of readers)
      for (const [field, property] of Object.entries(schema.properties as Record<string, Schema>))
        if (property.type === 'integer')
          assert.equal(
            refusalOf(() => read({ ...base, logprobs: undefined, [field]: 1.5 }))?.code,
            'invalid_type',
            field,
          )
  })

  it('lists are as long as they may be, and no longer', () => {
    const read = readers[0]?.read ?? assert.fail()
    assert.equal(
      refusalOf(() => read({ messages, stop: ['a', 'b', 'c', 'd'] })),
      null,
    )
    assert.equal(refusalOf(() => read({ messages, stop: ['a', 'b', 'c', 'd', 'e'] }))?.code, 'array_above_max_length')
    assert.equal(refusalOf(() => read({ messages: [] }))?.code, 'empty_array')
  })
})

describe('what the engine host answers has the documented shape and nothing else:', () => {
  const thinks: ScriptedOptions = { script: () => ['<think>', 'hm', '</think>', 'Hello', ' there'] }
  const calls: ScriptedOptions = {
    script: () => ['<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'],
  }

  it('a chat', async (t) => {
    const client = await engineHost(t, thinks, 'think')
    const { json } = await client.post('/v1/chat/completions', { messages, n: 2, logprobs: true, top_logprobs: 2 })
    assert.equal(json.choices[0].message.reasoning_content, 'hm')
    assertShape(shapes.ChatCompletion, json)
  })

  it('a chat that calls', async (t) => {
    const client = await engineHost(t, calls)
    const { json } = await client.post('/v1/chat/completions', { messages, tools: [weather] })
    assert.equal(json.choices[0].message.tool_calls.length, 1)
    assertShape(shapes.ChatCompletion, json)
  })

  it('each event of a chat, with thoughts, calls, log-probabilities and counts', async (t) => {
    const streamed = { messages, stream: true, stream_options: { include_usage: true } }
    const thinking = await (await engineHost(t, thinks, 'think')).stream('/v1/chat/completions', {
      ...streamed,
      logprobs: true,
    })
    const calling = await (await engineHost(t, calls)).stream('/v1/chat/completions', { ...streamed, tools: [weather] })
    const events = [...thinking.events, ...calling.events]
    assert.ok(events.some((event) => event.choices[0]?.delta.tool_calls))
    assert.ok(events.some((event) => event.usage))
    for (const event of events) assertShape(shapes.ChatChunk, event)
  })

  it('a text completion and each event of one', async (t) => {
    const client = await engineHost(t, { script: () => ['Hello', ' there'] })
    const { json } = await client.post('/v1/completions', { prompt: 'Once', logprobs: 2 })
    assertShape(shapes.Completion, json)
    const { events } = await client.stream('/v1/completions', {
      prompt: 'Once',
      logprobs: 2,
      stream: true,
      stream_options: { include_usage: true },
    })
    for (const event of events) assertShape(shapes.CompletionChunk, event)
  })

  it('embeddings, as numbers and as text', async (t) => {
    const client = await engineHost(t, { script: () => [], embed: () => [1, 0, 0, 0] }, 'none', 'embedding')
    for (const encoding_format of ['float', 'base64']) {
      const { json } = await client.post('/v1/embeddings', { input: ['a cat', 'a dog'], encoding_format })
      assertShape(shapes.EmbeddingList, json)
    }
  })

  it('tokens and their text', async (t) => {
    const client = await engineHost(t, { script: () => [] })
    const { json } = await client.post('/tokenize', { prompt: 'Hello there' })
    assertShape(shapes.Tokens, json)
    assertShape(shapes.DetokenizedText, (await client.post('/detokenize', { tokens: json.tokens })).json)
  })
})

/** A body that notes which of its fields somebody asks for. */
function watched(fields: Body): { body: Body; asked: Set<string> } {
  const asked = new Set<string>()
  const body = new Proxy(fields, {
    getOwnPropertyDescriptor(target, name) {
      asked.add(String(name))
      return Reflect.getOwnPropertyDescriptor(target, name)
    },
  })
  return { body, asked }
}

function propertiesOf(schema: Schema): string[] {
  return Object.keys(schema.properties as object)
}

function refusalOf(work: () => unknown): RequestError | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof RequestError) return error
    throw error
  }
}

function host(task: Host['task']): Host {
  return {
    engine: scriptedEngine({ script: () => [], embed: () => [1, 0, 0, 0] }),
    task,
    modelName: 'scripted',
    samplingDefaults: {},
    toolParser: 'hermes',
    reasoningParser: 'none',
    running: new RunningRequests(),
    turns: new PreparationTurns(),
    nowS: () => 0,
  }
}

function call(body: unknown): Call {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  return {
    body,
    response,
    requestId: 'r',
    salt: 's',
    share: '',
    adapter: null,
    disk: false,
    arrived: () => undefined,
    usage: undefined,
  }
}

async function engineHost(
  t: TestContext,
  options: ScriptedOptions,
  reasoningParser: 'think' | 'none' = 'none',
  task: Host['task'] = 'chat',
) {
  const folder = mkdtempSync(join(tmpdir(), 'tw-shapes-'))
  const server = createEngineServer({
    spec: { engineId: 'eng_test', modelName: 'scripted', task, toolParser: 'hermes', reasoningParser },
    nowMs: () => 1_795_000_000_000,
    log: () => {},
  })
  server.http.listen(join(folder, 'engine.sock'))
  await once(server.http, 'listening')
  server.ready(scriptedEngine(options))
  t.after(async () => {
    await server.close(0)
    rmSync(folder, { recursive: true, force: true })
  })
  return socketClient(join(folder, 'engine.sock'))
}

/** Valid, and without a field that the shape does not know. */
function assertShape(shape: Type.TSchema, value: unknown): void {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  const check = ajv.compile(closed(JSON.parse(JSON.stringify(shape))) as object)
  assert.ok(check(value), `${JSON.stringify(check.errors)} in ${JSON.stringify(value)}`)
}

/** No object may hold more than it declares. Names go, since the same shape may stand in several places. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const { $id: _name, ...rest } = schema as Schema
  const within = Object.fromEntries(Object.entries(rest).map(([keyword, value]) => [keyword, closed(value)]))
  return 'properties' in within && within.type === 'object' ? { ...within, additionalProperties: false } : within
}

function asSchema(shape: Type.TSchema): Schema {
  return shape as unknown as Schema
}
