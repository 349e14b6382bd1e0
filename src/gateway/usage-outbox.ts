/**
 * Brings closed usage records to control, and keeps them while control is away.
 *
 *   close ──► queue (memory, ≤ 250 ms) ──► POST /internal/usage ──► gone
 *                        │ control away, or the worker ends
 *                        ▼
 *             usage-backlog/worker-N.jsonl (0600, fsynced) ──► POST when control is back, also after a restart
 *
 * A batch may be delivered twice, when the answer got lost or the worker died while the file was being worked off: ids
 * make that harmless. What a kill of the worker loses is what was in the queue; the exact journal, which writes a record
 * before the engine is asked, will take this file's place behind the same `UsageSink`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UsageRecord, UsageSink } from '../billing/usage-record.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import type { Log } from '../platform/log.ts'
import { appendLines, RecordFile } from './record-file.ts'

export type UsageOutbox = UsageSink & {
  /** What control has not confirmed. */
  backlog(): { queuedRecords: number; fileBytes: number }
  /** Delivers or writes down what is left, and ends. */
  stop(): Promise<void>
}

export type UsageOutboxDeps = {
  /** @returns the HTTP status; rejects when control is away */
  deliver(records: readonly UsageRecord[]): Promise<number>
  folder: string
  worker: string
  log: Log
}

const BATCH_RECORDS_MAX = 200
const BATCH_MS = 250
const RETRY_MS_MAX = 2_000
/** Reached only when control is away and the disk takes nothing either. */
const QUEUE_RECORDS_MAX = 50_000
const STOP_MS_MAX = 2_000

export function usageBacklogFolder(folder: DataFolder): string {
  return join(folder.root, 'usage-backlog')
}

export function createUsageOutbox({ deliver, folder, worker, log }: UsageOutboxDeps): UsageOutbox {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = new RecordFile(join(folder, `worker-${worker}.jsonl`), log)
  const refusedFile = join(folder, `worker-${worker}.refused.jsonl`)
  let queue: UsageRecord[] = []
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null
  let retryMs = BATCH_MS
  let stopped = false

  const runLater = (ms: number) => {
    if (stopped || timer !== null || running !== null) return
    timer = setTimeout(run, ms)
  }
  const run = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    running ??= deliverAll().finally(() => {
      running = null
      if (queue.length > 0 || file.bytesLeft > 0) runLater(retryMs)
    })
  }

  /** Works off the file first, then the queue, until all is confirmed or control is away. */
  const deliverAll = async () => {
    while (file.bytesLeft > 0 || queue.length > 0) {
      const written = file.bytesLeft > 0 ? file.next(BATCH_RECORDS_MAX) : null
      const batch = written?.records ?? queue.slice(0, BATCH_RECORDS_MAX)
      if (batch.length > 0 && !(await tryDeliver(batch))) {
        retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)
        return writeDownQueue()
      }
      retryMs = BATCH_MS
      if (written === null) queue = queue.slice(batch.length)
      else file.confirm(written.end)
    }
  }

  /** @returns whether the batch is off our hands */
  const tryDeliver = async (batch: readonly UsageRecord[]): Promise<boolean> => {
    try {
      const status = await deliver(batch)
      if (status < 300) return true
      const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429
      if (!isFinal) return false
      // Asking again would get the same answer for ever and hold up all that follow; a person must look at these.
      log.error(
        { status, records: batch.length, file: refusedFile },
        'control refused usage records; they are set aside',
      )
      appendLines(refusedFile, batch)
      return true
    } catch (error) {
      log.debug({ error: String(error) }, 'usage not delivered')
      return false
    }
  }

  const writeDownQueue = () => {
    if (queue.length === 0) return
    try {
      file.append(queue)
      queue = []
    } catch (error) {
      const dropped = queue.splice(0, Math.max(0, queue.length - QUEUE_RECORDS_MAX)).length
      log.error(
        { error: String(error), queued: queue.length, dropped },
        'usage can be neither delivered nor written down',
      )
    }
  }

  if (file.bytesLeft > 0) runLater(0)

  return {
    open() {},
    close(record) {
      queue.push(record)
      if (queue.length >= BATCH_RECORDS_MAX) run()
      else runLater(BATCH_MS)
    },
    async flush() {
      run()
      await running
      writeDownQueue()
    },
    backlog: () => ({ queuedRecords: queue.length, fileBytes: file.bytesLeft }),
    async stop() {
      stopped = true
      run()
      await Promise.race([running, sleep(STOP_MS_MAX, undefined, { ref: false })])
      writeDownQueue()
    },
  }
}

/** Takes over what workers that no longer exist (there are fewer now) have left behind. To be called by one worker. */
export function adoptBacklogs(folder: string, worker: string, workers: number): void {
  if (!existsSync(folder)) return
  const own = join(folder, `worker-${worker}.jsonl`)
  for (const name of readdirSync(folder)) {
    const index = /^worker-(\d+)\.jsonl$/.exec(name)?.[1]
    if (index === undefined || Number(index) < workers) continue
    if (existsSync(own)) {
      appendLines(own, readFileSync(join(folder, name), 'utf8'))
      unlinkSync(join(folder, name))
    } else renameSync(join(folder, name), own)
  }
}
