/** An engine for the gateway's tests whose every byte is scripted, on a Unix socket; it can die at any moment. */
import { unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export type UpstreamCall = { request: IncomingMessage; body: Buffer; response: ServerResponse }

export class ScriptedUpstream {
  /** Every inference request so far. */
  readonly calls: UpstreamCall[] = []
  /** Ids of the requests that were told to stop. */
  readonly cancelled: string[] = []
  /** What it does with a request. */
  script: (call: UpstreamCall) => void
  /** Called when a request is told to stop. */
  onCancel: (call: UpstreamCall | undefined) => void = () => {}
  readonly socketPath: string
  #listening: Listening | null = null

  constructor(socketPath: string, script: (call: UpstreamCall) => void) {
    this.socketPath = socketPath
    this.script = script
  }

  async start(): Promise<this> {
    const server = createServer(async (request, response) => {
      const cancelled = /^\/requests\/(.+)$/.exec(request.url ?? '')?.[1]
      if (request.method === 'DELETE' && cancelled !== undefined) {
        response.writeHead(204).end()
        this.cancelled.push(cancelled)
        this.onCancel(this.calls.find((call) => call.request.headers['x-request-id'] === cancelled))
        return
      }
      const call = { request, body: await readAll(request), response }
      this.calls.push(call)
      this.script(call)
    })
    this.#listening = await listenOn(server, this.socketPath)
    return this
  }

  /** Dies as by kill -9. */
  async kill(): Promise<void> {
    await this.#listening?.kill()
    this.#listening = null
  }
}

export type Listening = { kill(): Promise<void> }

/** Listens on a socket path, and can break every connection at once. */
export async function listenOn(server: Server, socketPath: string): Promise<Listening> {
  const connections = new Set<Socket>()
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket)).on('error', () => {})
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve))
  return {
    async kill() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of connections) socket.destroy()
      await closed
      try {
        unlinkSync(socketPath)
      } catch {} // the server has removed it
    },
  }
}

export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
