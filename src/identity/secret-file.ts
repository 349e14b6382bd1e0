import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'

const SECRET_BYTES = 32

/**
 * The secret in the file at `path`, made at the first call and readable by its owner only. Deleting the file signs
 * everybody out.
 */
export function secretFromFile(path: string): string {
  const found = read(path)
  if (found !== null) return found
  const mine = `${path}.${process.pid}.new`
  writeFileSync(mine, randomBytes(SECRET_BYTES).toString('base64url'), { mode: 0o600, flag: 'wx', flush: true })
  try {
    // A link, not a rename: of two who make it at once the first one wins, and a reader never sees half a secret.
    linkSync(mine, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(mine)
  }
  const made = read(path)
  if (made === null) throw new Error(`${path} was made and is gone`)
  return made
}

function read(path: string): string | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  if (text.length < SECRET_BYTES)
    throw new Error(`${path} holds no usable secret. Delete it to have a new one made; everybody has to sign in again.`)
  return text
}
