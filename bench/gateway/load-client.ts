/**
 * Who asks, in the gateway's bench: a process of its own, on raw sockets, since a client library would cost more than the
 * gateways that are measured. Each connection asks again as soon as it has its answer.
 *
 * Told by a message what to do (`Load`), it answers with one (`Seen`).
 */
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { quantile } from '../figures.ts'

export const CLIENT_SCRIPT = fileURLToPath(import.meta.url)

export type Load = {
  port: number
  path: string
  headers: Record<string, string>
  body: string
  connections: number
  /** New requests are asked this long; those under way then are awaited. */
  ms: number
}

export type Seen = {
  /** Answers with status 200, to their end. */
  completed: number
  /** The same within `ms`. */
  inTime: number
  failed: number
  /** Status line and begin of the first answer that was not 200. */
  firstFailure: string | null
  p50Ms: number
  p99Ms: number
  /** From the first request to the last answer. */
  wallMs: number
}

const END = Buffer.from('0\r\n\r\n')

if (process.argv[1] === CLIENT_SCRIPT) {
  process.on('message', async (load: Load) => process.send?.(await put(load)))
  process.on('disconnect', () => process.exit())
}

async function put(load: Load): Promise<Seen> {
  const head = Object.entries({ ...load.headers, 'content-length': String(Buffer.byteLength(load.body)) })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  const request = Buffer.from(
    `POST ${load.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${head}\r\n${load.body}`,
  )
  const startedAt = performance.now()
  const run: Run = {
    request,
    until: startedAt + load.ms,
    port: load.port,
    ms: [],
    inTime: 0,
    failed: 0,
    firstFailure: null,
  }
  await Promise.all(Array.from({ length: load.connections }, () => askAgainAndAgain(run)))
  return {
    completed: run.ms.length,
    inTime: run.inTime,
    failed: run.failed,
    firstFailure: run.firstFailure,
    p50Ms: quantile(run.ms, 0.5),
    p99Ms: quantile(run.ms, 0.99),
    wallMs: performance.now() - startedAt,
  }
}

type Run = {
  request: Buffer
  port: number
  until: number
  ms: number[]
  inTime: number
  failed: number
  firstFailure: string | null
}

/** One connection; a broken one counts as a failed request and is opened again. */
async function askAgainAndAgain(run: Run): Promise<void> {
  while (performance.now() < run.until)
    await new Promise<void>((resolve) => {
      const answer = new AnswerEnd()
      let askedAt = 0
      const ask = () => {
        answer.begin()
        askedAt = performance.now()
        socket.write(run.request)
      }
      const socket: Socket = connect({
        port: run.port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafe(64 * 1024),
          callback: (length, buffer) => {
            if (!answer.isOver((buffer as Buffer).subarray(0, length))) return true
            const now = performance.now()
            if (answer.status === 200) {
              run.ms.push(now - askedAt)
              if (now < run.until) run.inTime++
            } else {
              run.failed++
              run.firstFailure ??= answer.said
            }
            askedAt = 0
            if (now < run.until) ask()
            else socket.destroy()
            return true
          },
        },
      })
      socket.on('connect', ask)
      socket.on('error', () => {}) // `close` follows
      socket.on('close', () => {
        if (askedAt !== 0) {
          run.failed++
          run.firstFailure ??= 'the connection broke'
        }
        resolve()
      })
    })
}

/** Finds the end of one answer; nothing else of it is read, as a connection has one request at a time. */
class AnswerEnd {
  status = 0
  said = ''
  #left = 0
  #isChunked = false
  #inHead = true
  #tail = Buffer.alloc(0)

  begin(): void {
    this.#inHead = true
    this.#tail = Buffer.alloc(0)
  }

  isOver(bytes: Buffer): boolean {
    if (this.#inHead) {
      const all = this.#tail.length === 0 ? bytes : Buffer.concat([this.#tail, bytes])
      const headEnd = all.indexOf('\r\n\r\n')
      if (headEnd < 0) {
        this.#tail = Buffer.from(all)
        return false
      }
      const head = all.toString('latin1', 0, headEnd)
      this.#inHead = false
      this.status = Number(head.slice(9, 12))
      if (this.status !== 200) this.said = all.toString('latin1', 0, 600)
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
      this.#isChunked = length === undefined
      this.#left = Number(length ?? 0)
      this.#tail = Buffer.alloc(0)
      return this.#takeBody(all.subarray(headEnd + 4))
    }
    return this.#takeBody(bytes)
  }

  #takeBody(bytes: Buffer): boolean {
    if (!this.#isChunked) {
      this.#left -= bytes.length
      return this.#left <= 0
    }
    if (bytes.length >= END.length) {
      const tail = bytes.subarray(-END.length)
      if (tail.equals(END)) return true
      this.#tail = Buffer.from(tail)
      return false
    }
    this.#tail = Buffer.concat([this.#tail, bytes]).subarray(-END.length)
    return this.#tail.equals(END)
  }
}
