import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, describe, it } from 'node:test'
import { UPLOAD_BYTES_MAX } from './archive-limits.ts'
import { BackupDamaged, BackupTooLarge } from './errors.ts'
import { receiveArchive } from './receive-archive.ts'

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-receive-'))
after(() => rmSync(scratch, { recursive: true }))
const place = (name: string) => join(scratch, name)
const quietly = () => undefined

describe('an upload', () => {
  it('is written as it comes, and says how far it is', async () => {
    const told: number[] = []
    const body = Readable.from([Buffer.from('one'), Buffer.from('three')])
    assert.equal(await receiveArchive(body, place('whole'), 8, (bytes) => told.push(bytes)), 8)
    assert.equal(readFileSync(place('whole'), 'utf8'), 'onethree')
    assert.deepEqual(told, [3, 8])
  })

  it('of another length than was said is damaged', async () => {
    const body = () => Readable.from([Buffer.from('one')])
    for (const said of [2, 4])
      await assert.rejects(receiveArchive(body(), place(`${said}`), said, quietly), BackupDamaged)
    assert.equal(await receiveArchive(body(), place('unsaid'), null, quietly), 3)
  })

  it('that is too long is refused before it is taken', async () => {
    const body = Readable.from([Buffer.from('one')])
    await assert.rejects(receiveArchive(body, place('long'), UPLOAD_BYTES_MAX + 1, quietly), BackupTooLarge)
  })

  it('whose sender falls silent is given up', async () => {
    const body = new PassThrough()
    body.write('one')
    await assert.rejects(receiveArchive(body, place('silent'), 100, quietly, 20), BackupDamaged)
    assert.ok(body.destroyed)
  })
})
