/**
 * The usage journal of one worker: what became of each request is on file before its client knows.
 *
 *   open ── before an engine is asked            exactly one of each request, even if this process is killed
 *   mark ── with the first piece of an answer, then each 250 ms or 64 pieces: running counts
 *   close ─ before the last bytes go out         `void` where no engine was reached
 *      └──► shipper.ts ──► control
 *
 * An opening or a close is one `write()`, over when it returns, so a kill of the process loses nothing; with
 * `USAGE_DURABILITY=host` an answer's end also waits until the disk has its close, for which one call serves all answers
 * that end together. A row in the database for each request would cost a round trip on the path of the request, and
 * control, which may be away; a queue in memory loses what is in it. docs/decisions/0025-usage-journal.md has figures.
 *
 * Where the journal cannot be written, nothing new is served; what was open is closed in memory and brought to control.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningCounts, UsageRecord, UsageSink } from '../../billing/usage-record.ts'
import type { Clock } from '../../platform/clock.ts'
import type { UsageDurability } from '../../platform/config.ts'
import type { Log } from '../../platform/log.ts'
import { UsageUnrecordable } from '../errors.ts'
import { settleDeadLife } from './dead-life.ts'
import { encodeFrame } from './frame.ts'
import { type Batch, LifeReader } from './life-reader.ts'
import { SegmentWriter } from './segment-writer.ts'
import { beginLife, takeDeadLives } from './segments.ts'
import type { Mark } from './settle.ts'
import { createShipper } from './shipper.ts'

export type UsageJournal = UsageSink & {
  /** What control has not confirmed. */
  backlog(): { queuedRecords: number; fileBytes: number; isWritable: boolean }
  /** Takes records that were closed elsewhere: of a version that kept no journal. @throws UsageUnrecordable */
  adopt(records: readonly UsageRecord[]): Promise<void>
  /** Resolves when all that is closed is confirmed, or control is away. */
  flush(): Promise<void>
  /** Delivers what it can in a moment; the rest waits for the next worker of this number. */
  stop(): Promise<void>
}

export type UsageJournalDeps = {
  /** @returns the HTTP status; rejects when control is away */
  deliver(records: readonly UsageRecord[]): Promise<number>
  root: string
  worker: string
  /** How many there are: worker 0 also settles for those that no longer exist. */
  workers: number
  durability: UsageDurability
  clock: Clock
  log: Log
  /** For tests, which would write long to fill one. */
  segmentBytes?: number
}

type Own = { life: string; writer: SegmentWriter; reader: LifeReader }
type Open = { record: UsageRecord; answer: RunningCounts | null; unmarked: number }

const MARK_MS = 250
const MARK_PIECES = 64
/** How often it is looked for lives of this worker's number whose process has ended since. */
const ADOPT_MS = 5_000
/** Reached only where the journal cannot be written and control is away. */
const UNWRITTEN_RECORDS_MAX = 50_000

