import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openProgress, readEntries } from './progress-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tw-progress-'))
after(() => rmSync(folder, { recursive: true }))

async function written(name: string): Promise<string> {
  const path = join(folder, name)
  const progress = await openProgress(path)
  await progress.noteStart(1, 'req_one')
  await progress.noteStart(2, 'req_two')
  await progress.noteResult(1, 'output', '{"custom_id":"α"}')
  await progress.noteStart(3, 'req_three')
  await progress.noteResult(3, 'error', '{"custom_id":"c"}')
  await progress.close()
  return path
}

describe('what became of lines', () => {
  it('is there again when the file is opened again, with the names of those in flight', async () => {
    const progress = await openProgress(await written('again'))
    assert.deepEqual(progress.counts(), { completed: 1, failed: 1 })
    assert.deepEqual([1, 2, 3, 4].map(progress.isDone), [true, false, true, false])
    assert.deepEqual([1, 2, 3, 4].map(progress.requestIdOf), [null, 'req_two', null, null])
    await progress.close()
  })

  it('is whole up to the last entry that is whole, wherever the file was torn, and goes on from there', async () => {
    const path = await written('torn')
    const whole = readFileSync(path)
    for (let bytes = whole.length; bytes >= 0; bytes--) {
      writeFileSync(path, whole)
      truncateSync(path, bytes)
      const kept = whole.subarray(0, bytes).lastIndexOf(0x0a) + 1
      const progress = await openProgress(path)
      assert.equal(readFileSync(path).length, kept, `torn at ${bytes}`)
      await progress.noteResult(9, 'output', '{}')
      await progress.close()
      const entries = []
      for await (const entry of readEntries(path)) entries.push(entry.line)
      assert.equal(entries.at(-1), 9, `torn at ${bytes}`)
    }
  })

  it('ends where bytes were damaged, as a power cut leaves them', async () => {
    const path = await written('damaged')
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('{"custom_id":"c"}') + 15] = 0x58
    writeFileSync(path, bytes)
    appendFileSync(path, Buffer.alloc(512))
    const progress = await openProgress(path)
    assert.deepEqual(progress.counts(), { completed: 1, failed: 0 })
    assert.equal(progress.requestIdOf(3), 'req_three', 'it is asked again under its name')
    await progress.close()
  })

  it('counts a line once that was answered twice', async () => {
    const progress = await openProgress(await written('twice'))
    await progress.noteResult(1, 'error', '{}')
    assert.deepEqual(progress.counts(), { completed: 1, failed: 1 })
    await progress.close()
  })
})
