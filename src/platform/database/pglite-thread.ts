/**
 * PGlite in a worker thread, as the client that Drizzle drives. On the main thread one heavy query would stop the event
 * loop for seconds; there it costs nobody but those who wait for the database.
 *
 * One session, so one at a time: plain queries queue behind an open transaction. A query that outlives `queryMsMax`
 * cannot be cancelled (there is no statement timeout in PGlite), so its whole thread is ended and opened anew.
 */
import { Worker } from 'node:worker_threads'
import type { Log } from '../log.ts'

export type ThreadRequest =
  | { kind: 'query'; sql: string; params: unknown[]; rowMode: 'object' | 'array' }
  | { kind: 'exec'; sql: string }
  | { kind: 'dump'; path: string }
  | { kind: 'close' }
export type ThreadAnswer = {
  id: number
  result?: unknown
  error?: { message: string; code?: string; fields: Record<string, unknown> }
}

type QueryOptions = { rowMode?: 'object' | 'array' }
type ThreadOptions = {
  folder: string | null
  loadFrom?: Uint8Array
  queryMsMax: number
  log: Log
  /** Throws where a query may not be sent from. */
  guard: () => void
}

/** The embedded database ended a query, and its thread with it. */
export class QueryTooLong extends Error {
  override name = 'QueryTooLong'
}

export class PgliteThread {
  #options: ThreadOptions
  #worker: Worker
  /** Rises the moment a thread is given up, which is before there is another. */
  #generation = 0
  #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void; watchdog: NodeJS.Timeout | null }
  >()
  #nextId = 1
  /** Tail of the queue: each operation waits for the one before it. */
  #turn: Promise<unknown> = Promise.resolve()
  #reopening: Promise<void> | null = null
  /** Why there is no thread now: it did not open again. The next query tries once more. */
  #lost: Error | null = null
  #closed = false

  private constructor(options: ThreadOptions, worker: Worker) {
    this.#options = options
    this.#worker = worker
    this.#listen(worker)
  }

  static async open(options: ThreadOptions): Promise<PgliteThread> {
    return new PgliteThread(options, await startWorker(options))
  }

  query(sql: string, params: unknown[] = [], options: QueryOptions = {}): Promise<unknown> {
    this.#options.guard()
    return this.#inTurn(() => this.#query(sql, params, options))
  }

  exec(sql: string): Promise<unknown> {
    this.#options.guard()
    return this.#inTurn(() => this.#ask({ kind: 'exec', sql }))
  }

  transaction<Result>(work: (tx: TransactionClient) => Promise<Result>): Promise<Result> {
    return this.#inTurn(async () => {
      await this.#ask({ kind: 'exec', sql: 'begin' })
      const generation = this.#generation
      try {
        const result = await work({
          query: (sql, params = [], options = {}) =>
            this.#sameThread(generation, () => this.#query(sql, params, options)),
          exec: (sql) => this.#sameThread(generation, () => this.#ask({ kind: 'exec', sql })),
        })
        await this.#sameThread(generation, () => this.#ask({ kind: 'exec', sql: 'commit' }))
        return result
      } catch (error) {
        // Whatever a rollback meets, the caller needs to know what was wrong first.
        if (this.#generation === generation)
          await this.#ask({ kind: 'exec', sql: 'rollback' }).catch((second) =>
            this.#options.log.error({ err: second }, 'a rollback failed'),
          )
        throw error
      }
    })
  }

  dump(path: string): Promise<void> {
    return this.#inTurn(() => this.#ask({ kind: 'dump', path }, false)) as Promise<void>
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await this.#inTurn(() => this.#ask({ kind: 'close' }, false)).catch((error) =>
      this.#options.log.error({ err: error }, 'the embedded database did not close cleanly'),
    )
    this.#closed = true
    await this.#worker.terminate()
  }

  #query(sql: string, params: unknown[], options: QueryOptions): Promise<unknown> {
    return this.#ask({ kind: 'query', sql, params, rowMode: options.rowMode ?? 'object' })
  }

  /** A transaction whose thread was ended is lost: its later queries must not run alone in the new one. */
  #sameThread<Result>(generation: number, work: () => Promise<Result>): Promise<Result> {
    return this.#generation === generation
      ? work()
      : Promise.reject(new QueryTooLong('The transaction was lost: its database thread was ended.'))
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  async #ask(request: ThreadRequest, watched = true): Promise<unknown> {
    if (this.#lost) this.#replace(this.#worker, this.#lost)
    if (this.#reopening) await this.#reopening
    if (this.#closed) throw new Error('The database is closed.')
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const watchdog = watched ? setTimeout(() => this.#endRunaway(request), this.#options.queryMsMax) : null
      this.#pending.set(id, { resolve, reject, watchdog })
      this.#worker.postMessage({ id, request })
    })
  }

  #listen(worker: Worker): void {
    worker.on('message', (answer: ThreadAnswer) => {
      const waiting = this.#pending.get(answer.id)
      if (!waiting) return
      this.#pending.delete(answer.id)
      if (waiting.watchdog) clearTimeout(waiting.watchdog)
      if (answer.error) waiting.reject(Object.assign(new Error(answer.error.message), answer.error.fields))
      else waiting.resolve(answer.result)
    })
    worker.on('error', (error) => this.#replace(worker, error))
    worker.on('exit', () => this.#replace(worker, new Error('The database thread ended by itself.')))
  }

  #endRunaway(request: ThreadRequest): void {
    const sql = 'sql' in request ? request.sql : request.kind
    this.#options.log.error(
      { sql, queryMsMax: this.#options.queryMsMax },
      'a query ran too long; the database thread is started anew',
    )
    this.#replace(
      this.#worker,
      new QueryTooLong(`A query ran longer than ${this.#options.queryMsMax} ms and was ended.`),
    )
  }

  #replace(worker: Worker, reason: Error): void {
    if (worker !== this.#worker || this.#closed || this.#reopening) return
    this.#generation++
    this.#reopening = (async () => {
      await worker.terminate()
      const { loadFrom: _onlyOnce, ...options } = this.#options
      this.#worker = await startWorker(options)
      this.#listen(this.#worker)
      this.#lost = null
    })().finally(() => {
      this.#reopening = null
    })
    this.#reopening.catch((error) => {
      this.#lost = error
      this.#options.log.fatal({ err: error }, 'the embedded database does not open again')
    })
    for (const [id, waiting] of this.#pending) {
      this.#pending.delete(id)
      if (waiting.watchdog) clearTimeout(waiting.watchdog)
      waiting.reject(reason)
    }
  }
}

type TransactionClient = {
  query(sql: string, params?: unknown[], options?: QueryOptions): Promise<unknown>
  exec(sql: string): Promise<unknown>
}

function startWorker(options: ThreadOptions): Promise<Worker> {
  const worker = new Worker(new URL('./pglite-worker.ts', import.meta.url), {
    workerData: { folder: options.folder, loadFrom: options.loadFrom ?? null },
  })
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('its thread ended while it was opened'))
    worker.once('exit', ended)
    worker.once('message', (ready: { ready: true } | { failed: string }) => {
      // Not removeAllListeners: it takes Node's own with it, and the worker is never heard again.
      worker.off('error', reject)
      worker.off('exit', ended)
      if ('ready' in ready) resolve(worker)
      else reject(new Error(ready.failed))
    })
    worker.once('error', reject)
  })
}
