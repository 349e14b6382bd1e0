/**
 * Us: real gateway workers with all that a request passes in the product: keys, limits of key, project and organisation,
 * the journal on a disk, metrics, the log. Their upstream is the mock, as a vendor's would be.
 *
 * Control is the stand-in of the gateway's tests, in the bench's own process: it leases limits and takes usage records as
 * control does, and keeps nothing. So what control spends on a record in its database is not in these figures, and neither
 * has nginx anything like it.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ControlStandIn, keyOf, routeOf } from '../../src/gateway/control-stand-in.ts'
import type { ScopeLimits } from '../../src/gateway/snapshot.ts'
import { dataFolderAt, makeDataFolder } from '../../src/platform/data-folder.ts'
import { VERSION } from '../../src/version.ts'
import { freePort, spawnOn, stop } from './processes.ts'
import { CLIENT_KEY, MODEL, type Target } from './target.ts'

const WORKER = fileURLToPath(new URL('../../src/gateway/worker.ts', import.meta.url))
/** Never reached, and counted all the same. */
const LIMITS: ScopeLimits[] = (['key', 'project', 'organization'] as const).map((scope) => ({
  scope,
  id: `${scope}_bench`,
  requestsPerMinute: 100_000_000,
  tokensPerMinute: 100_000_000_000,
  concurrency: 100_000,
}))

/** @param options.core where all workers run; null = wherever there is room */
export async function startTradewind(options: {
  mockPort: number
  workers: number
  core: number | null
}): Promise<Target> {
  const root = mkdtempSync(join(tmpdir(), 'tw-bench-'))
  const folder = dataFolderAt(root)
  makeDataFolder(folder)
  const control = new ControlStandIn(folder, {
    version: 1,
    keys: [keyOf(CLIENT_KEY, { limits: LIMITS })],
    routes: [
      routeOf(
        MODEL,
        [
          {
            engineId: 'ups_mock',
            speaks: 'openai',
            socketPath: null,
            baseUrl: `http://127.0.0.1:${options.mockPort}/v1`,
            authorization: { authorization: 'Bearer up' },
            remoteModel: null,
            network: 'private',
            healthy: true,
          },
        ],
        { deploymentId: null, upstreamId: 'ups_mock', contextTokens: 200_000 },
      ),
    ],
  })
  await control.start()
  const emptying = setInterval(() => {
    control.records.length = 0
    control.uses.length = 0
  }, 100)
  const port = await freePort()
  const workers = await Promise.all(
    Array.from({ length: options.workers }, (_, at) => startWorker(root, port, at, options)),
  )
  return {
    name: options.workers === 1 ? 'Tradewind' : `Tradewind, ${options.workers} workers`,
    version: `Tradewind ${VERSION}: the real worker, upstream route, limits on, journal safe from its process's end, log at info`,
    port,
    headers: { authorization: `Bearer ${CLIENT_KEY}` },
    pids: workers.map(({ pid }) => pid as number),
    async stop() {
      await Promise.all(workers.map(stop))
      clearInterval(emptying)
      await control.kill()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function startWorker(
  root: string,
  port: number,
  at: number,
  { workers, core }: { workers: number; core: number | null },
): Promise<ChildProcess> {
  const logFile = openSync(join(root, `worker-${at}.log`), 'a')
  const child = spawnOn(core, process.execPath, [WORKER], {
    env: {
      ...process.env,
      TRADEWIND_DATA: root,
      TRADEWIND_WORKER: String(at),
      GATEWAY_WORKERS: String(workers),
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', logFile, 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('exit', (code) => reject(new Error(`A worker ended with ${code} while it started.`)))
  })
}
