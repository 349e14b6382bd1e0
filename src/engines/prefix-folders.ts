/**
 * Spilled prefixes on disk: `<prefixes>/<hash of the weights>/<name of a salt>/<name of a share>/…`. They hold prompts, so
 * they go when the key or the project that made them goes, or when its project no longer allows content on disk.
 * Engines write there; control sweeps, since no engine may be running when a key is revoked.
 */
import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A folder's name for a salt or a share: a hash, because both are whatever a caller sends. */
export function prefixFolderName(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 32)
}

/**
 * Deletes every folder of prefixes that none of the `kept` may have.
 * @param kept salt and share of each live key whose project allows content on disk
 * @returns folders deleted
 */
export function sweepPrefixFolders(prefixes: string, kept: readonly { salt: string; share: string }[]): number {
  const allowed = new Map<string, Set<string>>()
  for (const { salt, share } of kept) {
    const name = prefixFolderName(salt)
    allowed.set(name, (allowed.get(name) ?? new Set()).add(prefixFolderName(share)))
  }
  let deleted = 0
  const drop = (path: string) => {
    rmSync(path, { recursive: true, force: true })
    deleted++
  }
  for (const weights of foldersIn(prefixes)) {
    for (const salt of foldersIn(join(prefixes, weights))) {
      const shares = allowed.get(salt)
      if (!shares) drop(join(prefixes, weights, salt))
      else
        for (const share of foldersIn(join(prefixes, weights, salt)))
          if (!shares.has(share)) drop(join(prefixes, weights, salt, share))
    }
  }
  return deleted
}

function foldersIn(path: string): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(path, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}
