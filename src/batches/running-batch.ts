/** One batch in progress: which of its lines is next, which are in flight, and what becomes of each answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import type { BatchRow } from './batch-rows.ts'
import type { Ending } from './batch-state.ts'
import { type LineProblem, parseLine } from './check-lines.ts'
import type { Candidate } from './choose-batch.ts'
import { outcomeOf, resultId, unanswered } from './line-answer.ts'
import type { ProgressFile } from './progress-file.ts'
import type { FileLine } from './read-lines.ts'
import type { LineSender } from './send-line.ts'

export type RunningBatchDeps = {
  row: BatchRow
  progress: ProgressFile
  lines: AsyncGenerator<FileLine>
  sender: LineSender
  clock: Clock
  log: Log
  /** There is something to do: a line can be asked, or one came to its end. */
  changed: () => void
  /** Nothing is in flight any more, and the files can be made. */
  ended: (ending: Ending, problem: LineProblem | null) => void
}

/** Called once; `problem` says why a batch failed. */
export type RunningBatch = Candidate & {
  row: BatchRow
  begin(): void
  /** Whether a line could be asked now. */
  isReady(): boolean
  /** Asks the next line. Only where it is ready. */
  askNext(): void
  counts(): { completed: number; failed: number }
  /** Whether counts have changed since this was last asked. */
  hasNews(): boolean
  end(ending: Ending, problem?: LineProblem): void
  /** Leaves it as it is. */
  stop(): Promise<void>
}

const RESTS_MS = [1_000, 2_000, 5_000, 10_000, 30_000]
const NO_WORKER_MS = 500
/** A request whose connection broke so often may be what breaks it. */
const LOSSES_MAX = 5
const DISK_AGAIN_MS = 5_000
const LINES_AHEAD = 8

export function createRunningBatch(deps: RunningBatchDeps): RunningBatch {
  const { row, progress, lines, sender, clock, log, changed, ended } = deps
  const next: FileLine[] = []
  const losses = new Map<number, number>()
  const stopping = new AbortController()
  const asked = new Set<Promise<void>>()
  let isReading = false
  let isRead = false
  let restUntilMs = 0
  let refusals = 0
  let told = -1
  let isOver = false

  const batch: RunningBatch = {
    id: row.id,
    projectId: row.projectId,
    model: row.model ?? '',
    row,
    inFlight: 0,
    servedAt: 0,
    begin: () => void readAhead(),
    isReady: () => !isOver && next.length > 0 && restUntilMs <= clock.nowMs(),
    askNext() {
      const line = next.shift()
      if (line === undefined) return
      batch.inFlight++
      batch.servedAt = performance.now()
      const done = ask(line)
        .catch((error) => {
          log.error(
            { err: error, batch: row.id, line: line.number },
            'a line of a batch failed in a way nobody expected',
          )
          rest(AGAIN_MS)
          next.unshift(line)
        })
        .finally(() => {
          batch.inFlight--
          asked.delete(done)
          void readAhead()
        })
      asked.add(done)
    },
    counts: progress.counts,
    hasNews() {
      const { completed, failed } = progress.counts()
      const isNews = completed + failed !== told
      told = completed + failed
      return isNews
    },
    end(ending, problem) {
      if (isOver) return
      void halt().then(() => ended(ending, problem ?? null))
    },
    stop: halt,
  }
  return batch

  async function halt(): Promise<void> {
    isOver = true
    stopping.abort()
    await Promise.all(asked)
    await lines.return(undefined)
    await progress.close()
  }

  async function readAhead(): Promise<void> {
    if (isReading || isOver) return
    isReading = true
    try {
      while (!isRead && next.length < LINES_AHEAD && !isOver) {
        const { value, done } = await lines.next()
        if (done) isRead = true
        else if (!progress.isDone(value.number)) next.push(value)
      }
    } catch (error) {
      if (isOver) return
      batch.end('failed', problemOf('input_unreadable', `The input file cannot be read: ${(error as Error).message}.`))
    } finally {
      isReading = false
    }
    if (isRead && next.length === 0 && batch.inFlight === 0) batch.end('completed')
    else changed()
  }

  async function ask(line: FileLine): Promise<void> {
    const request = line.bytes === null ? null : parseLine(line.bytes)
    // The input is never written to; checked once, it is what it was.
    if (request === null || 'code' in request) throw new Error(`line ${line.number} of ${row.inputFileId} has changed`)
    const id = resultId(row.id, line.number)
    const requestId = progress.requestIdOf(line.number) ?? (await named(line.number))
    if (isOver) return
    const outcome = await sender
      .send(
        {
          endpoint: row.endpoint,
          keyId: row.keyId,
          requestId,
          batchId: row.id,
          body: Buffer.from(JSON.stringify(request.body)),
        },
        stopping.signal,
      )
      .then((answer) => outcomeOf(answer, { customId: request.customId, id, requestId }))
      .catch((error: NodeJS.ErrnoException) => ({ kind: 'lost' as const, error }))
    switch (outcome.kind) {
      case 'answered':
        refusals = 0
        await onDisk(() => progress.noteResult(line.number, outcome.result, outcome.json))
        return
      case 'later':
        // It left a usage record of its own, which is empty: under the same name the next one would not be counted.
        await named(line.number)
        rest(outcome.afterMs ?? RESTS_MS[Math.min(refusals++, RESTS_MS.length - 1)]!)
        next.unshift(line)
        return
      case 'key-ended':
        next.unshift(line)
        batch.end('failed', problemOf(outcome.code, `The key that made this batch works no more: ${outcome.message}`))
        return
      case 'lost': {
        if (isOver) return
        // Asked again under its name: should the worker have got further than we know, it still leaves one usage record.
        rest(NO_WORKER_MS)
        next.unshift(line)
        if (['ECONNREFUSED', 'ENOENT'].includes(outcome.error.code ?? '')) return
        const lost = (losses.get(line.number) ?? 0) + 1
        losses.set(line.number, lost)
        if (lost < LOSSES_MAX) return
        next.splice(next.indexOf(line), 1)
        const message = 'The connection to the gateway broke each time that this request was made.'
        const json = unanswered({ customId: request.customId, id }, { code: 'gateway_lost', message })
        await onDisk(() => progress.noteResult(line.number, 'error', json))
        return
      }
      default:
        outcome satisfies never
    }
  }

  /** Gives a line a new name, on file before it is used. */
  async function named(line: number): Promise<string> {
    const requestId = newId('req', clock.nowMs())
    await onDisk(() => progress.noteStart(line, requestId))
    return requestId
  }

  function rest(ms: number): void {
    restUntilMs = Math.max(restUntilMs, clock.nowMs() + ms)
  }

  /** A disk that is full now may not be for ever; a result that was paid for is held until then. */
  async function onDisk(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (isOver) return
        log.warn({ err: error, batch: row.id }, 'what became of a line is not on file yet; it is tried again')
        await sleep(DISK_AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }
}

const AGAIN_MS = 5_000

function problemOf(code: string, message: string): LineProblem {
  return { code, message, param: null, line: null }
}
