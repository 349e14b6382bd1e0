/**
 * A second way into a worker, for requests of our own: the lines of a batch are asked here and are then requests as any
 * other, with route, limits, journal and usage.
 *
 *     control ── POST /v1/chat/completions, in the name of a key ──► worker-N-inner.sock (0600, in a folder of 0700)
 *
 * No secret is needed, and none is at hand, since keys are known by hash alone: whoever can open the socket is the
 * account that runs the installation, which could read the database itself. Nothing that arrives on the public port is
 * ever taken for such a request. A token signed by control lost: it would be one more secret to keep, and could leak into
 * a place from where the public port is reached.
 */
import { chmod, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { join } from 'node:path'
import type { DataFolder } from '../platform/data-folder.ts'
import { KEY_ID_HEADER } from '../platform/key-id-header.ts'

export function innerSocket(folder: DataFolder, worker: string | number): string {
  return join(folder.run, `worker-${worker}-inner.sock`)
}

/** What a request from within must say. */
export type FromWithin = { keyId: string; requestId: string }

/**
 * @param requestId named by whoever asks, so that what is asked again after a death leaves one usage record
 */
export function headersFromWithin({ keyId, requestId }: FromWithin): Record<string, string> {
  return { [KEY_ID_HEADER]: keyId, 'x-request-id': requestId }
}

/** @returns null where they do not say it */
export function fromWithin(headers: IncomingHttpHeaders): FromWithin | null {
  const keyId = headers[KEY_ID_HEADER]
  const requestId = headers['x-request-id']
  if (typeof keyId !== 'string' || typeof requestId !== 'string' || !/^req_[0-9a-z]{22}$/.test(requestId)) return null
  return { keyId, requestId }
}

/** A socket that an earlier worker of this number left is taken over. */
export async function listenWithin(server: Server, socketPath: string): Promise<void> {
  await rm(socketPath, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => {
      server.off('error', reject)
      resolve()
    })
  })
  await chmod(socketPath, 0o600)
}
