/**
 * Brings what requests and answers said to control, where the project keeps it.
 *
 *   open ──► answer grows ──► close ──► compressed (libuv's pool) ──► queue ──► POST /internal/content ──► gone
 *
 * It stands beside the usage outbox and behind it in everything: in memory only, so that content reaches no file but the
 * database that forgets it in time; bounded, with the oldest dropped first; and lost with the process. Going with the
 * usage records in one message lost: content that control refuses would have held up records.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { packedContent } from '../billing/packed-content.ts'
import type { SentContent } from '../billing/request-detail.ts'
import type { UsageRecord } from '../billing/usage-record.ts'
import type { Log } from '../platform/log.ts'
import { AnswerText } from './answer-text.ts'
import { ANSWER_CHARACTERS_MAX, answersText, contentText, hasContent } from './content-capture.ts'
import type { BodyHead } from './scan-body.ts'
import type { SnapshotKey } from './snapshot.ts'

/** Why content was not kept although the project wanted it. */
export type ContentDrop = 'memory' | 'refused' | 'failed'

/** What one request leaves; `close` is called exactly once. */
export type ContentCapture = {
  /** For one attempt at an engine: takes the place of what an attempt before has said. Null = this route says no text. */
  beginAnswer(): AnswerText | null
  /** @param body the one that was scanned into `head`; it is copied from */
  close(record: UsageRecord, body: Buffer, head: BodyHead): void
}

export type ContentOutbox = {
  /**
   * @param address where the request came from; kept only where the policy says so
   * @returns null where nothing is to be kept, or no memory is left for it
   */
  open(key: SnapshotKey, route: string, address: string | null): ContentCapture | null
  /** Memory in use, open requests counted with all that they may come to hold. */
  heldBytes(): number
  /** Tries once more to deliver what is left, and ends. */
  stop(): Promise<void>
}

export type ContentOutboxDeps = {
  /** @returns the HTTP status; rejects when control is away */
  deliver(contents: readonly SentContent[]): Promise<number>
  /** What the snapshot in force says of a key; null = it is gone, or nothing of it is kept. */
  policyOf(keyId: string): SnapshotKey['contentLogging']
  heldBytesMax: number
  log: Log
  /** For metrics. */
  onDropped(why: ContentDrop, requests: number): void
}

/** What an open request may come to hold: an answer of two bytes a character, and the text made of it. */
const OPEN_BYTES = 512 * 1024
const BATCH_BYTES_MAX = 2 * 1024 * 1024
const BATCH_REQUESTS_MAX = 100
const BATCH_MS = 250
const RETRY_MS_MAX = 5_000
const STOP_MS_MAX = 2_000

export function createContentOutbox(deps: ContentOutboxDeps): ContentOutbox {
  const { heldBytesMax, log, onDropped } = deps
  let queue: SentContent[] = []
  let openRequests = 0
  let queuedBytes = 0
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null
  let retryMs = BATCH_MS
  let stopped = false
  const compressing = new Set<Promise<void>>()

  const heldBytes = () => openRequests * OPEN_BYTES + queuedBytes

  const runLater = (ms: number) => {
    if (stopped || timer !== null || running !== null) return
    timer = setTimeout(run, ms)
  }
  const run = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    running ??= deliverAll().finally(() => {
      running = null
      if (queue.length > 0) runLater(retryMs)
    })
  }

  const leave = (contents: readonly SentContent[]) => {
    const left = new Set(contents)
    queue = queue.filter((content) => !left.has(content))
    for (const content of contents) queuedBytes -= sizeOf(content)
  }

  /** Makes room for one more open request by dropping what has waited longest. @returns whether there is room */
  const makeRoom = (): boolean => {
    const dropped: SentContent[] = []
    let bytes = heldBytes() + OPEN_BYTES
    for (const content of queue) {
      if (bytes <= heldBytesMax) break
      dropped.push(content)
      bytes -= sizeOf(content)
    }
    if (bytes > heldBytesMax) return false
    if (dropped.length > 0) {
      leave(dropped)
      onDropped('memory', dropped.length)
    }
    return true
  }

  const deliverAll = async () => {
    for (;;) {
      // Policies may have changed while these waited. Control looks too; this keeps them from being sent at all.
      leave(queue.filter((content) => deps.policyOf(content.keyId) === null))
      const batch = nextBatch(queue)
      if (batch.length === 0) return
      let status: number
      try {
        status = await deps.deliver(batch)
      } catch (error) {
        log.debug({ error: String(error) }, 'request contents not delivered')
        status = 503
      }
      const isFinal = status < 300 || (status >= 400 && status < 500 && status !== 408 && status !== 429)
      if (!isFinal) {
        retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)
        return
      }
      retryMs = BATCH_MS
      if (status >= 300) {
        onDropped('refused', batch.length)
        log.error({ status, requests: batch.length }, 'control refused what requests said; it is dropped')
      }
      leave(batch.filter((content) => queue.includes(content)))
    }
  }

  const keep = async (text: Buffer, rest: Omit<SentContent, 'body' | 'textBytes'>) => {
    try {
      const body = (await packedContent(text)).toString('base64')
      const content = { ...rest, textBytes: text.length, body }
      queue.push(content)
      queuedBytes += sizeOf(content)
      if (queuedBytes >= BATCH_BYTES_MAX) run()
      else runLater(BATCH_MS)
    } catch (error) {
      onDropped('failed', 1)
      log.error({ err: error }, 'what a request said could not be compressed; it is dropped')
    } finally {
      openRequests--
    }
  }

  return {
    heldBytes,
    open(key, route, address) {
      if (key.contentLogging === null || !hasContent(route) || stopped) return null
      if (!makeRoom()) {
        onDropped('memory', 1)
        return null
      }
      openRequests++
      let answer: AnswerText | null = null
      return {
        beginAnswer() {
          answer = answersText(route) ? new AnswerText(ANSWER_CHARACTERS_MAX) : null
          return answer
        },
        close(record, body, head) {
          const policy = deps.policyOf(key.id)
          if (policy === null) {
            openRequests-- // switched off, or the key revoked, while it was being answered
            return
          }
          const { id, organizationId, projectId, keyId, startedAtMs } = record
          const { text, truncated } = contentText(route, body, head, answer)
          const from = policy.address ? address : null
          const kept = keep(text, { id, organizationId, projectId, keyId, startedAtMs, truncated, address: from })
          compressing.add(kept)
          void kept.then(() => compressing.delete(kept))
        },
      }
    },
    async stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      const last = Promise.all([...compressing]).then(async () => {
        await running
        run()
        await running
      })
      await Promise.race([last, sleep(STOP_MS_MAX, undefined, { ref: false })])
    },
  }
}

function nextBatch(queue: readonly SentContent[]): SentContent[] {
  const batch: SentContent[] = []
  let bytes = 0
  for (const content of queue) {
    bytes += sizeOf(content)
    if (batch.length === BATCH_REQUESTS_MAX || (batch.length > 0 && bytes > BATCH_BYTES_MAX)) break
    batch.push(content)
  }
  return batch
}

/** The base64 text, and what an object costs besides. */
function sizeOf(content: SentContent): number {
  return content.body.length + 512
}
