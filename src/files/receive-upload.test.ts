import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { receiveUpload } from './receive-upload.ts'

const folder = mkdtempSync(join(tmpdir(), 'tw-upload-'))
after(() => rmSync(folder, { recursive: true }))
const partPath = join(folder, 'part')

/** A form as a browser or an official client writes it. */
async function form(entries: [string, string | File][]): Promise<{ body: Buffer; contentType: string }> {
  const data = new FormData()
  for (const [name, value] of entries) data.append(name, value)
  const request = new Request('http://form', { method: 'POST', body: data })
  return { body: Buffer.from(await request.arrayBuffer()), contentType: request.headers.get('content-type') ?? '' }
}

function inPieces(body: Buffer, bytes: number): Readable {
  const pieces: Buffer[] = []
  for (let at = 0; at < body.length; at += bytes) pieces.push(body.subarray(at, at + bytes))
  return Readable.from(pieces, { objectMode: false })
}

describe('an upload', () => {
  it('is on disk as it was sent, wherever it was cut, with fields before and after the file', async () => {
    const bytes = randomBytes(5_000)
    const { body, contentType } = await form([
      ['purpose', 'batch'],
      ['file', new File([bytes], 'a\r\nb.jsonl')],
      ['expires_after[seconds]', '3600'],
    ])
    for (const size of [1, 7, 1_000, body.length]) {
      const upload = await receiveUpload(inPieces(body, size), { contentType, partPath, bytesMax: 5_000 })
      assert.equal(upload.sizeBytes, 5_000)
      assert.equal(upload.sha256, createHash('sha256').update(bytes).digest('hex'))
      assert.deepEqual({ ...upload.fields }, { purpose: 'batch', 'expires_after[seconds]': '3600' })
      assert.ok(!/\p{Cc}/u.test(upload.filename), upload.filename)
      assert.deepEqual(readFileSync(partPath), bytes)
      rmSync(partPath)
    }
  })

  it('that is too long, broken off, or no form is refused, and nothing of it is left', async () => {
    const { body, contentType } = await form([['file', new File([randomBytes(300_000)], 'a')]])
    const refuses = async (sent: Readable, type: string | undefined, expected: object) => {
      await assert.rejects(receiveUpload(sent, { contentType: type, partPath, bytesMax: 200_000 }), expected)
      assert.deepEqual(readdirSync(folder), [])
    }
    await refuses(inPieces(body, 10_000), contentType, { code: 'files.file_too_large' })
    await refuses(inPieces(body.subarray(0, 100_000), 10_000), contentType, { data: { trouble: 'broken-form' } })
    await refuses(Readable.from([]), contentType, { code: 'files.upload_refused' })
    await refuses(Readable.from([Buffer.from('{}')]), 'application/json', { data: { trouble: 'no-form' } })
    await refuses(Readable.from([Buffer.from('{}')]), undefined, { data: { trouble: 'no-form' } })
    const none = await form([['purpose', 'batch']])
    await refuses(inPieces(none.body, 100), none.contentType, { data: { trouble: 'no-file' } })
    const left = inPieces(body, 10_000)
    left.once('data', () => left.destroy(new Error('the client left')))
    await assert.rejects(receiveUpload(left, { contentType, partPath, bytesMax: 1e6 }))
    assert.deepEqual(readdirSync(folder), [])
  })

  it('that fills the disk is refused as such, and nothing of it is left', {
    skip: process.platform !== 'linux',
  }, async () => {
    // A process whose files may not grow beyond 100 kB: the kernel refuses its writes as a full disk does.
    const program = `
      import { receiveUpload } from ${JSON.stringify(new URL('receive-upload.ts', import.meta.url).href)}
      const data = new FormData()
      data.append('file', new File([Buffer.alloc(1_000_000)], 'a'))
      const request = new Request('http://form', { method: 'POST', body: data })
      const { Readable } = await import('node:stream')
      const options = { contentType: request.headers.get('content-type'), partPath: ${JSON.stringify(partPath)}, bytesMax: 1e9 }
      await receiveUpload(Readable.fromWeb(request.body), options).catch((error) => console.log(error.code))`
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      'trap "" XFSZ; ulimit -f 100; exec "$0" --input-type=module -e "$1"',
      process.execPath,
      program,
    ])
    assert.equal(stdout.trim(), 'files.disk_full')
    assert.deepEqual(readdirSync(folder), [])
  })
})
