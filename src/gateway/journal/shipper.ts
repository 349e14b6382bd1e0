/**
 * Brings closed records to control: those of this life as they are closed, those of dead ones first.
 *
 *   journal ──► ≤ 200 records, ≤ 250 ms after the first of them ──► POST /internal/usage ──► position, segments deleted
 *
 * A batch is read from the journal, so that control may be away for as long as the disk has room, and may be delivered
 * twice, when the answer got lost or the worker died before the position was written: ids make that harmless.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UsageRecord } from '../../billing/usage-record.ts'
import type { Log } from '../../platform/log.ts'
import type { Batch } from './life-reader.ts'

export type ShipperDeps = {
  /** @returns the HTTP status; rejects when control is away */
  deliver(records: readonly UsageRecord[]): Promise<number>
  /** What is to be delivered next; null = nothing is left. */
  next(recordsMax: number): Batch | null
  /** Called when control takes nothing now: it may be away for long, so what waits is made safe from a power cut. */
  onAway(): Promise<void>
  refusedFile: string
  log: Log
}

export type Shipper = {
  /** Something was closed. */
  wake(records: number): void
  /** Resolves when all is confirmed or control is away. */
  flush(): Promise<void>
  /** Delivers what it can in a moment, and ends. */
  stop(): Promise<void>
}

const BATCH_RECORDS_MAX = 200
const BATCH_MS = 250
const RETRY_MS_MAX = 2_000
const STOP_MS_MAX = 2_000

export function createShipper({ deliver, next, onAway, refusedFile, log }: ShipperDeps): Shipper {
  let woken = 0
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null
  let retryMs = BATCH_MS
  let stopped = false

  const runLater = (ms: number) => {
    if (!stopped && timer === null && running === null) timer = setTimeout(run, ms)
  }
  const run = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    running ??= deliverAll()
      .catch((error) => {
        log.error({ err: error }, 'the usage journal cannot be read')
        return false
      })
      .then((isAll) => {
        running = null
        retryMs = isAll ? BATCH_MS : Math.min(RETRY_MS_MAX, retryMs * 2)
        if (!isAll || woken > 0) runLater(retryMs)
      })
  }

  /** @returns whether all is off our hands */
  const deliverAll = async (): Promise<boolean> => {
    for (;;) {
      woken = 0
      const batch = next(BATCH_RECORDS_MAX)
      if (batch === null) return true
      if (!(await tryDeliver(batch.records))) {
        await onAway().catch((error) => log.error({ err: error }, 'the usage journal cannot be brought to the disk'))
        return false
      }
      batch.confirm()
    }
  }

  /** @returns whether the batch is off our hands */
  const tryDeliver = async (records: readonly UsageRecord[]): Promise<boolean> => {
    try {
      const status = await deliver(records)
      if (status < 300) return true
      const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429
      if (!isFinal) return false
      // Asking again would get the same answer for ever and hold up all that follow; a person must look at these.
      log.error(
        { status, records: records.length, file: refusedFile },
        'control refused usage records; they are set aside',
      )
      appendLines(refusedFile, records)
      return true
    } catch (error) {
      log.debug({ error: String(error) }, 'usage not delivered')
      return false
    }
  }

  return {
    wake(records) {
      woken += records
      if (woken >= BATCH_RECORDS_MAX && retryMs === BATCH_MS) run()
      else runLater(BATCH_MS)
    },
    async flush() {
      await running
      run()
      await running
    },
    async stop() {
      stopped = true
      const all = async () => {
        await running
        run()
        await running
      }
      await Promise.race([all(), sleep(STOP_MS_MAX, undefined, { ref: false })])
    },
  }
}

function appendLines(path: string, records: readonly UsageRecord[]): void {
  const file = openSync(path, 'a', 0o600)
  try {
    writeSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    fdatasyncSync(file)
  } finally {
    closeSync(file)
  }
}
