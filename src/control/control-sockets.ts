/**
 * One server behind two sockets: the public one gets what the gateway passes on, the admin one lies in a folder that only
 * the operator's own account can open, so whoever reaches it is the operator of this machine. One, so that the
 * schemas of every route are compiled once.
 */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { type DataFolder, sockets } from '../platform/data-folder.ts'
import type { Server } from '../platform/http.ts'

/** Longer than a worker keeps an idle connection, so that control never closes one that is about to be used. */
const KEEP_ALIVE_MS = 72_000
/** A download that nobody reads must not hold up an end, nor the restart that a restore needs. */
const FINISH_MS_MAX = 5_000
const CLOSE_IDLE_EVERY_MS = 20

export function createControlSockets(folder: DataFolder) {
  const throughAdmin = new WeakSet<IncomingMessage>()
  const publicPath = sockets.control(folder)
  const adminPath = sockets.controlAdmin(folder)
  let server: Server | null = null
  const admin = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    throughAdmin.add(request)
    server?.routing(request, response)
  })

  return {
    /** Which way a request came. */
    wayOf: (request: FastifyRequest) => (throughAdmin.has(request.raw) ? ('admin' as const) : ('public' as const)),

    /** Opens both. `made` has all its routes. */
    async listen(made: Server): Promise<void> {
      server = made
      // A control that was killed leaves its sockets behind; the lock on the folder says that nobody listens there now.
      await Promise.all([rm(publicPath, { force: true }), rm(adminPath, { force: true })])
      await made.listen({ path: publicPath })
      await new Promise<void>((resolve, reject) => admin.once('error', reject).listen(adminPath, resolve))
      await Promise.all([chmod(publicPath, 0o600), chmod(adminPath, 0o600)])
    },

    /** No new requests; resolves when running ones are finished, or were cut because they took too long. */
    async close(): Promise<void> {
      const cut = setTimeout(() => {
        server?.server.closeAllConnections()
        admin.closeAllConnections()
      }, FINISH_MS_MAX)
      // A connection that becomes idle only now would be kept for a minute: workers keep theirs for the next request.
      const closeIdle = setInterval(() => {
        server?.server.closeIdleConnections()
        admin.closeIdleConnections()
      }, CLOSE_IDLE_EVERY_MS)
      const ended = new Promise<void>((resolve) => admin.close(() => resolve()))
      await Promise.all([server?.close(), ended])
      clearInterval(closeIdle)
      clearTimeout(cut)
    },
  }
}
