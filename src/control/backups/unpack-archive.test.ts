import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ArchiveRefused, type ArchiveTrouble, TarEntries, type TarEntry } from './tar-entries.ts'
import { archiveOf, type EntryToWrite, LOOKS_LIKE_A_DATABASE, tarOf } from './test-archive.ts'
import { unpackArchive } from './unpack-archive.ts'

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-unpack-'))
after(() => rmSync(scratch, { recursive: true }))
let count = 0

async function unpack(bytes: Buffer, unpackedBytesMax = 1e6) {
  const root = join(scratch, String(++count))
  const archive = `${root}.tar.gz`
  const folder = join(root, 'inside')
  mkdirSync(root)
  writeFileSync(archive, bytes)
  const trouble: ArchiveTrouble | null = await unpackArchive({ archive, folder, unpackedBytesMax }).then(
    () => null,
    (error: unknown) => {
      assert.ok(error instanceof ArchiveRefused, String(error))
      return error.trouble
    },
  )
  return { trouble, folder, root }
}

const withDatabase = (...entries: EntryToWrite[]) => archiveOf([...LOOKS_LIKE_A_DATABASE, ...entries])

describe('an archive', () => {
  it('is unpacked below its folder, whatever its names begin with, for nobody else to read', async () => {
    const { trouble, folder } = await unpack(
      archiveOf(
        LOOKS_LIKE_A_DATABASE.map((entry) => ({ ...entry, name: `/${entry.name}` })).concat(
          { name: './base/1/2', type: '0', content: 'x'.repeat(1_000) },
          { name: 'base/1/empty', type: '0', content: '' },
        ),
      ),
    )
    assert.equal(trouble, null)
    assert.equal(readFileSync(join(folder, 'base/1/2'), 'utf8'), 'x'.repeat(1_000))
    assert.equal(statSync(join(folder, 'base/1/empty')).size, 0)
    assert.equal(statSync(join(folder, 'PG_VERSION')).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'base')).mode & 0o777, 0o700)
  })

  it('that wants out is refused, and writes nothing there', async () => {
    for (const name of ['../out', 'base/../../out', '/../out', 'base/..', 'a\\..\\..\\out']) {
      const { trouble, root } = await unpack(withDatabase({ name, content: 'pwned' }))
      assert.equal(trouble, 'hostile', name)
      assert.deepEqual(readdirSync(root), ['inside'], name)
      assert.ok(!existsSync(join(scratch, 'out')))
    }
  })

  it('with links, devices, a file twice, or a file in the place of a folder is refused', async () => {
    for (const type of ['1', '2', '3', '4', '6'])
      assert.equal((await unpack(withDatabase({ name: 'link', type }))).trouble, 'hostile', type)
    assert.equal((await unpack(withDatabase({ name: './PG_VERSION', content: '18' }))).trouble, 'hostile')
    assert.equal((await unpack(withDatabase({ name: '.', content: 'x' }))).trouble, 'hostile')
    assert.equal((await unpack(withDatabase({ name: 'PG_VERSION/x', content: 'x' }))).trouble, 'hostile')
    assert.equal((await unpack(withDatabase({ name: 'global', content: 'x' }))).trouble, 'hostile')
    assert.equal((await unpack(withDatabase({ name: `${'d/'.repeat(40)}x`, content: 'x' }))).trouble, 'hostile')
  })

  it('that unpacks to more than may be is refused by what it says, before it is written', async () => {
    const bomb = archiveOf([{ name: 'zeros', content: Buffer.alloc(4e6) }])
    assert.ok(bomb.length < 10_000)
    const { trouble, folder } = await unpack(bomb, 1e6)
    assert.equal(trouble, 'hostile')
    assert.ok(!existsSync(join(folder, 'zeros')))
    const many = Array.from({ length: 30 }, (_, at) => ({ name: `f${at}`, content: Buffer.alloc(50_000) }))
    assert.equal((await unpack(archiveOf(many), 1e6)).trouble, 'hostile')
    const liar = archiveOf([{ name: 'huge', content: '', bytesSaid: 8e9 }])
    assert.equal((await unpack(liar, 1e6)).trouble, 'hostile')
  })

  it('that was cut anywhere, or changed, is damaged', async () => {
    const whole = withDatabase({
      name: 'base/1/2',
      content: Buffer.from(Array.from({ length: 3_000 }, (_, at) => at % 251)),
    })
    for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share))
      assert.equal((await unpack(Buffer.from(cut))).trouble, 'damaged', String(share))
    }
    const changed = Buffer.from(whole)
    changed[changed.length - 6]! ^= 0xff
    assert.equal((await unpack(changed)).trouble, 'damaged')
    assert.equal((await unpack(archiveOf([{ name: 'x', checksumOff: 1 }]))).trouble, 'damaged')
    assert.equal((await unpack(archiveOf(LOOKS_LIKE_A_DATABASE, { ends: false }))).trouble, 'damaged')
    assert.equal((await unpack(Buffer.from('this is no gzip at all'))).trouble, 'damaged')
    assert.equal((await unpack(gzipSync(Buffer.alloc(5_000, 'this is no tar')))).trouble, 'damaged')
  })

  it('of something else, or of another PostgreSQL, is foreign', async () => {
    assert.equal((await unpack(archiveOf([{ name: 'holiday.jpg', content: 'x' }]))).trouble, 'foreign')
    assert.equal((await unpack(archiveOf([]))).trouble, 'foreign')
    const older = LOOKS_LIKE_A_DATABASE.map((one) => (one.name === 'PG_VERSION' ? { ...one, content: '15\n' } : one))
    assert.equal((await unpack(archiveOf(older))).trouble, 'foreign')
    assert.equal((await unpack(withDatabase({ name: 'long', type: 'L' }))).trouble, 'foreign')
  })

  it('with something after its end is refused', async () => {
    const twice = gzipSync(Buffer.concat([tarOf(LOOKS_LIKE_A_DATABASE), tarOf([{ name: 'more', content: 'x' }])]))
    assert.equal((await unpack(twice)).trouble, 'hostile')
  })
})

it('a tar is read the same wherever it is cut', () => {
  const tar = tarOf([
    ...LOOKS_LIKE_A_DATABASE,
    { name: 'base/1', content: 'abc' },
    { name: 'base/2', content: 'd'.repeat(600) },
  ])
  const readIn = (pieceBytes: number) => {
    const seen: [TarEntry, string][] = []
    const entries = new TarEntries({
      begin: (entry) => seen.push([entry, '']),
      data: (bytes) => {
        seen.at(-1)![1] += Buffer.from(bytes).toString('latin1')
      },
      end: () => undefined,
    })
    for (let at = 0; at < tar.length; at += pieceBytes) entries.feed(tar.subarray(at, at + pieceBytes))
    entries.finish()
    return seen
  }
  const whole = readIn(tar.length)
  assert.equal(whole.length, LOOKS_LIKE_A_DATABASE.length + 2)
  for (const pieceBytes of [1, 7, 511, 512, 513, 4_096]) assert.deepEqual(readIn(pieceBytes), whole, String(pieceBytes))
})