export function createUsageJournal(deps: UsageJournalDeps): UsageJournal {
  const { root, worker, durability, clock, log } = deps
  const open = new Map<string, Open>()
  const unmarked = new Set<Open>()
  /** Null only where it could not be begun yet: even with a full disk a worker serves what needs no engine. */
  let own: Own | null = null
  const dead: LifeReader[] = []
  /** Closed while the journal could not be written. */
  let unwritten: UsageRecord[] = []
  let unconfirmed = 0
  let isWritable = true
  let markTimer: NodeJS.Timeout | null = null

  const begin = (): Own => {
    const life = beginLife(root, worker, clock.nowMs())
    try {
      const writer = new SegmentWriter({
        life,
        isHostSafe: durability === 'host',
        carriedOver: () => [...open.values()].flatMap(framesOf),
        ...(deps.segmentBytes === undefined ? {} : { segmentBytes: deps.segmentBytes }),
      })
      return { life, writer, reader: new LifeReader(life, log, () => writer.end) }
    } catch (error) {
      rmSync(life, { recursive: true }) // each request tries anew, and must not leave a folder each
      throw error
    }
  }
  const append = (frames: Buffer): Error | null => {
    try {
      own ??= begin()
      own.writer.append(frames)
      if (!isWritable) log.info({ journal: own.life }, 'the usage journal can be written again')
      isWritable = true
      return null
    } catch (error) {
      noteUnwritable(error as Error)
      return error as Error
    }
  }
  const noteUnwritable = (error: Error) => {
    if (isWritable)
      log.error({ err: error, journal: root }, 'the usage journal cannot be written; requests are refused')
    isWritable = false
  }
  /** Even if the disk fails an answer must end; control may still get its record. */
  const sync = async () => own?.writer.sync().catch(noteUnwritable)
  const keepInMemory = (record: UsageRecord) => {
    unwritten.push(record)
    if (unwritten.length <= UNWRITTEN_RECORDS_MAX) return
    const dropped = unwritten.shift()
    log.error({ requestId: dropped?.id }, 'usage can be neither written down nor delivered; the oldest is lost')
  }

  const mark = (entries: Iterable<Open>) => {
    const frames: Buffer[] = []
    for (const entry of entries) {
      entry.unmarked = 0
      unmarked.delete(entry)
      frames.push(markOf(entry, clock.nowMs()))
    }
    append(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames))
    if (durability === 'host') void sync()
  }
  const markLater = () => {
    markTimer ??= setTimeout(() => {
      markTimer = null
      if (unmarked.size > 0) mark([...unmarked])
    }, MARK_MS)
  }
  const framesOf = (entry: Open) => {
    const opening = encodeFrame('open', entry.record)
    return entry.answer === null ? [opening] : [opening, markOf(entry, clock.nowMs())]
  }

  const adoptDead = () => {
    try {
      const held = new Set([own?.life ?? '', ...dead.map((reader) => reader.life)])
      for (const path of takeDeadLives(root, worker, deps.workers, held)) {
        settleDeadLife(path, log)
        dead.push(new LifeReader(path, log))
        shipper.wake(1)
      }
    } catch (error) {
      log.error({ err: error }, 'the journal of a worker that ended cannot be taken over; it is tried again')
    }
  }

  const fromMemory = (recordsMax: number): Batch | null => {
    const records = unwritten.slice(0, recordsMax)
    if (records.length === 0) return null
    const sent = new Set(records)
    return {
      records,
      confirm: () => {
        unwritten = unwritten.filter((record) => !sent.has(record))
      },
    }
  }
  const next = (recordsMax: number): Batch | null => {
    for (const reader of [...dead]) {
      const batch = reader.next(recordsMax)
      if (batch !== null) return batch
      dead.shift()
      reader.remove()
    }
    const batch = own?.reader.next(recordsMax) ?? null
    if (batch === null) return fromMemory(recordsMax)
    const confirm = () => {
      batch.confirm()
      unconfirmed -= batch.records.length
    }
    return { ...batch, confirm }
  }
  const shipper = createShipper({
    deliver: deps.deliver,
    next,
    onAway: sync,
    refusedFile: join(root, `worker-${worker}.refused.jsonl`),
    log,
  })

  append(Buffer.alloc(0)) // says at once whether it can be written
  adoptDead()
  const adopting = setInterval(adoptDead, ADOPT_MS)
  adopting.unref()

  return {
    open(record) {
      const entry: Open = { record, answer: null, unmarked: 0 }
      const error = append(encodeFrame('open', record))
      if (error !== null) throw new UsageUnrecordable({}, { cause: error })
      open.set(record.id, entry)
    },

    progressed(record, answer) {
      const entry = open.get(record.id)
      if (entry === undefined) return
      const isFirst = entry.answer === null
      entry.answer = answer
      if (isFirst || ++entry.unmarked >= MARK_PIECES) mark([entry])
      else if (entry.unmarked === 1) {
        unmarked.add(entry)
        markLater()
      }
    },

    close(record) {
      const entry = open.get(record.id)
      if (entry === undefined) return null
      open.delete(record.id)
      unmarked.delete(entry)
      const error = append(encodeFrame(record.engineId === null ? 'void' : 'close', record))
      if (error === null) unconfirmed++
      else keepInMemory(record)
      shipper.wake(1)
      return error !== null || durability === 'process' ? null : sync()
    },

    async adopt(records) {
      const error = append(Buffer.concat(records.map((record) => encodeFrame('close', record))))
      if (error !== null) throw new UsageUnrecordable({}, { cause: error })
      await sync()
      unconfirmed += records.length
      shipper.wake(records.length)
    },

    backlog: () => ({
      queuedRecords: unconfirmed + unwritten.length,
      fileBytes: [...dead, ...(own ? [own.reader] : [])].reduce((sum, reader) => sum + reader.bytesLeft, 0),
      isWritable,
    }),

    flush: () => shipper.flush(),

    async stop() {
      clearInterval(adopting)
      if (markTimer !== null) clearTimeout(markTimer)
      await shipper.stop()
      // Control is away: a disk that is no longer full may keep them.
      for (const record of unwritten) if (append(encodeFrame('close', record)) !== null) break
      const isAllConfirmed = open.size === 0 && unconfirmed === 0 && unwritten.length === 0
      if (!isAllConfirmed) await sync()
      own?.writer.close()
      if (isAllConfirmed) own?.reader.remove()
    },
  }
}

/** What has changed since the request was opened. */
function markOf({ record, answer }: Open, nowMs: number): Buffer {
  const { id, deploymentId, engineId, gatewayMs, firstTokenMs, retries } = record
  const mark: Mark = {
    id,
    deploymentId,
    engineId,
    gatewayMs,
    firstTokenMs,
    retries,
    status: 200, // answers that come in pieces have no other
    totalMs: nowMs - record.startedAtMs,
    ...answer?.counts(),
  }
  return encodeFrame('mark', mark)
}
