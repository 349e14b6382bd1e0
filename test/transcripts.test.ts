/**
 * Sessions of coding agents, replayed against the gateway and the engine host as they are, above a model that says what the
 * transcript tells it to. Each agent sends back what it heard, and hears by its own rules.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ScriptStep, scriptedEngine } from '../engine-host/scripted-engine.ts'
import { createEngineServer } from '../engine-host/server.ts'
import type { UsageRecord } from '../src/billing/usage-record.ts'
import { keyOf, localReplica, routeOf } from '../src/gateway/control-stand-in.ts'
import { call, type PlainAnswer } from '../src/gateway/plain-client.ts'
import { type Listening, listenOn } from '../src/gateway/scripted-upstream.ts'
import { type StartedGateway, startGateway } from '../src/gateway/started-gateway.ts'
import { chatAgent } from './transcripts/chat-agent.ts'
import { messagesAgent } from './transcripts/messages-agent.ts'
import { responsesAgent } from './transcripts/responses-agent.ts'
import {
  type Agent,
  filled,
  type Heard,
  type Json,
  readTranscript,
  type Transcript,
  type Turn,
} from './transcripts/transcript.ts'

const AGENTS: Record<Transcript['speaks'], Agent> = {
  messages: messagesAgent,
  responses: responsesAgent,
  chat: chatAgent,
}
const CONTEXT_TOKENS = 131_072

/** What the model says next, and what it read last. */
let next: readonly ScriptStep[] = []
let prompt = ''
let listening: Listening
let gateway: StartedGateway

before(async () => {
  let socketPath = ''
  gateway = await startGateway(({ run }) => {
    socketPath = join(run, 'eng_1.sock')
    const replicas = [localReplica('eng_1', socketPath)]
    return { keys: [keyOf('tw-a')], routes: [routeOf('coder', replicas, { contextTokens: CONTEXT_TOKENS })] }
  })
  const server = createEngineServer({
    spec: { engineId: 'eng_1', modelName: 'coder', task: 'chat', toolParser: 'hermes', reasoningParser: 'think' },
    nowMs: Date.now,
    log() {},
  })
  server.ready(
    scriptedEngine({
      script: (_request, read) => {
        prompt = read
        return next
      },
      // All that a template is given is in the prompt, so that a test sees what reached it.
      render: (values) => `${JSON.stringify(values.messages).replaceAll('\\n', '\n')}<|im_start|>assistant\n`,
      facts: { contextTokens: CONTEXT_TOKENS, trainedContextTokens: CONTEXT_TOKENS },
    }),
  )
  listening = await listenOn(server.http, socketPath)
})
after(async () => {
  await gateway.close()
  await listening.kill()
})

function send(transcript: Transcript, path: string, body: Json): Promise<PlainAnswer> {
  const headers = { ...transcript.headers, authorization: 'Bearer tw-a', 'content-type': 'application/json' }
  return call({ port: gateway.port, path, headers, body: JSON.stringify(body) })
}

function recordOf({ headers }: PlainAnswer): UsageRecord {
  const record = gateway.records.find(({ id }) => id === headers['x-request-id'])
  assert.ok(record, 'a request left no record')
  return record
}

/** Claude Code counts each turn before it sends it. */
async function countsAlike(transcript: Transcript, asked: Json, heard: Heard): Promise<void> {
  const { model, system, tools, thinking, messages } = asked
  const answer = await send(transcript, '/v1/messages/count_tokens?beta=true', {
    model,
    system,
    tools,
    thinking,
    messages,
  })
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(JSON.parse(answer.text), { input_tokens: heard.tokensIn })
}

/** One turn. @returns what was heard; null = it was refused as it must be */
async function take(transcript: Transcript, turn: Turn, conversation: Json[]): Promise<Heard | null> {
  const agent = AGENTS[transcript.speaks]
  const asked = agent.ask(transcript, conversation)
  next = turn.says
  const answer = await send(transcript, transcript.path, asked)
  const { hears } = turn
  if (hears.refused !== undefined) {
    assert.deepEqual([answer.status, agent.refusal(JSON.parse(answer.text))], hears.refused, answer.text)
    return null
  }
  assert.equal(answer.status, 200, answer.text)
  assert.ok(answer.isWhole)
  const heard = agent.hear(answer.text)
  if (hears.text !== undefined) assert.equal(heard.text.trim(), hears.text)
  if (hears.thoughts !== undefined) assert.equal(heard.thoughts.trim(), hears.thoughts)
  if (hears.stop !== undefined) assert.equal(heard.stop, hears.stop)
  const called = heard.calls.map(({ name, input }) => ({ name, input }))
  if (hears.calls !== undefined) assert.deepEqual(called, hears.calls)
  for (const words of hears.prompt ?? []) assert.ok(prompt.includes(words), `the model did not read: ${words}`)
  assert.ok(heard.tokensIn >= (hears.tokensInMin ?? 1), `${heard.tokensIn} tokens in`)

  const record = recordOf(answer)
  assert.deepEqual(
    [record.tokensIn, record.tokensOut, record.tokensOutSource, record.cutBy, record.status],
    [heard.tokensIn, turn.says.length, 'engine', null, 200],
  )
  assert.equal(heard.tokensOut, turn.says.length)
  if (transcript.speaks === 'messages') await countsAlike(transcript, asked, heard)
  return heard
}

const names = readdirSync(join(import.meta.dirname, 'transcripts'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))

for (const name of names) {
  const transcript = readTranscript(name)
  describe(transcript.agent, () => {
    it('goes through its session, hears what the model said, and each turn is counted to the token', async () => {
      for (const { path = transcript.path, body, says, status, has } of transcript.asides) {
        next = says
        const answer = await send(transcript, path, body)
        assert.equal(answer.status, status, answer.text)
        assert.partialDeepStrictEqual(JSON.parse(answer.text), has)
      }
      let conversation: Json[] = []
      let calls: Heard['calls'] = []
      for (const turn of transcript.turns) {
        const asked = [...conversation, ...filled(turn.adds, calls)]
        const heard = await take(transcript, turn, asked)
        if (heard === null) continue // the agent takes back what it added
        conversation = [...asked, ...heard.echo]
        calls = heard.calls
      }
    })

    it('is told that an answer broke, and takes no part of it for whole', async () => {
      const agent = AGENTS[transcript.speaks]
      const [first] = transcript.turns
      assert.ok(first)
      const gone = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
        throw new Error('the model fell')
      })
      gone.catch(() => {})
      next = [...first.says.slice(0, 6), gone]
      const answer = await send(transcript, transcript.path, agent.ask(transcript, filled(first.adds, [])))
      assert.throws(() => agent.hear(answer.text), assert.AssertionError)
      assert.match(answer.text, /"error"/)
    })
  })
}
