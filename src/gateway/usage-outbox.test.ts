import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { UsageRecord } from '../billing/usage-record.ts'
import { createLog } from '../platform/log.ts'
import { adoptBacklogs, createUsageOutbox } from './usage-outbox.ts'

const log = createLog('test', 'silent')
const record = (id: string) => ({ id, model: 'm', tokensOut: 3 }) as UsageRecord
const ids = (records: readonly UsageRecord[]) => records.map((each) => each.id)

describe('usage outbox', () => {
  let folder: string
  let delivered: string[]
  let answer: () => number
  const outbox = (worker = '0') =>
    createUsageOutbox({
      folder,
      worker,
      log,
      deliver: async (records) => {
        const status = answer()
        if (status < 300) delivered.push(...ids(records))
        return status
      },
    })
  const file = () => join(folder, 'worker-0.jsonl')
  const away = () => {
    throw new Error('connect ENOENT')
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-outbox-'))
    delivered = []
    answer = () => 204
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('delivers what was closed, once, in batches of at most 200', async () => {
    const sizes: number[] = []
    const box = createUsageOutbox({
      folder,
      worker: '0',
      log,
      deliver: async (records) => {
        sizes.push(records.length)
        delivered.push(...ids(records))
        return 204
      },
    })
    for (let i = 0; i < 450; i++) box.close(record(`req_${i}`))
    await box.flush()
    assert.deepEqual(
      delivered,
      Array.from({ length: 450 }, (_, i) => `req_${i}`),
    )
    assert.ok(Math.max(...sizes) <= 200)
    assert.deepEqual(box.backlog(), { queuedRecords: 0, fileBytes: 0 })
    assert.equal(existsSync(file()), false)
    await box.stop()
  })

  it('writes down, for the owner only, what control does not take, and a later start delivers it', async () => {
    answer = away
    const before = outbox()
    for (const id of ['a', 'b', 'c']) before.close(record(id))
    await before.flush()
    assert.equal(before.backlog().queuedRecords, 0)
    assert.equal(statSync(file()).mode & 0o777, 0o600)
    await before.stop()

    answer = () => 204
    const after = outbox()
    after.close(record('d'))
    await after.flush()
    assert.deepEqual(delivered.toSorted(), ['a', 'b', 'c', 'd'])
    assert.equal(existsSync(file()), false)
    await after.stop()
  })

  it('goes on after a torn line, and loses only that one', async () => {
    writeFileSync(file(), `${JSON.stringify(record('a'))}\n{"id":"torn","mo`)
    answer = away
    const before = outbox()
    before.close(record('b'))
    await before.flush()
    await before.stop()
    answer = () => 204
    const after = outbox()
    await after.flush()
    assert.deepEqual(delivered, ['a', 'b'])
    await after.stop()
  })

  it('ends cleanly on a file that holds nothing but a torn line', async () => {
    writeFileSync(file(), '{"id":"torn","mo')
    const box = outbox()
    await box.flush()
    assert.equal(existsSync(file()), false)
    await box.stop()
  })

  it('sets aside what control refuses for good, and delivers the rest', async () => {
    let first = true
    answer = () => {
      if (!first) return 204
      first = false
      return 400
    }
    const box = outbox()
    box.close(record('bad'))
    await box.flush()
    box.close(record('good'))
    await box.flush()
    assert.deepEqual(delivered, ['good'])
    assert.match(readFileSync(join(folder, 'worker-0.refused.jsonl'), 'utf8'), /"id":"bad"/)
    await box.stop()
  })

  it('keeps what is closed while a delivery is under way', async () => {
    const gate = Promise.withResolvers<void>()
    const box = createUsageOutbox({
      folder,
      worker: '0',
      log,
      deliver: async (records) => {
        await gate.promise
        delivered.push(...ids(records))
        return 204
      },
    })
    box.close(record('a'))
    const flushed = box.flush()
    box.close(record('b'))
    gate.resolve()
    await flushed
    assert.deepEqual(delivered, ['a', 'b'])
    await box.stop()
  })

  it('takes over the files of workers that no longer exist', async () => {
    for (const worker of ['0', '1', '3'])
      writeFileSync(join(folder, `worker-${worker}.jsonl`), `${JSON.stringify(record(worker))}\n`)
    appendFileSync(join(folder, 'worker-3.jsonl'), `${JSON.stringify(record('3b'))}\n`)
    adoptBacklogs(folder, '0', 2)
    const box = outbox()
    await box.flush()
    assert.deepEqual(delivered, ['0', '3', '3b'])
    assert.equal(existsSync(join(folder, 'worker-1.jsonl')), true)
    await box.stop()
  })
})
