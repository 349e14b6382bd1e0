/**
 * The whole product for a test: the supervisor and all that it starts, on a scratch data folder and a free port, set up
 * through the same pages and sockets that a person uses.
 *
 *     let product: Product
 *     before(async () => {
 *       product = await startProduct()
 *     })
 *     after(() => product.stop())
 *
 * One product for each test file: a start takes seconds. Nothing is reachable from it but loopback, and `stop` fails the
 * test if anything of it is left.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import type { RequestOnWire } from '../src/billing/request-schema.ts'
import { type DataFolder, dataFolderAt, sockets } from '../src/platform/data-folder.ts'
import { scratchUrl } from '../src/platform/database/scratch.ts'
import { type SocketAnswer, socketRequest } from '../src/platform/socket-request.ts'
import { starterModelPath } from './models/starter.ts'
import { type ProcessRole, type ProductProcess, processesOf } from './processes.ts'

/** What the real starter model is called in tests. Its own id belongs to the catalogue, and an import needs a free one. */
export const STARTER = 'starter'

/** Long enough for a machine that does other things too; only a hang reaches it. */
const PATIENCE_MS = 120_000

const SUPERVISOR = fileURLToPath(new URL('../src/supervisor/main.ts', import.meta.url))

/** Who sets it up, as on the page of the set-up link. */
export type Owner = { name: string; email: string; password: string; organization: string }

export const ADA: Owner = {
  name: 'Ada',
  email: 'ada@example.com',
  password: 'a long enough password',
  organization: 'Example',
}

export type ProductOptions = {
  /** Settings, over those of a test. */
  environment?: Record<string, string>
  /** Default: `ADA`. null = nobody yet; the link waits. */
  owner?: Owner | null
  /** Whether the real starter model is imported and loaded. Default: yes. */
  starter?: boolean
}

