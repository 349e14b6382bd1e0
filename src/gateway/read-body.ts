/** Takes a request's body into memory, within limits of size, of silence, and of what the whole worker holds. */
import type { IncomingMessage } from 'node:http'
import { BodyEncoded, BodyTooLarge, BodyTooSlow, ClientLeft, Overloaded } from './errors.ts'
import type { GatewayLimits } from './limits.ts'

/** Bytes of all bodies that this worker holds at once. */
export type HeldBytes = { bytes: number }

export type HeldBody = {
  bytes: Buffer
  /**
   * What an engine is asked instead is this much longer: the conversation before it, from elsewhere.
   * @throws Overloaded
   */
  grow(moreBytes: number): void
  /** To be called once, when the body is no longer needed. */
  release(): void
}

/**
 * @throws BodyTooLarge · BodyTooSlow · BodyEncoded · Overloaded · ClientLeft
 */
export function readBody(
  request: IncomingMessage,
  limits: Pick<GatewayLimits, 'bodyBytesMax' | 'bodyIdleMs' | 'heldBytesMax'>,
  held: HeldBytes,
): Promise<HeldBody> {
  const { bodyBytesMax, bodyIdleMs, heldBytesMax } = limits
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return Promise.reject(new BodyEncoded({ encoding }))
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax)
    return Promise.reject(new BodyTooLarge({ bytesMax: bodyBytesMax }))

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const idle = setTimeout(() => fail(new BodyTooSlow({ idleMs: bodyIdleMs })), bodyIdleMs)
    const release = () => {
      held.bytes -= bytes
    }
    const leave = () => {
      clearTimeout(idle)
      request.off('data', take).off('end', end).off('close', close).off('error', close)
    }
    const fail = (error: Error) => {
      leave()
      release()
      reject(error)
    }
    const take = (chunk: Buffer) => {
      idle.refresh()
      bytes += chunk.length
      held.bytes += chunk.length
      if (bytes > bodyBytesMax) return fail(new BodyTooLarge({ bytesMax: bodyBytesMax }))
      if (held.bytes > heldBytesMax) return fail(new Overloaded({ heldBytesMax }))
      chunks.push(chunk)
    }
    const end = () => {
      leave()
      const grow = (moreBytes: number) => {
        bytes += moreBytes
        held.bytes += moreBytes
        if (held.bytes > heldBytesMax) throw new Overloaded({ heldBytesMax })
      }
      resolve({ bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks), grow, release })
    }
    const close = () => fail(new ClientLeft())
    request.on('data', take).on('end', end).on('close', close).on('error', close)
  })
}

/**
 * Throws away what a refused client is still sending, for at most `forMs`. Closing at once would make its system drop
 * our answer before it is read.
 */
export function discardBody(request: IncomingMessage, forMs: number): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, forMs)
    const ended = () => {
      clearTimeout(timer)
      resolve()
    }
    request.on('end', ended).on('close', ended).on('error', ended).resume()
  })
}
