/** An engine host on a real model in the test's own process: from the socket down to the weights and back. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineSpec } from '../src/engines/engine-wire.ts'
import { openEngine } from './native/open-engine.ts'
import { createEngineServer } from './server.ts'
import { type SocketClient, socketClient } from './socket-client.ts'
import type { TokenEngine } from './token-engine.ts'

export type StartedHost = { client: SocketClient; engine: TokenEngine; close(): Promise<void> }

export async function startHost(modelPath: string, more: Partial<EngineSpec> = {}): Promise<StartedHost> {
  const folder = mkdtempSync(join(tmpdir(), 'tw-real-'))
  const spec: EngineSpec = {
    engineId: 'eng_test',
    socketPath: join(folder, 'engine.sock'),
    modelPath,
    modelSha256: 'test',
    modelName: 'test-model',
    task: 'chat',
    threads: 1,
    sequences: 4,
    contextTokens: 1024,
    batchTokens: 512,
    prefillChunkTokens: 128,
    gpu: 'off',
    adapters: [],
    toolParser: 'auto',
    reasoningParser: 'auto',
    ...more,
  }
  const server = createEngineServer({ spec, nowMs: Date.now, log: () => {} })
  server.http.listen(spec.socketPath)
  await once(server.http, 'listening')
  const engine = await openEngine(spec)
  server.ready(engine)
  return {
    client: socketClient(spec.socketPath),
    engine,
    async close() {
      await server.close(0)
      await engine.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
