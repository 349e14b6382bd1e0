/**
 * Runs batches: checks their lines, asks them one by one, and makes the files of their results.
 *
 *   validating ── lines are checked ──► in_progress ── each line asked ──► finalizing ── files made ──► completed
 *
 * Lines are asked of the gateway as any request is (`send-line.ts`). How many at once is decided twice a second by what
 * engines say of themselves (`room.ts`), whose line is next by fair shares (`choose-batch.ts`). What a limit or a full
 * engine refuses is put back and its batch rests, so that it takes no place while it waits. Everything that became of a
 * line is on file (`progress-file.ts`) before it counts: a control that was killed goes on from there.
 */
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Files } from '../files/files.ts'
import type { Clock } from '../platform/clock.ts'
import { makeFolder } from '../platform/data-folder.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import type { BatchRow, BatchRows } from './batch-rows.ts'
import { type Ending, isOpen, UNANSWERED } from './batch-state.ts'
import { createLineChecks, LINE_BYTES_MAX, type LineProblem } from './check-lines.ts'
import { chooseBatch } from './choose-batch.ts'
import { type MadeResults, makeResults } from './make-results.ts'
import { openProgress } from './progress-file.ts'
import { readLines } from './read-lines.ts'
import { linesAllowed, type ModelLoad } from './room.ts'
import { createRunningBatch, type RunningBatch } from './running-batch.ts'
import type { LineSender } from './send-line.ts'

export type RunnerDeps = {
  rows: BatchRows
  files: Files
  sender: LineSender
  /** What the engines of a model do right now; null = it has none here. */
  loadOf: (model: string) => Promise<ModelLoad | null>
  /** Where what became of lines is kept; made if it is not there. */
  folder: string
  /** Lines of all batches that may be asked at once. */
  linesMax: number
  clock: Clock
  log: Log
}

const LOOK_EVERY_MS = 500
const AGAIN_MS = 5_000

export type BatchRunner = ReturnType<typeof createBatchRunner>

