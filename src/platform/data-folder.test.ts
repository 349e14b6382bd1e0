import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { DataFolderLocked, dataFolderAt, lockDataFolder, lockFile, makeDataFolder, sockets } from './data-folder.ts'

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-folder-'))
after(() => rmSync(scratch, { recursive: true }))

let locks = 0
const newLock = () => join(scratch, `lock-${locks++}`)
const says = (pid: number) => `held by ${pid}`
const needsProc = { skip: !existsSync('/proc/self/stat') && 'this system has no /proc, so start times cannot be known' }

describe('a lock', () => {
  it('is taken, refused to everybody else while its holder lives, and given back', () => {
    const path = newLock()
    const unlock = lockFile(path, says)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.throws(() => lockFile(path, says), new DataFolderLocked(`held by ${process.pid}`))
    unlock()
    assert.ok(!existsSync(path))
    lockFile(path, says)()
  })

  it('of another living process is refused, and taken over once that process was killed', async () => {
    const path = newLock()
    const script = `
      import { lockFile } from ${JSON.stringify(new URL('./data-folder.ts', import.meta.url).href)}
      lockFile(${JSON.stringify(path)}, String)
      console.log('locked')
      setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(holder.stdout, 'data')
      assert.throws(() => lockFile(path, says), new DataFolderLocked(`held by ${holder.pid}`))
      holder.kill('SIGKILL')
      await once(holder, 'exit')
      lockFile(path, says)()
    } finally {
      holder.kill('SIGKILL')
    }
  })

  it('whose holder is dead goes to exactly one of many that start at once', async () => {
    const path = newLock()
    writeFileSync(path, JSON.stringify({ ...holderOf(lockedBy(path)), bootId: 'another' }))
    const script = `
      import { lockFile } from ${JSON.stringify(new URL('./data-folder.ts', import.meta.url).href)}
      process.stdin.once('data', () => {
        try { lockFile(${JSON.stringify(path)}, String); console.log('taken') }
        catch (error) { console.log(error.name) }
      }).on('end', () => process.exit())
      console.log('ready')`
    const starts = Array.from({ length: 5 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    try {
      await Promise.all(starts.map((start) => once(start.stdout, 'data')))
      const answers = starts.map((start) => once(start.stdout, 'data'))
      for (const start of starts) start.stdin.write('go')
      const said = (await Promise.all(answers)).map(([chunk]) => String(chunk).trim()).sort()
      assert.deepEqual(said, ['DataFolderLocked', 'DataFolderLocked', 'DataFolderLocked', 'DataFolderLocked', 'taken'])
    } finally {
      for (const start of starts) start.stdin.end()
      await Promise.all(starts.map((start) => start.exitCode ?? once(start, 'exit')))
    }
  })

  it('of a process that is gone is taken over', needsProc, () => {
    const path = newLock()
    const gone = spawnSync(process.execPath, ['-e', '']).pid
    writeFileSync(path, JSON.stringify({ ...holderOf(lockedBy(path)), pid: gone }))
    const unlock = lockFile(path, says)
    assert.equal(holderOf(path).pid, process.pid)
    unlock()
  })

  it('whose process number now belongs to another process is taken over', needsProc, () => {
    const path = newLock()
    const { startedAt, ...holder } = holderOf(lockedBy(path))
    writeFileSync(path, JSON.stringify({ ...holder, startedAt: String(Number(startedAt) - 100) }))
    lockFile(path, says)()
  })

  it('from before a reboot is taken over, though a process of that number lives', needsProc, () => {
    const path = newLock()
    writeFileSync(path, JSON.stringify({ ...holderOf(lockedBy(path)), bootId: '00000000-0000-0000-0000-000000000000' }))
    lockFile(path, says)()
  })

  it('that a crash left half written is taken over', () => {
    for (const text of ['', '{"pid": 1', 'null', '{}', '{"pid":"x"}']) {
      const path = newLock()
      writeFileSync(path, text)
      lockFile(path, says)()
    }
  })

  it("that its holder gives back late does not take the next holder's away", () => {
    const path = newLock()
    const unlock = lockFile(path, says)
    writeFileSync(path, JSON.stringify({ ...holderOf(path), pid: process.ppid, startedAt: 'another' }))
    unlock()
    assert.ok(existsSync(path))
  })
})

describe('a data folder', () => {
  it('is made for its owner alone, and locked as a whole', () => {
    const folder = dataFolderAt(join(scratch, 'data'))
    makeDataFolder(folder)
    makeDataFolder(folder)
    for (const path of [folder.root, folder.weights, folder.prefixes, folder.backups, folder.logs, folder.run])
      assert.equal(statSync(path).mode & 0o777, 0o700, path)
    const unlock = lockDataFolder(folder)
    assert.throws(
      () => lockDataFolder(folder),
      /^DataFolderLocked: Tradewind already runs on .*data \(process \d+\)\. Stop it, or set TRADEWIND_DATA to another folder\.$/,
    )
    unlock()
  })

  it('with a long path keeps its sockets where their names fit', () => {
    const short = dataFolderAt('/srv/tradewind')
    assert.equal(sockets.control(short), '/srv/tradewind/run/control.sock')
    const long = dataFolderAt(`/srv/${'deep/'.repeat(30)}`)
    const other = dataFolderAt(`/srv/${'deep/'.repeat(31)}`)
    assert.ok(Buffer.byteLength(sockets.controlAdmin(long)) < 104)
    assert.notEqual(long.run, other.run, 'two installations never share sockets')
    assert.ok(long.database.startsWith(long.root), 'nothing else moves')
  })
})

/** A lock file as this process writes it. */
function lockedBy(path: string): string {
  lockFile(path, says)
  return path
}

function holderOf(path: string): { pid: number; bootId: string; startedAt: string } {
  return JSON.parse(readFileSync(path, 'utf8'))
}
