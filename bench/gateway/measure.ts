/** Puts a load on a target and says what it took. */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLIENT_SCRIPT, type Load, type Seen } from './load-client.ts'
import { MOCK_SCRIPT } from './mock-upstream.ts'
import { cpuUsOf, HARNESS_CORE, spawnOn, stop } from './processes.ts'
import { MODEL, type Target } from './target.ts'
import type { Workload } from './workloads.ts'

export type Measured = Seen & {
  /** Processor time of the gateway's processes for each completed request. */
  cpuUs: number
  cpuUsPerPart: number
  /** Completed requests a second, from the first question to the last answer. */
  perSecond: number
  /** Share of one core that the gateway used meanwhile. */
  coreUse: number
}

/** What a worker has still to do for the last requests: records leave for control a quarter of a second later. */
const SETTLE_MS = 400

export class Harness {
  readonly mock: Target
  readonly #client: ChildProcess
  readonly #mockProcess: ChildProcess

  private constructor(client: ChildProcess, mockProcess: ChildProcess, mockPort: number) {
    this.#client = client
    this.#mockProcess = mockProcess
    const stopBoth = async () => void (await Promise.all([stop(client), stop(mockProcess)]))
    this.mock = { name: 'direct', version: 'the mock itself', port: mockPort, headers: {}, pids: [], stop: stopBoth }
  }

  static async start(): Promise<Harness> {
    const begin = (script: string) =>
      spawnOn(HARNESS_CORE, process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const [client, mock] = [begin(CLIENT_SCRIPT), begin(MOCK_SCRIPT)]
    const { port } = await said<{ port: number }>(mock)
    return new Harness(client, mock, port)
  }

  /** Warms up, then measures. @throws Error when a request failed: a gateway that refuses is cheap */
  async measure(target: Target, workload: Workload): Promise<Measured> {
    const load = loadOf(target, workload)
    await this.#put({ ...load, ms: Math.min(1_000, load.ms / 3) })
    await sleep(SETTLE_MS)
    const before = cpuOf(target)
    const seen = await this.#put(load)
    await sleep(SETTLE_MS)
    const used = cpuOf(target) - before
    if (seen.failed > 0 || seen.completed === 0)
      throw new Error(
        `${target.name}, ${workload.what}: ${seen.failed} of ${seen.failed + seen.completed} requests failed. ${seen.firstFailure}`,
      )
    const cpuUs = used / seen.completed
    return {
      ...seen,
      cpuUs,
      cpuUsPerPart: cpuUs / workload.parts,
      perSecond: (seen.completed / seen.wallMs) * 1_000,
      coreUse: used / 1_000 / seen.wallMs,
    }
  }

  #put(load: Load): Promise<Seen> {
    this.#client.send(load)
    return said<Seen>(this.#client)
  }

  get pids(): number[] {
    return [this.#client.pid as number, this.#mockProcess.pid as number]
  }
}

export function loadOf(target: Target, workload: Workload): Load {
  return {
    port: target.port,
    path: workload.path,
    headers: { ...target.headers, ...workload.headers },
    body: JSON.stringify({ ...workload.body, model: MODEL }),
    connections: workload.connections,
    ms: workload.ms,
  }
}

/** Body of the answer to one request. */
export async function answerOf(target: Target, workload: Workload): Promise<string> {
  const { port, path, headers, body } = loadOf(target, workload)
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${target.name}, ${workload.what}: ${answer.status} ${text.slice(0, 500)}`)
  return text
}

const cpuOf = (target: Target): number => target.pids.reduce((sum, pid) => sum + cpuUsOf(pid), 0)

function said<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`A process of the bench ended with ${code}.`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as Message)
    })
  })
}
