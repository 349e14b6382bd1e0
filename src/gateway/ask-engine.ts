/** One attempt of a call at one engine: what it is asked, what looks through its answer, and what the record is told. */
import { ENGINE_HEADERS } from '../engines/engine-wire.ts'
import type { AnswerText } from './answer-text.ts'
import { type AnswerCounts, AnswerWatch } from './answer-watch.ts'
import { type Call, closeRecord, noteEnd } from './call.ts'
import type { EngineConnection } from './engine-pools.ts'
import { baseHeaders } from './exchange.ts'
import type { AnswerFilter } from './hooks/answer-filter.ts'
import type { InferenceDeps } from './inference-deps.ts'
import { type RelayEnd, relay } from './relay.ts'
import { failureOf } from './routing/after-attempt.ts'
import type { Patience } from './routing/ask-engines.ts'
import type { SnapshotReplica } from './snapshot.ts'
import { type Phases, timingHeaders } from './timing-headers.ts'
import { askUpstream } from './upstream-dialects/upstream-dialect.ts'

/** One attempt: a call, and one replica of a model that it may go to. */
export async function askEngine(
  call: Call,
  replica: SnapshotReplica,
  patience: Patience,
  deps: InferenceDeps,
): Promise<RelayEnd> {
  const { exchange, record, head, client, leaf } = call
  record.model = leaf.model
  record.adapter = leaf.adapter
  record.deploymentId = leaf.deploymentId
  record.engineId = replica.engineId
  record.gatewayMs = performance.now() - call.bodyAt
  const request = { path: call.path.enginePath, body: call.body }
  const elsewhere = askUpstream(replica, { ...request, head, startedAtMs: exchange.startedAtMs })
  const { path, body } = elsewhere ?? request
  const connection = deps.pools.take(replica)
  const ended = deps.queue.began(leaf.model)
  const attempt = exchange.trace?.attempt(leaf.model, replica)
  const askedAt = performance.now()
  let wasTaken = true
  const text = call.content?.beginAnswer() ?? null
  if (client.isGone) text?.close()
  else client.signal.addEventListener('abort', () => text?.close(), { once: true })
  const filter = openFilter(call, text, deps, () => watch.counts())
  const watch: AnswerWatch = new AnswerWatch(connection.isOurs ? 'engine' : 'upstream', filter === null ? text : null)
  const note = (end: RelayEnd) => {
    noteEnd(record, watch, end, replica)
    if (filter?.isBlocked) record.finish = 'content_filter'
  }
  try {
    const end = await relay({
      dispatcher: connection.dispatcher,
      path: connection.pathPrefix + path,
      headers: engineHeaders(call, replica, connection, attempt?.headers),
      body,
      client,
      watch,
      upstream: elsewhere?.answer ?? null,
      rewrite: filter ?? call.openAnswer?.(exchange.id) ?? null,
      stripUsage: !head.includeUsage,
      clientHeaders: () => ({ ...baseHeaders(exchange), ...timingHeaders(phasesOf(call, askedAt)) }),
      cancelPath: connection.isOurs ? `/requests/${exchange.id}` : null,
      lastWordsMs: deps.limits.lastWordsMs,
      patience: head.stream ? patience : { ...patience, firstTokenMs: null },
      onContent: () => {
        record.firstTokenMs ??= performance.now() - exchange.startedAt
        deps.usage.progressed(record, watch)
      },
      beforeEnd: (end) => {
        note(end)
        return closeRecord(call, client.status, deps)
      },
    })
    wasTaken = end.kind !== 'refused'
    attempt?.end(
      end.kind === 'refused' ? end.status : null,
      failureOf(end)?.failed ?? (end.kind === 'answered' ? record.errorCode : end.kind),
    )
    if (!call.isClosed) note(end)
    return end
  } finally {
    connection.release()
    ended(wasTaken)
  }
}

/** Looks through an answer, where its project wants that; null = nobody does. */
function openFilter(
  { hooked, key, path, head, openAnswer, exchange }: Call,
  text: AnswerText | null,
  { askGuard }: InferenceDeps,
  counts: () => AnswerCounts,
): AnswerFilter | null {
  if (hooked === null || !path.enginePath.endsWith('/completions')) return null
  const inner = openAnswer?.(exchange.id) ?? null
  const { hooks, prompt } = hooked
  return hooks.filter({ key, ask: askGuard, prompt, inner, stripUsage: !head.includeUsage, text, counts })
}

function phasesOf({ limitsMs, queuedMs, record, exchange }: Call, askedAt: number): Phases {
  const now = performance.now()
  const { gatewayMs } = record
  return { limitsMs, queuedMs, gatewayMs, engineMs: now - askedAt, totalMs: now - exchange.startedAt }
}

/** Only what an engine needs to know goes there: nothing that the client sent names a person or a secret to it. */
export function engineHeaders(
  call: Pick<Call, 'exchange' | 'key' | 'leaf' | 'openAnswer'>,
  replica: SnapshotReplica,
  connection: EngineConnection,
  trace: readonly string[] = [],
): string[] {
  const headers = ['content-type', 'application/json', ENGINE_HEADERS.requestId, call.exchange.id]
  if (replica.authorization !== null) headers.push(...Object.entries(replica.authorization).flat())
  if (!connection.isOurs) return headers
  headers.push(...trace)
  const { key, leaf } = call
  headers.push(ENGINE_HEADERS.salt, key.salt, ENGINE_HEADERS.share, key.share)
  headers.push(ENGINE_HEADERS.usage, call.openAnswer === null ? 'always' : 'both')
  if (leaf.adapter !== null) headers.push(ENGINE_HEADERS.adapter, leaf.adapter)
  if (key.contentOnDisk) headers.push(ENGINE_HEADERS.disk, 'allow')
  return headers
}
