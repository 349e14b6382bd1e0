import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'

/**
 * A new identifier: prefix, then 9 characters of time (base 36, ms) and 13 random ones, so that ids of one kind sort by
 * age and no two collide. Example: `key_0mjx3k2p1f8z6q0c1v7t2b9r`.
 */
export function newId(prefix: IdPrefix, atMs: number = Date.now()): string {
  return `${prefix}_${atMs.toString(36).padStart(9, '0')}${randomText(13)}`
}

export type IdPrefix =
  | 'org'
  | 'proj'
  | 'key'
  | 'dep'
  | 'eng'
  | 'req'
  | 'pull'
  | 'art'
  | 'evt'
  | 'usr'
  | 'inv'
  | 'sa'
  | 'ses'
  | 'pk'
  | 'play'
  | 'file'
  | 'batch'
  | 'up'

/** Fetched from the system for many ids at once: one call for each was two per cent of a small request. */
const random = Buffer.alloc(4096)
let used = random.length

/** `length` characters from 0-9a-z, each uniform. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    if (used === random.length) {
      randomFillSync(random)
      used = 0
    }
    const byte = random[used] as number
    random[used++] = 0 // whoever reads our memory later finds no secret that was made of it
    // 252 is the largest multiple of 36 in a byte: what lies above would favour the first letters.
    if (byte < 252) text += ALPHABET[byte % 36]
  }
  return text
}
