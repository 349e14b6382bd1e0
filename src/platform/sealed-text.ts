/**
 * Secrets that must be read again, such as a token for another service, as the database keeps them: AES-256-GCM under
 * a key that lies in a file of the data folder, so that a copy of the database alone gives nothing away. What need only
 * be compared (API keys, links) is hashed instead.
 *
 *   v1.<12 bytes of nonce>.<text>.<16 bytes of tag>      base64url
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const FORM = 'v1'
const NONCE_BYTES = 12
const KEY_BYTES = 32

export type Sealer = ReturnType<typeof createSealer>

/**
 * @param secret of the installation (`secretFromFile`); another one opens nothing
 * @param purpose names what is sealed, so that a text sealed for one purpose is none for another: `hub token`
 */
export function createSealer(secret: string, purpose: string) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `tradewind ${purpose}`, KEY_BYTES))
  return {
    seal(text: string): string {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return [FORM, ...[nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
    },

    /** Null where the text was sealed with another secret, for another purpose, or changed since. */
    open(sealedText: string): string | null {
      const [form, nonce, sealed, tag] = sealedText.split('.')
      if (form !== FORM || nonce === undefined || sealed === undefined || tag === undefined) return null
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'))
        decipher.setAuthTag(Buffer.from(tag, 'base64url'))
        return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]).toString('utf8')
      } catch {
        return null // the tag does not hold: it says no more than that, and neither do we
      }
    },
  }
}
