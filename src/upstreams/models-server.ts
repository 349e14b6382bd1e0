/** An endpoint of somebody else's for tests: lists models as it is told to, on a loopback port. Test support. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export async function startModelsServer() {
  const asked: { path: string; headers: IncomingHttpHeaders }[] = []
  const state = { status: 200, body: '{"object":"list","data":[]}', headers: {} as Record<string, string> }
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers })
    response.writeHead(state.status, { 'content-type': 'application/json', ...state.headers }).end(state.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    asked,
    url: `http://127.0.0.1:${port}`,
    port,
    answers(status: number, body: unknown, headers: Record<string, string> = {}): void {
      Object.assign(state, { status, body: typeof body === 'string' ? body : JSON.stringify(body), headers })
    },
    lists(...models: object[]): void {
      this.answers(200, { object: 'list', data: models })
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
