import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { UsageRecord } from '../../billing/usage-record.ts'
import { systemClock } from '../../platform/clock.ts'
import { dataFolderAt } from '../../platform/data-folder.ts'
import { createLog } from '../../platform/log.ts'
import { encodeFrame } from './frame.ts'
import { takeOldBacklog } from './old-backlog.ts'
import { segmentPath } from './segments.ts'
import { createUsageJournal, type UsageJournalDeps } from './usage-journal.ts'

const log = createLog('test', 'silent')
const record = (id: string, change: Partial<UsageRecord> = {}) =>
  ({ id, model: 'm', startedAtMs: Date.now(), engineId: 'eng_1', status: 0, tokensOut: 0, ...change }) as UsageRecord
const counted = (tokensOut: number) => ({ counts: () => ({ tokensOut, tokensOutSource: 'counted' as const }) })

describe('usage journal', () => {
  let root: string
  let delivered: UsageRecord[]
  let answer: () => number
  const ids = () => delivered.map(({ id }) => id)
  const away = () => {
    throw new Error('connect ENOENT')
  }
  const journal = (change: Partial<UsageJournalDeps> = {}) =>
    createUsageJournal({
      root,
      worker: '0',
      workers: 1,
      durability: 'process',
      clock: systemClock,
      log,
      deliver: async (records) => {
        const status = answer()
        if (status < 300) delivered.push(...records)
        return status
      },
      ...change,
    })
  const lives = () => readdirSync(root).filter((name) => /^worker-\d+\.\d+-\d+$/.test(name))
  /** What a worker leaves that was killed: a process that no longer is, and the files as they are. */
  const killed = (frames: Buffer, worker = '0', segment = 1) => {
    const life = join(root, `worker-${worker}.1000-4194305`)
    mkdirSync(life, { recursive: true })
    writeFileSync(join(life, 'lock'), JSON.stringify({ pid: 4_194_305, bootId: 'another', startedAt: '1' }))
    appendFileSync(segmentPath(life, segment), frames)
    return life
  }

  beforeEach(() => {
    root = join(mkdtempSync(join(tmpdir(), 'tw-journal-')), 'usage-journal')
    delivered = []
    answer = () => 204
  })
  afterEach(() => rmSync(join(root, '..'), { recursive: true }))

  it('has a request on file, for the owner only, before its engine is asked, and delivers what is closed once', async () => {
    const usage = journal()
    usage.open(record('a'))
    const [life] = lives()
    const segment = segmentPath(join(root, life ?? ''), 1)
    assert.match(readFileSync(segment, 'utf8'), /"id":"a"/)
    assert.deepEqual([statSync(segment).mode & 0o777, statSync(root).mode & 0o777], [0o600, 0o700])
    assert.equal(usage.close(record('a', { tokensOut: 3 })), null)
    assert.equal(usage.close(record('a', { tokensOut: 9 })), null, 'a second close is none')
    await usage.flush()
    assert.deepEqual(
      delivered.map(({ id, tokensOut }) => [id, tokensOut]),
      [['a', 3]],
    )
    assert.deepEqual(usage.backlog(), { queuedRecords: 0, fileBytes: 0, isWritable: true })
    await usage.stop()
    assert.deepEqual(lives(), [], 'nothing is left of a life that delivered everything')
  })

  it('keeps what control does not take, over a restart and many segments, in batches of at most 200', async () => {
    answer = away
    const before = journal({ segmentBytes: 4_000 })
    const wanted = Array.from({ length: 450 }, (_, at) => `req_${at}`)
    before.open(record('long'))
    before.progressed(record('long'), counted(7))
    for (const id of wanted) {
      before.open(record(id))
      before.close(record(id))
    }
    await before.flush()
    assert.equal(before.backlog().queuedRecords, 450)
    await before.stop()
    renameSync(join(root, lives()[0] ?? ''), join(root, 'worker-0.1000-4194305'))
    rmSync(join(root, 'worker-0.1000-4194305', 'lock'))

    const sizes: number[] = []
    answer = () => 204
    const after = journal({
      deliver: async (records) => {
        sizes.push(records.length)
        delivered.push(...records)
        return 204
      },
    })
    await after.flush()
    assert.deepEqual(ids(), [...wanted, 'long'])
    assert.deepEqual([delivered.at(-1)?.cutBy, delivered.at(-1)?.tokensOut], ['gateway', 7])
    assert.ok(Math.max(...sizes) <= 200)
    await after.stop()
    assert.deepEqual(lives(), [])
  })

  it('deletes segments behind what is delivered, while an answer from before them still runs', async () => {
    const usage = journal({ segmentBytes: 2_000 })
    usage.open(record('long'))
    usage.progressed(record('long'), counted(1))
    for (let at = 0; at < 100; at++) {
      usage.open(record(`req_${at}`))
      usage.close(record(`req_${at}`))
    }
    await usage.flush()
    const life = join(root, lives()[0] ?? '')
    const left = readdirSync(life).filter((name) => name.endsWith('.segment'))
    assert.equal(left.length, 1)
    assert.match(readFileSync(join(life, left[0] ?? ''), 'utf8'), /"id":"long"/, 'it was carried over')
    usage.close(record('long'))
    await usage.stop()
    assert.deepEqual(ids().toSorted(), ['long', ...Array.from({ length: 100 }, (_, at) => `req_${at}`)].toSorted())
  })

  it('closes what a killed worker had open as interrupted, from its last mark, and never twice', async () => {
    const open = (id: string) => encodeFrame('open', record(id))
    const life = killed(
      Buffer.concat([
        open('done'),
        open('marked'),
        open('silent'),
        encodeFrame('mark', { id: 'marked', tokensOut: 2, status: 200 }),
        encodeFrame('close', record('done', { tokensOut: 5, status: 200 })),
        encodeFrame('mark', { id: 'marked', tokensOut: 4, status: 200, tokensOutSource: 'counted' }),
        open('torn').subarray(0, 30),
      ]),
    )
    answer = away
    const first = journal()
    await first.flush()
    await first.stop()
    // As if that one had been killed too, before control came back.
    writeFileSync(join(life, 'lock'), JSON.stringify({ pid: 4_194_305, bootId: 'another', startedAt: '1' }))
    answer = () => 204
    const second = journal()
    await second.flush()
    assert.deepEqual(
      delivered.map(({ id, tokensOut, cutBy, errorCode, status }) => [id, tokensOut, cutBy, errorCode, status]),
      [
        ['done', 5, undefined, undefined, 200],
        ['marked', 4, 'gateway', 'gateway_interrupted', 200],
        ['silent', 0, 'gateway', 'gateway_interrupted', 502],
      ],
    )
    await second.stop()
    assert.equal(existsSync(life), false)
  })

  it('sets damaged bytes aside, and reads what stands around them', async () => {
    const frames = ['a', 'b', 'c'].map((id) => encodeFrame('close', record(id)))
    const [a, b] = frames as [Buffer, Buffer]
    b[20] = 0
    killed(Buffer.concat(frames))
    const usage = journal()
    await usage.flush()
    assert.deepEqual(ids(), ['a', 'c'])
    const aside = readdirSync(root).filter((name) => name.startsWith('damaged-'))
    assert.equal(aside.length, 1)
    assert.deepEqual(readFileSync(join(root, aside[0] ?? '')), b)
    assert.match(aside[0] ?? '', new RegExp(`-1-${a.length}\\.bin$`))
    await usage.stop()
  })

  it('leaves a worker alone that still runs, and takes over those whose number no longer exists', async () => {
    const running = journal({ worker: '1', workers: 2 })
    running.open(record('running'))
    killed(encodeFrame('close', record('gone')), '3')
    killed(encodeFrame('close', record('next door')), '1')
    const usage = journal({ workers: 2 })
    await usage.flush()
    assert.deepEqual(ids(), ['gone'])
    running.close(record('running'))
    await running.stop()
    await usage.stop()
    assert.deepEqual(ids(), ['gone', 'running'])
  })

  it('sets aside what control refuses for good, and delivers the rest', async () => {
    let first = true
    answer = () => {
      if (!first) return 204
      first = false
      return 400
    }
    const usage = journal()
    for (const id of ['bad', 'good']) {
      usage.open(record(id))
      usage.close(record(id))
      await usage.flush()
    }
    assert.deepEqual(ids(), ['good'])
    assert.match(readFileSync(join(root, 'worker-0.refused.jsonl'), 'utf8'), /"id":"bad"/)
    await usage.stop()
  })

  it('that cannot be written refuses what is new, and brings what was open to control through memory', async () => {
    const usage = journal({ segmentBytes: 1 })
    usage.open(record('a'))
    // A folder that is gone takes no new segment, as a full disk takes none.
    const life = join(root, lives()[0] ?? '')
    renameSync(life, `${life}.away`)
    assert.throws(() => usage.open(record('b')), { code: 'usage_unrecordable', status: 503 })
    usage.close(record('a', { tokensOut: 2 }))
    renameSync(`${life}.away`, life)
    assert.equal(usage.backlog().isWritable, false)
    await usage.flush()
    assert.deepEqual(ids(), ['a'])
    usage.open(record('c'))
    assert.equal(usage.backlog().isWritable, true)
    usage.close(record('c'))
    await usage.stop()
    assert.deepEqual(ids(), ['a', 'c'])
  })

  it('that cannot be begun refuses what is new, and begins when there is room', async () => {
    writeFileSync(root, 'a file where its folder should be') // as good as a disk that takes none
    const usage = journal()
    assert.throws(() => usage.open(record('a')), { code: 'usage_unrecordable' })
    assert.equal(usage.backlog().isWritable, false)
    await usage.flush()
    rmSync(root)
    usage.open(record('b'))
    usage.close(record('b'))
    await usage.stop()
    assert.deepEqual(ids(), ['b'])
  })

  it('waits for the disk where a record is to outlive its machine, one call for many', async () => {
    const usage = journal({ durability: 'host', segmentBytes: 3_000 })
    const wanted = Array.from({ length: 100 }, (_, at) => `req_${at}`)
    for (const id of wanted) usage.open(record(id))
    const filed = wanted.map((id) => usage.close(record(id)))
    assert.ok(filed.every((one) => one instanceof Promise))
    await Promise.all(filed)
    await usage.stop()
    assert.deepEqual(ids().toSorted(), wanted.toSorted())
  })

  it('delivers once what a version before it has left', async () => {
    const folder = dataFolderAt(join(root, '..'))
    const backlog = join(folder.root, 'usage-backlog')
    mkdirSync(backlog)
    for (const worker of ['0', '3'])
      writeFileSync(join(backlog, `worker-${worker}.jsonl`), `\n${JSON.stringify(record(worker))}\n{"id":"torn","mo`)
    writeFileSync(join(backlog, 'worker-0.refused.jsonl'), `${JSON.stringify(record('refused'))}\n`)
    const usage = journal()
    await takeOldBacklog(folder, usage.adopt, log)
    await usage.flush()
    assert.deepEqual(ids(), ['0', '3'])
    assert.deepEqual(readdirSync(backlog), ['worker-0.refused.jsonl'])
    await usage.stop()
  })
})
