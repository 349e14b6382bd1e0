/**
 * What it costs the relay that a project keeps what its requests say: the same requests through the same gateway, by a key
 * of a project that keeps it and by one of a project that does not, in turns. Engine, client and gateway share one process
 * here, so the figures of whole streams hold their cost too.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { AnswerText } from '../src/gateway/answer-text.ts'
import { AnswerWatch } from '../src/gateway/answer-watch.ts'
import { ANSWER_CHARACTERS_MAX, contentText } from '../src/gateway/content-capture.ts'
import { createContentOutbox } from '../src/gateway/content-outbox.ts'
import { createControlClient } from '../src/gateway/control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf } from '../src/gateway/control-stand-in.ts'
import { createGateway } from '../src/gateway/gateway.ts'
import { GATEWAY_LIMITS } from '../src/gateway/limits.ts'
import { call } from '../src/gateway/plain-client.ts'
import { scanBody } from '../src/gateway/scan-body.ts'
import { ScriptedUpstream } from '../src/gateway/scripted-upstream.ts'
import { createSnapshotClient } from '../src/gateway/snapshot-client.ts'
import { systemClock } from '../src/platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../src/platform/data-folder.ts'
import { createLog } from '../src/platform/log.ts'
import { printRows, type Row } from './figures.ts'

const EVENTS = 1_000
const STREAMS_AT_ONCE = 8
const DELTA = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'small',
  choices: [{ index: 0, delta: { content: ' token' }, finish_reason: null }],
})
const STREAM = Buffer.from(`${`data: ${DELTA}\n\n`.repeat(EVENTS)}data: [DONE]\n\n`)
const CONVERSATION = Array.from({ length: 200 }, (_, at) => ({
  role: at % 2 ? 'assistant' : 'user',
  content: 'word '.repeat(400),
}))
const LONG_BODY = Buffer.from(JSON.stringify({ model: 'small', messages: CONVERSATION }))

/** @param options `--rounds 20` */
export async function run(options: string[]): Promise<void> {
  const rounds = Number(options[options.indexOf('--rounds') + 1] ?? 20) || 20
  const rows = [watched(rounds), closed(rounds), await streamed(rounds)]
  printRows(rows, { ours: 'kept', peers: 'not kept' })
}

function watched(rounds: number): Row {
  const row: Row = { what: `${EVENTS} events read on the way`, unit: 'ms', ours: [], peers: [], bar: { atMost: 1.5 } }
  const read = (text: AnswerText | null) => {
    const watch = new AnswerWatch('engine', text)
    const startedAt = performance.now()
    for (let event = 0; event < EVENTS; event++) watch.readEvent(DELTA)
    return performance.now() - startedAt
  }
  for (let round = -5; round < rounds; round++) {
    const [kept, not] = [read(new AnswerText(ANSWER_CHARACTERS_MAX)), read(null)]
    if (round >= 0) row.ours.push(kept) && row.peers.push(not)
  }
  return row
}

/** After the answer's end, on the thread that relays: beside it, what a parser would have cost. */
function closed(rounds: number): Row {
  const kilobytes = Math.round(LONG_BODY.length / 1_000)
  const what = `a request of ${kilobytes} kB cut out of its body; beside it JSON.parse of that body`
  const row: Row = { what, unit: 'ms', ours: [], peers: [], bar: { atMost: 1 } }
  const head = scanBody(LONG_BODY)
  for (let round = -5; round < rounds; round++) {
    let startedAt = performance.now()
    contentText('/v1/chat/completions', LONG_BODY, head, null)
    const cut = performance.now() - startedAt
    startedAt = performance.now()
    JSON.parse(LONG_BODY.toString('utf8'))
    const parsed = performance.now() - startedAt
    if (round >= 0) row.ours.push(cut) && row.peers.push(parsed)
  }
  return row
}

async function streamed(rounds: number): Promise<Row> {
  const what = `${STREAMS_AT_ONCE} streams of ${EVENTS} events at once, whole`
  const row: Row = { what, unit: 'ms', ours: [], peers: [], bar: { atMost: 1.1 } }
  const root = mkdtempSync(join(tmpdir(), 'tw-bench-'))
  const folder = dataFolderAt(root)
  makeDataFolder(folder)
  const log = createLog('bench', 'silent')
  const engine = new ScriptedUpstream(join(folder.run, 'eng_1.sock'), ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(STREAM)
  })
  const keys = [keyOf('kept', { contentOnDisk: true, contentLogging: { address: false } }), keyOf('not')]
  const routes = [routeOf('small', [localReplica('eng_1', engine.socketPath)])]
  const control = new ControlStandIn(folder, { version: 1, keys, routes })
  const client = createControlClient(sockets.controlAdmin(folder), '0')
  const controlPublic = new Pool('http://control', { socketPath: sockets.control(folder) })
  const snapshots = createSnapshotClient({ control: client, clock: systemClock, log })
  const content = createContentOutbox({
    deliver: client.deliverContents,
    policyOf: (keyId) => keys.find(({ id }) => id === keyId)?.contentLogging ?? null,
    heldBytesMax: GATEWAY_LIMITS.contentBytesMax,
    log,
    onDropped: (why) => {
      throw new Error(`content was dropped: ${why}`)
    },
  })
  const gateway = createGateway({
    snapshots,
    control: client,
    controlPublic,
    content,
    keyUses: { note() {}, stop: async () => {} },
    usage: { open() {}, progressed() {}, close: () => null },
    limits: GATEWAY_LIMITS,
    publicUrl: 'http://localhost',
    trustedProxies: [],
    clock: systemClock,
    log,
    onAnswered() {},
    onRecord() {},
  })
  await Promise.all([control.start(), engine.start()])
  snapshots.start()
  await control.until(() => control.seen.length > 0)
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0, reusePort: false })
  const body = JSON.stringify({ model: 'small', stream: true, messages: [{ role: 'user', content: 'Say something.' }] })
  const ask = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` }
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, () => call({ port, headers, body })))
    return performance.now() - startedAt
  }
  for (let round = -5; round < rounds; round++) {
    const inTurn = round % 2 === 0 ? ['kept', 'not'] : ['not', 'kept']
    for (const key of inTurn) {
      const ms = await ask(key)
      if (round >= 0) row[key === 'kept' ? 'ours' : 'peers'].push(ms)
    }
  }
  await gateway.drain()
  snapshots.stop()
  await content.stop()
  await Promise.all([client.close(), controlPublic.destroy(), control.kill(), engine.kill()])
  rmSync(root, { recursive: true })
  return row
}
