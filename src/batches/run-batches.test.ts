/** Batches on a real database and real files, with a gateway that answers what the test says: what takes hours or a death. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createFiles, type Files } from '../files/files.ts'
import type { Database } from '../platform/database/database.ts'
import { scratchDatabase } from '../platform/database/scratch.ts'
import { newId } from '../platform/ids.ts'
import { createLog } from '../platform/log.ts'
import { type BatchRow, createBatchRows } from './batch-rows.ts'
import { isOpen } from './batch-state.ts'
import { createBatchRunner } from './run-batches.ts'
import type { LineRequest, LineSender } from './send-line.ts'
import { batch } from './tables.ts'

const log = createLog('test', 'silent')
const root = mkdtempSync(join(tmpdir(), 'tw-batches-'))
const clock = { aheadMs: 0, nowMs: () => Date.now() + clock.aheadMs }
const owner = { organizationId: 'org_1', projectId: 'proj_1' }
const HOUR_MS = 3_600_000

let database: Database
let files: Files
before(async () => {
  database = await scratchDatabase()
  const ceilings = { fileBytesMax: 1e9, projectBytesMax: 1e9 }
  files = createFiles({ db: database.db, clock, log, folder: join(root, 'files'), ...ceilings })
})
after(async () => {
  await database.close()
  rmSync(root, { recursive: true })
})

type Answer = (request: LineRequest, signal: AbortSignal) => Promise<{ status: number; body: object }>

function runnerWith(answer: Answer) {
  const sender: LineSender = {
    async send(request, signal) {
      const { status, body } = await answer(request, signal)
      return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) }
    },
    close: async () => {},
  }
  const rows = createBatchRows({ db: database.db, clock })
  const loadOf = async () => null
  const runner = createBatchRunner({
    rows,
    files,
    sender,
    loadOf,
    folder: join(root, 'batches'),
    linesMax: 2,
    clock,
    log,
  })
  const ended = async (id: string): Promise<BatchRow> => {
    for (;;) {
      const row = await rows.find(id)
      assert.ok(row, `${id} is gone`)
      if (!isOpen(row.status)) return row
      await sleep(10)
    }
  }
  return { runner, rows, ended }
}

async function batchOf(lines: number): Promise<BatchRow> {
  const text = Array.from({ length: lines }, (_, i) =>
    JSON.stringify({
      custom_id: `line ${i}`,
      method: 'POST',
      url: '/v1/completions',
      body: { model: 'm', prompt: `${i}` },
    }),
  ).join('\n')
  const id = newId('file')
  const path = join(root, id)
  writeFileSync(path, text)
  const input = {
    ...owner,
    createdBy: 'key_1',
    filename: 'in',
    purpose: 'batch' as const,
    sha256: '',
    expiresAfterS: null,
  }
  await files.adopt(id, path, { ...input, sizeBytes: text.length })
  const at = new Date(clock.nowMs())
  const row = { ...owner, keyId: 'key_1', inputFileId: id, inputFilename: 'in', endpoint: '/v1/completions' }
  const [made] = await database.db
    .insert(batch)
    .values({
      ...row,
      id: newId('batch'),
      status: 'validating',
      completionWindow: '24h',
      createdAt: at,
      expiresAt: new Date(at.getTime() + 24 * HOUR_MS),
    })
    .returning()
  return made!
}

function resultsIn(fileId: string | null): { custom_id: string; error: { code: string } | null }[] {
  assert.ok(fileId, 'there is no such file')
  const text = readFileSync(files.pathOf(fileId), 'utf8').trim()
  return text.split('\n').map((line) => JSON.parse(line))
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

describe('batches', () => {
  it('whose window ends keep what was answered, and tell of the rest that it expired', async () => {
    let answered = 0
    const { runner, ended } = runnerWith((_, signal) => {
      if (answered === 3) {
        clock.aheadMs += 25 * HOUR_MS
        return untilAborted(signal)
      }
      answered++
      return Promise.resolve({ status: 200, body: { usage: { prompt_tokens: 2, completion_tokens: 1 } } })
    })
    const { id } = await batchOf(6)
    await runner.begin()
    const row = await ended(id)
    await runner.stop()
    assert.equal(row.status, 'expired')
    assert.deepEqual(
      [row.linesTotal, row.linesCompleted, row.linesFailed, row.tokensIn, row.tokensOut],
      [6, 3, 0, 6, 3],
    )
    assert.equal(resultsIn(row.outputFileId).length, 3)
    const rest = resultsIn(row.errorFileId)
    assert.deepEqual(
      rest.map(({ error }) => error?.code),
      ['batch_expired', 'batch_expired', 'batch_expired'],
    )
  })

  it('go on after a stop under the names that lines in flight had, and under new ones where they were refused', async () => {
    const names = new Map<string, string[]>()
    const note = ({ body, requestId }: LineRequest) => {
      const { prompt } = JSON.parse(body.toString()) as { prompt: string }
      names.set(prompt, [...(names.get(prompt) ?? []), requestId])
      return prompt
    }
    let inFlight = 0
    const first = runnerWith((request, signal) => {
      note(request)
      inFlight++
      return untilAborted(signal)
    })
    const { id } = await batchOf(3)
    await first.runner.begin()
    while (inFlight === 0) await sleep(10)
    await first.runner.stop()
    assert.equal((await first.rows.find(id))?.status, 'in_progress')

    let refused = false
    const second = runnerWith(async (request) => {
      if (note(request) !== '1' || refused) return { status: 200, body: {} }
      refused = true
      return { status: 429, body: {} }
    })
    await second.runner.begin()
    const row = await second.ended(id)
    await second.runner.stop()
    assert.equal(row.status, 'completed')
    assert.equal(row.linesCompleted, 3)
    const [again = []] = [names.get('0')]
    assert.equal(again.length, 2)
    assert.equal(new Set(again).size, 1, 'it is asked again under its name')
    const last = names.get('1') ?? []
    assert.notEqual(last.at(-1), last.at(-2), 'what was refused left a record under the old name')
  })

  it('whose input is deleted before they begin fail, and say so', async () => {
    const { runner, ended } = runnerWith(async () => ({ status: 200, body: {} }))
    const made = await batchOf(1)
    await files.delete({ kind: 'machine' }, made.inputFileId)
    await runner.begin()
    const row = await ended(made.id)
    await runner.stop()
    assert.deepEqual([row.status, row.problems?.[0]?.code], ['failed', 'input_file_gone'])
  })

  it('end a line whose connection breaks again and again, and go on with the others', async () => {
    const { runner, ended } = runnerWith(async ({ body }) => {
      if (body.includes('"prompt":"1"')) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
      return { status: 200, body: {} }
    })
    const { id } = await batchOf(3)
    await runner.begin()
    const row = await ended(id)
    await runner.stop()
    assert.deepEqual([row.status, row.linesCompleted, row.linesFailed], ['completed', 2, 1])
    assert.deepEqual(
      resultsIn(row.errorFileId).map(({ error }) => error?.code),
      ['gateway_lost'],
    )
  })
})