export function createBatchRunner({ rows, files, sender, loadOf, folder, linesMax, clock, log }: RunnerDeps) {
  makeFolder(folder)
  const running = new Map<string, RunningBatch>()
  const allowed = new Map<string, number>()
  /** Told to end before their lines were checked. */
  const notToStart = new Set<string>()
  const endings = new Set<Promise<void>>()
  const stopping = new AbortController()
  let checking: Promise<unknown> = Promise.resolve()
  let looking = false
  const look = setInterval(() => void lookAround().catch(warn), LOOK_EVERY_MS)

  return {
    /** Goes on with what an ended life left open. */
    async begin(): Promise<void> {
      const open = await rows.open()
      const known = new Set(open.map(({ id }) => id))
      for (const name of await readdir(folder))
        if (!known.has(name)) await rm(join(folder, name), { recursive: true, force: true })
      for (const row of open) take(row)
    },

    take,

    /** Ends a batch that is `cancelling`; what was answered is kept. */
    cancel(row: BatchRow): void {
      const one = running.get(row.id)
      if (one !== undefined) {
        one.end('cancelled')
        return
      }
      notToStart.add(row.id)
      const end = () => {
        notToStart.delete(row.id)
        const begun = running.get(row.id) // in the meantime
        return begun === undefined ? finish(row, 'cancelled', null) : begun.end('cancelled')
      }
      checking = checking.then(end).catch(warn)
    },

    /** Of a batch whose row is gone: nothing of it is kept. */
    async drop(id: string): Promise<void> {
      notToStart.add(id)
      const one = running.get(id)
      running.delete(id)
      await one?.stop()
      await rm(join(folder, id), { recursive: true, force: true })
    },

    /** How far a batch is that runs; null = it does not, and its row says it. */
    countsOf: (id: string) => running.get(id)?.counts() ?? null,

    /** Leaves everything as it is, to be gone on with. */
    async stop(): Promise<void> {
      clearInterval(look)
      stopping.abort()
      await Promise.all([...running.values()].map((one) => one.stop()))
      await Promise.all([checking, ...endings])
      await sender.close()
    },
  }

  function take(row: BatchRow): void {
    if (row.status === 'validating') checking = checking.then(() => check(row)).catch(warn)
    else if (row.status === 'in_progress') checking = checking.then(() => start(row)).catch(warn)
    else void finish(row, row.status === 'cancelling' ? 'cancelled' : 'completed', null)
  }

  /** Batches are checked one after another: the ids of one may take megabytes. */
  async function check(row: BatchRow): Promise<void> {
    if (stopping.signal.aborted || notToStart.has(row.id)) return
    const input = await files.ofProject(row.projectId, row.inputFileId)
    if (input === null) return fail(row, [inputGone(row)])
    const checks = createLineChecks(row.endpoint)
    for await (const line of readLines(files.pathOf(input.id), LINE_BYTES_MAX)) {
      if (stopping.signal.aborted) return
      if (notToStart.has(row.id) || !checks.check(line)) break
    }
    if (notToStart.has(row.id)) return
    const { linesTotal, model, problems } = checks.end()
    if (problems.length > 0) return fail(row, problems)
    const moved = await rows.move(row.id, 'in_progress', { linesTotal, model })
    if (moved !== null) await start(moved)
  }

  async function fail(row: BatchRow, problems: LineProblem[]): Promise<void> {
    await rows.move(row.id, 'failed', { problems })
  }

  async function start(row: BatchRow): Promise<void> {
    const input = await files.ofProject(row.projectId, row.inputFileId)
    if (input === null) return finish(row, 'failed', inputGone(row))
    makeFolder(join(folder, row.id))
    const progress = await openProgress(progressPathOf(row.id))
    const one = createRunningBatch({
      row,
      progress,
      lines: readLines(files.pathOf(input.id), LINE_BYTES_MAX),
      sender,
      clock,
      log,
      changed: pump,
      ended: (ending, problem) => {
        running.delete(row.id)
        const made = finish(row, ending, problem)
        endings.add(made)
        void made.finally(() => endings.delete(made))
      },
    })
    running.set(row.id, one)
    one.begin()
  }

  /** Asks as many lines as there is room for. */
  function pump(): void {
    for (;;) {
      if (stopping.signal.aborted) return
      const all = [...running.values()]
      const inFlight = all.reduce((sum, one) => sum + one.inFlight, 0)
      const ready = all.filter((one) => one.isReady() && ours(one.model) < (allowed.get(one.model) ?? 1))
      const chosen = inFlight < linesMax ? chooseBatch(ready, all) : null
      if (chosen === null) return
      chosen.askNext()
    }
  }

  function ours(model: string): number {
    return [...running.values()].reduce((sum, one) => sum + (one.model === model ? one.inFlight : 0), 0)
  }

  async function lookAround(): Promise<void> {
    if (looking || running.size === 0) return
    looking = true
    try {
      const models = new Set([...running.values()].map(({ model }) => model))
      for (const model of allowed.keys()) if (!models.has(model)) allowed.delete(model)
      for (const model of models) {
        const load = await loadOf(model).catch(() => null)
        allowed.set(model, linesAllowed(load, ours(model), allowed.get(model) ?? 0, linesMax))
      }
      for (const one of running.values()) {
        if (one.row.expiresAt.getTime() <= clock.nowMs()) one.end('expired')
        else if (one.hasNews()) {
          const { completed, failed } = one.counts()
          await rows.note(one.row.id, { linesCompleted: completed, linesFailed: failed })
        }
      }
      pump()
    } finally {
      looking = false
    }
  }

  /** Makes the files of what there is and ends the batch. It is tried until it works: a disk may be full for a while. */
  async function finish(row: BatchRow, ending: Ending, problem: LineProblem | null): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await finishOnce(row, ending, problem)
        return
      } catch (error) {
        log.warn({ err: error, batch: row.id }, 'the results of a batch were not written; it is tried again')
        await sleep(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  async function finishOnce(row: BatchRow, ending: Ending, problem: LineProblem | null): Promise<void> {
    if (ending === 'completed') await rows.move(row.id, 'finalizing')
    const now = await rows.find(row.id)
    // It went, or somebody cancelled it just now and comes here himself.
    if (now === null || !isOpen(now.status)) return
    const end = now.status === 'cancelling' ? 'cancelled' : ending
    const made = existsSync(progressPathOf(row.id)) ? await filesOf(now, end) : {}
    await rows.move(row.id, end, { ...made, ...(problem === null ? {} : { problems: [problem] }) })
    await rm(join(folder, row.id), { recursive: true, force: true })
  }

  async function filesOf(row: BatchRow, ending: Ending) {
    const ids = {
      outputFileId: row.outputFileId ?? newId('file', clock.nowMs()),
      errorFileId: row.errorFileId ?? newId('file', clock.nowMs()),
    }
    await rows.note(row.id, ids)
    const input = await files.ofProject(row.projectId, row.inputFileId)
    const { output, errors, failed, tokens } = await makeResults({
      batchId: row.id,
      progressPath: progressPathOf(row.id),
      inputPath: input === null ? null : files.pathOf(input.id),
      outputPath: join(folder, row.id, 'output.jsonl'),
      errorsPath: join(folder, row.id, 'errors.jsonl'),
      unanswered: UNANSWERED[ending],
    })
    const keep = async (id: string, made: MadeResults, kind: 'output' | 'errors'): Promise<string | null> => {
      const { lines, path, sizeBytes, sha256 } = made
      if (lines === 0) return null
      const { organizationId, projectId, outputExpiresAfterS: expiresAfterS } = row
      const filename = `${row.id}_${kind}.jsonl`
      const owner = { organizationId, projectId, createdBy: row.id }
      const file = { ...owner, filename, purpose: 'batch_output' as const, sizeBytes, sha256, expiresAfterS }
      return (await files.adopt(id, path, file)).id
    }
    return {
      outputFileId: await keep(ids.outputFileId, output, 'output'),
      errorFileId: await keep(ids.errorFileId, errors, 'errors'),
      linesCompleted: output.lines,
      linesFailed: failed,
      ...tokens,
    }
  }

  function progressPathOf(id: string): string {
    return join(folder, id, 'progress')
  }

  function warn(error: unknown): void {
    log.warn({ err: error }, 'a batch does not go on')
  }
}

function inputGone(row: BatchRow): LineProblem {
  return {
    code: 'input_file_gone',
    message: `The input file ${row.inputFileId} was deleted, or expired, before its requests were made.`,
    param: 'input_file_id',
    line: null,
  }
}