/** Starts it, waits until it serves, sets it up and loads the starter. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const product = new Product(await settings(options.environment ?? {}))
  try {
    await product.start()
    const owner = options.owner === undefined ? ADA : options.owner
    if (owner) await product.setUp(owner)
    if (options.starter ?? true) {
      await product.importModel(STARTER, await starterModelPath())
      await product.load(STARTER)
    }
    return product
  } catch (error) {
    await product.kill()
    throw error
  }
}

type Settings = { root: string; port: number; environment: Record<string, string>; dropDatabase: () => Promise<void> }

async function settings(wanted: Record<string, string>): Promise<Settings> {
  // With TEST_DATABASE_URL the product runs on that PostgreSQL, in a database of its own.
  const database = await scratchUrl()
  const root = mkdtempSync(join(tmpdir(), 'tw-'))
  const port = Number(wanted.PORT) || (await freePort())
  const environment = {
    TRADEWIND_DATA: root,
    PORT: String(port),
    TRADEWIND_STARTER: 'none',
    // Nobody listens on port 9: a test that would ask a hub gets its answer at once.
    HF_ENDPOINT: 'http://127.0.0.1:9',
    ...(database === null ? {} : { DATABASE_URL: database.url }),
    ...wanted,
  }
  return { root, port, environment, dropDatabase: database?.drop ?? (async () => {}) }
}

export class Product {
  readonly folder: DataFolder
  readonly url: string
  readonly environment: Record<string, string>
  /** The first key, after `setUp`. */
  key = ''
  readonly #dropDatabase: () => Promise<void>
  #supervisor: ChildProcess | null = null
  #said = ''
  #ended: Promise<unknown> = Promise.resolve()

  constructor({ root, port, environment, dropDatabase }: Settings) {
    this.folder = dataFolderAt(root)
    this.url = `http://127.0.0.1:${port}`
    this.environment = environment
    this.#dropDatabase = dropDatabase
    // A test run that is given up must not leave servers behind.
    process.once('exit', () => this.#killAll())
  }

  /** What the terminal shows, since the last start. */
  get said(): string {
    return this.#said
  }

  get supervisorPid(): number {
    assert.ok(this.#supervisor?.pid, 'the product does not run')
    return this.#supervisor.pid
  }

  get baseURL(): string {
    return `${this.url}/v1`
  }

  /** Starts it, again after an end. Resolves when it says that it is ready. */
  async start(environment: Record<string, string> = {}): Promise<void> {
    assert.equal(this.#supervisor, null, 'the product runs already')
    const supervisor = this.spawnSupervisor(environment)
    this.#supervisor = supervisor
    this.#said = ''
    for (const stream of [supervisor.stdout, supervisor.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text
      })
    this.#ended = once(supervisor, 'close').then(() => {
      this.#supervisor = null
    })
    await this.until('it serves', async () => {
      if (this.#supervisor === null) throw new Error(`The product ended while it started. It said:\n${this.#said}`)
      return (await fetch(`${this.url}/readyz`).catch(() => null))?.status === 200
    })
  }

  /** A supervisor on this product's folder, in a process group of its own as a terminal would give it. */
  spawnSupervisor(environment: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, [SUPERVISOR], {
      env: { ...process.env, ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
  }

  /** The link that the start printed. */
  async setUpLink(): Promise<string> {
    return this.until('the set-up link is printed', async () => /http\S+\/setup\?token=\S+/.exec(this.#said)?.[0])
  }

  /** Becomes the owner through that link, as a browser does. */
  async setUp(owner: Owner = ADA): Promise<void> {
    const { origin, searchParams } = new URL(await this.setUpLink())
    const answer = await fetch(`${this.url}/api/setup`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ token: searchParams.get('token') ?? '', ...owner }),
    })
    const text = await answer.text()
    assert.equal(answer.status, 201, text)
    this.key = (JSON.parse(text) as { key: { secret: string } }).key.secret
  }

  /** The official client, with an application's own settings. It tries nothing twice, so that tests see each answer. */
  openai(options: { apiKey?: string; maxRetries?: number } = {}): OpenAI {
    return new OpenAI({ baseURL: this.baseURL, apiKey: this.key, maxRetries: 0, ...options })
  }

  /** One request with the first key. */
  post(path: string, body: unknown, options: { key?: string; signal?: AbortSignal } = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${options.key ?? this.key}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(options.signal ? { signal: options.signal } : {}),
    })
  }

  /** A request as the command line makes it. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<SocketAnswer> {
    return socketRequest(sockets.controlAdmin(this.folder), method, path, { body, timeoutMs: PATIENCE_MS })
  }

  /** As `ask`, for what must work. */
  async get<Body>(path: string): Promise<Body> {
    const { status, body } = await this.ask('GET', path)
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
    return body as Body
  }

  /** Takes in a model file. @returns how the pull ended */
  async importModel(name: string, path: string): Promise<PullSeen> {
    const { status, body } = await this.ask('POST', `/api/models/${name}/import`, { path })
    assert.equal(status, 202, `${name} is not taken in: ${JSON.stringify(body)}`)
    const { id } = body as PullSeen
    const pull = await this.until('the import ends', async () => {
      const seen = await this.get<PullSeen>(`/api/pulls/${id}`)
      return seen.state === 'queued' || seen.state === 'running' ? undefined : seen
    })
    assert.equal(pull.state, 'done', JSON.stringify(pull.error))
    return pull
  }

  async load(name: string, wish: { context_tokens?: number; sequences?: number } = {}): Promise<ModelSeen> {
    const { status, body } = await this.ask('POST', `/api/models/${name}/load`, wish)
    assert.equal(status, 200, `${name} does not load: ${JSON.stringify(body)}`)
    return body as ModelSeen
  }

  async model(name: string): Promise<ModelSeen> {
    return (await this.get<{ model: ModelSeen }>(`/api/models/${name}`)).model
  }

  /** What the engine of a model does right now. @throws AssertionError when none is ready */
  async engine(model: string): Promise<EngineSeen> {
    const { engines } = await this.get<{ engines: EngineSeen[] }>('/api/status')
    const found = engines.find((engine) => engine.model === model)
    assert.ok(found, `no engine of ${model} runs`)
    return found
  }

  /** Resolves when no engine has work left: nothing runs, nothing waits, no sequence is held. */
  async idle(): Promise<void> {
    await this.until('all engines are idle', async () => {
      const { engines } = await this.get<{ engines: EngineSeen[] }>('/api/status')
      return engines.every(({ state, running, waiting }) => state !== 'ready' || (running === 0 && waiting === 0))
    })
  }

  /** The newest requests that are recorded, newest first. */
  async usage(limit = 100): Promise<RequestOnWire[]> {
    return (await this.get<{ data: RequestOnWire[] }>(`/api/requests?limit=${limit}`)).data
  }

  processes(): ProductProcess[] {
    return processesOf(this.folder.root)
  }

  /** @param name as in `ProductProcess`; may be left out where there is one */
  pidOf(role: ProcessRole, name?: string): number {
    const found = this.processes().filter((one) => one.role === role && (name === undefined || one.name === name))
    assert.equal(found.length, 1, `${role} ${name ?? ''}: ${JSON.stringify(this.processes())}`)
    return found[0]!.pid
  }

  /** Asks again until there is an answer that is neither false nor absent. Only a hang reaches its end. */
  async until<Value>(what: string, ask: () => Promise<Value | undefined | null | false>): Promise<Value> {
    const giveUpAtMs = Date.now() + PATIENCE_MS
    while (Date.now() < giveUpAtMs) {
      const value = await ask()
      if (value !== undefined && value !== null && value !== false) return value
      await sleep(25)
    }
    throw new Error(`It never came that ${what}. The terminal shows:\n${this.#said}`)
  }

  /** Ends it as Ctrl-C in its terminal does, which every process hears. @returns exit code of the supervisor */
  async pressCtrlC(): Promise<number | null> {
    const supervisor = this.#supervisor
    process.kill(-this.supervisorPid, 'SIGINT')
    await this.#ended
    return supervisor?.exitCode ?? null
  }

  /** Resolves when the supervisor is gone. */
  async ended(): Promise<void> {
    await this.#ended
  }

  /** Ends it cleanly, and holds it to that: exit code 0, and nothing left. */
  async end(): Promise<void> {
    const exitCode = await this.pressCtrlC()
    assert.equal(exitCode, 0, this.#said)
    assert.deepEqual(this.processes(), [], 'processes are left over')
  }

  /** Ends it and removes what it kept. */
  async stop(): Promise<void> {
    try {
      if (this.#supervisor !== null) await this.end()
    } finally {
      await this.kill()
    }
  }

  /** Ends it by force and removes what it kept; for a test that failed. */
  async kill(): Promise<void> {
    this.#killAll()
    await this.#ended
    rmSync(this.folder.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    await this.#dropDatabase()
  }

  #killAll(): void {
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }
}

export type PullSeen = { id: string; state: string; error: { code: string; message: string } | null }
export type ModelSeen = { id: string; state: string; engine: { context_tokens: number; sequences: number } | null }
export type EngineSeen = {
  engine_id: string
  model: string
  state: string
  sequences: number
  restarts: number
  path: string | null
  running: number | null
  waiting: number | null
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

// A run that is given up by a signal ends through `exit`, where the products are ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
