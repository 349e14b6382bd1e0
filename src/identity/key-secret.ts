/**
 * The secret of an API key: `sk-tw-`, 43 random characters of 62 (256 bits), 6 characters of checksum.
 *
 *     sk-tw-6Zq0w1hY4kB8sT2fV9mN3xR7cJ5dL0pG1aE8uI4oQ2y0Fq3Zb
 *           └──────────────── random ───────────────┘└CRC-32┘
 *
 * The prefix lets scanners find a leaked key; the checksum lets them tell a key from something that looks like one
 * without asking anybody. SHA-256 is enough to store it by: 256 random bits cannot be guessed, so a slow hash would cost
 * each request time and gain nothing.
 * Pure module, but for the random source.
 */
import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const PREFIX = 'sk-tw-'
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 43 characters of 62 are 256.03 bits. */
const RANDOM_LENGTH = 43
/** 62^6 > 2^32. */
const CHECKSUM_LENGTH = 6

const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`)

export type KeySecret = { secret: string; sha256: string; prefix: string; last4: string }

/** A new secret, what it is found by, and what a person may see of it later. */
export function makeKeySecret(): KeySecret {
  const body = PREFIX + randomBase62(RANDOM_LENGTH)
  const secret = body + checksumOf(body)
  return { secret, sha256: keySha256(secret), prefix: secret.slice(0, PREFIX.length + 4), last4: secret.slice(-4) }
}

/** Hex SHA-256 of the whole secret, as keys are stored and found. */
export function keySha256(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Whether a text is a key of ours by shape and checksum; says nothing of whether it is still valid. */
export function looksLikeKey(text: string): boolean {
  if (!SHAPE.test(text)) return false
  const body = text.slice(0, -CHECKSUM_LENGTH)
  return checksumOf(body) === text.slice(-CHECKSUM_LENGTH)
}

/** Every key of ours in a text, such as a pasted log or file, each once and in their order. */
export function secretsIn(text: string): string[] {
  const found = new Set<string>()
  for (let at = text.indexOf(PREFIX); at >= 0; at = text.indexOf(PREFIX, at + 1)) {
    const candidate = text.slice(at, at + PREFIX.length + RANDOM_LENGTH + CHECKSUM_LENGTH)
    if (looksLikeKey(candidate)) found.add(candidate)
  }
  return [...found]
}

function checksumOf(body: string): string {
  let left = crc32(body)
  let text = ''
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    text = BASE62[left % 62] + text
    left = Math.floor(left / 62)
  }
  return text
}

function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      // 248 is the largest multiple of 62 in a byte: what lies above would favour the first characters.
      if (byte < 248 && text.length < length) text += BASE62[byte % 62]
    }
  }
  return text
}
