/**
 * Every shape of stream, through the gateway, in every dialect: whole, and broken off by an engine that dies. What is recorded
 * of the whole is the engine's own count, of a part no more; and no client takes a part for the whole.
 *
 * An engine dies before each event, in its middle, and at every 61st byte; with EVERY_CUT=1 at every byte, which takes minutes.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { UsageRecord } from '../billing/usage-record.ts'
import { keyOf, localReplica, routeOf } from './control-stand-in.ts'
import { chat, type PlainAnswer } from './plain-client.ts'
import { ScriptedUpstream } from './scripted-upstream.ts'
import { type StartedGateway, startGateway } from './started-gateway.ts'
import { STREAM_SHAPES, type StreamShape } from './stream-shapes.ts'

type DialectAsked = {
  path: string
  headers?: Record<string, string>
  body: object
  /** Whether its client would take this for a whole answer. */
  isWhole(text: string): boolean
  /** What such an answer says of its tokens; absent = this client is told nothing of them. */
  tokensOut?(text: string): number
  /** It asks for one choice, and tells no other. */
  tellsOne?: true
}

const messages = [{ role: 'user', content: 'Hi' }]
const lastNumber = (text: string, name: string) =>
  Number([...text.matchAll(new RegExp(`"${name}":(\\d+)`, 'g'))].at(-1)?.[1])

/** Clients look at the reasons: `[DONE]` is passed on as the engine wrote it. */
function isWholeChat(text: string): boolean {
  const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data as string))
  const choices = chunks.flatMap((chunk) => chunk.choices ?? [])
  const finished = new Set(choices.flatMap(({ index, finish_reason }) => (finish_reason ? [index] : [])))
  const isError = chunks.some((chunk) => chunk.error !== undefined)
  return text.trimEnd().endsWith('data: [DONE]') && !isError && choices.every(({ index }) => finished.has(index))
}

const DIALECTS: Record<string, DialectAsked> = {
  'OpenAI’s chat completions': {
    path: '/v1/chat/completions',
    body: { messages, stream: true, stream_options: { include_usage: true } },
    isWhole: isWholeChat,
  },
  'OpenAI’s responses': {
    path: '/v1/responses',
    body: { input: 'Hi', stream: true, store: false },
    isWhole: (text) => /^event: response\.(completed|incomplete)$/m.test(text),
    tokensOut: (text) => lastNumber(text, 'output_tokens'),
    tellsOne: true,
  },
  'Anthropic’s messages': {
    path: '/v1/messages',
    body: { messages, max_tokens: 100, stream: true },
    isWhole: (text) => /^event: message_stop$/m.test(text),
    tokensOut: (text) => lastNumber(text, 'output_tokens'),
    tellsOne: true,
  },
  'Ollama’s chat': {
    path: '/api/chat',
    body: { messages },
    isWhole: (text) => text.includes('"done":true'),
    tokensOut: (text) => lastNumber(text, 'eval_count'),
    tellsOne: true,
  },
  'DashScope’s generation': {
    path: '/api/v1/services/aigc/text-generation/generation',
    headers: { 'x-dashscope-sse': 'enable' },
    body: { input: { messages }, parameters: { result_format: 'message', incremental_output: true } },
    isWhole: (text) => /"finish_reason":"(stop|length|tool_calls)"/.test(text) && !/^event: ?error$/m.test(text),
    tokensOut: (text) => lastNumber(text, 'output_tokens'),
  },
}

let gateway: StartedGateway
let engine: ScriptedUpstream
/** What the engine sends before it dies; all of it = it ends in good order. */
let sent: { bytes: Buffer; dies: boolean }

before(async () => {
  let socketPath = ''
  const quick = { restartWaitMs: 0, queueMs: 0, wakeMs: 50, lastWordsMs: 100 }
  gateway = await startGateway(({ run }) => {
    socketPath = join(run, 'eng_1.sock')
    return { keys: [keyOf('tw-a')], routes: [routeOf('small', [localReplica('eng_1', socketPath)])] }
  }, quick)
  engine = await new ScriptedUpstream(socketPath, ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (!sent.dies) response.end(sent.bytes)
    else response.write(sent.bytes, () => response.destroy())
  }).start()
})
after(async () => {
  await gateway.close()
  await engine.kill()
})

async function ask({ path, headers = {}, body }: DialectAsked): Promise<{ answer: PlainAnswer; record: UsageRecord }> {
  const answer = await chat(gateway.port, 'tw-a', { model: 'small', ...body }, { path, headers })
  const record = gateway.records.find(({ id }) => id === answer.headers['x-request-id'])
  assert.ok(record, `no record of ${answer.status} ${answer.text}`)
  gateway.records.length = 0
  engine.calls.length = 0
  return { answer, record }
}

/** Where the engine dies. Never behind its `[DONE]`: then all was said. */
function cutsOf(stream: Buffer): number[] {
  const end = stream.indexOf('data: [DONE]') < 0 ? stream.length : stream.indexOf('data: [DONE]') + 'data: [DON'.length
  if (process.env.EVERY_CUT === '1') return Array.from({ length: end - 1 }, (_, at) => at + 1)
  const cuts = new Set<number>()
  for (let at = 61; at < end; at += stream.length > 4_000 ? 997 : 61) cuts.add(at)
  if (stream.length < 4_000) {
    for (let at = stream.indexOf('\n\n'); at >= 0; at = stream.indexOf('\n\n', at + 1))
      for (const cut of [at + 1, at + 2]) cuts.add(cut)
  }
  return [...cuts].filter((cut) => cut < end)
}

const hasSeveralChoices = ({ stream }: StreamShape) => stream.includes('"index":1,"delta"')

/** A shape that ends without `[DONE]` is not whole, whatever was said before. */
const endsWell = ({ stream, isWhole = true }: StreamShape) => isWhole && stream.includes('[DONE]')

for (const [dialect, asked] of Object.entries(DIALECTS)) {
  describe(dialect, () => {
    for (const shape of STREAM_SHAPES) {
      it(`of a stream with ${shape.name}`, async () => {
        sent = { bytes: shape.stream, dies: false }
        const { answer, record } = await ask(asked)
        assert.equal(record.tokensOut, shape.tokensOut)
        // Of several choices some engines tell single counts, which are told on as they are.
        const several = hasSeveralChoices(shape)
        if (!several || !asked.tellsOne)
          assert.equal(asked.isWhole(answer.text), endsWell(shape), answer.text.slice(-600))
        if (endsWell(shape) && shape.source === 'engine' && asked.tokensOut && !several)
          assert.equal(asked.tokensOut(answer.text), shape.tokensOut, answer.text.slice(-600))

        for (const cut of cutsOf(shape.stream)) {
          sent = { bytes: shape.stream.subarray(0, cut), dies: true }
          const { answer, record } = await ask(asked)
          const at = `cut at byte ${cut}: ${answer.text.slice(-300)}`
          assert.equal(answer.status === 200 && asked.isWhole(answer.text), false, at)
          if (!(shape.source === 'engine' && shape.tokensOut === 0)) assert.ok(record.tokensOut <= shape.tokensOut, at)
          assert.notEqual([record.cutBy, record.errorCode].join(), ',', at)
        }
      })
    }
  })
}
