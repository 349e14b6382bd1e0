/**
 * Broken requests in great number, on raw sockets, against the whole product: nothing of it may answer that it failed,
 * crash, grow, or stop to serve those who ask properly.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../bench/figures.ts'
import { testModel } from '../models/test-model.ts'
import { footprintOf } from '../processes.ts'
import { type Product, startProduct } from '../product.ts'
import { type Answer, answersIn } from './answers.ts'
import { type Attempt, KINDS } from './broken-requests.ts'
import { MODEL, PLAIN_REQUESTS, wireOf } from './plain-requests.ts'
import type { Random } from './random.ts'

const AT_ONCE = 16
/** Longest wait for an answer. */
const PATIENCE_MS = 20_000
/** Silence after an answer, where another one may come. */
const QUIET_MS = 30
const LOOKS = 20
/** Until then buffers, caches, prefixes and compiled code come to be: memory was seen to be flat after about 45,000. */
const WARM_UP = 50_000
/** V8 lets a heap grow in steps of about this, whenever they come. A leak is more, over as many requests as a soak has. */
const HEAP_STEP_MB = 32

export type FuzzDone = {
  requests: number
  byKind: Record<string, number>
  byStatus: Record<string, number>
  /** What should not be, how often, and the first request that showed it; empty = nothing. */
  findings: Record<string, { times: number; example: string }>
  footprints: { what: string; openFiles: [before: number, after: number]; mb: [before: number, after: number] }[]
}

/**
 * 5xx that say what is so: an engine that is asked for the impossible says it cannot, a path of control that waits for its
 * body gives up. All others are failures.
 */
const DOCUMENTED: ReadonlySet<string> = new Set(['501 unsupported', '503 starting'])

/**
 * @param count after the warm-up
 * @param onLook told now and then, how many there were
 */
export async function runFuzz(count: number, random: Random, onLook: (done: number) => void): Promise<FuzzDone> {
  const product = await startProduct({ starter: false })
  try {
    await product.importModel(MODEL, await testModel('qwen3'))
    await product.load(MODEL, { sequences: 4, context_tokens: 512 }) // so that no answer is long
    const done: FuzzDone = { requests: 0, byKind: {}, byStatus: {}, findings: {}, footprints: [] }
    const find = (what: string, example = '') => {
      done.findings[what] ??= { times: 0, example }
      done.findings[what].times++
    }
    const pids = pidsOf(product)
    for (let part = 0; part < 10; part++) {
      await batch(product, WARM_UP / 10, random, done, find)
      onLook(done.requests)
    }
    const looks: Look[] = []
    for (let look = 0; look < LOOKS; look++) {
      await batch(product, Math.ceil(count / LOOKS), random, done, find)
      await mustServe(product, find)
      looks.push(await lookAt(product, pids))
      onLook(done.requests)
      if (JSON.stringify(pidsOf(product)) !== JSON.stringify(pids)) {
        find('a process ended and was started again')
        break
      }
    }
    done.footprints = footprintsOf(looks, pids)
    for (const { what, mb, openFiles } of done.footprints) {
      if (mb[1] > mb[0] * 1.05 && mb[1] - mb[0] > HEAP_STEP_MB) find(`${what} grew from ${mb[0]} to ${mb[1]} MB`)
      if (openFiles[1] > openFiles[0] + AT_ONCE) find(`${what} had ${openFiles[0]} files open, then ${openFiles[1]}`)
    }
    return done
  } finally {
    await product.stop()
  }
}

type Find = (what: string, example?: string) => void

type Pids = { worker: number; control: number; engine: number }
type Look = Record<keyof Pids, { residentBytes: number; openFiles: number } | null>

function pidsOf(product: Product): Partial<Pids> {
  const of = (role: string) => product.processes().find((one) => one.role === role)?.pid
  return { worker: of('worker'), control: of('control'), engine: of('engine') } as Partial<Pids>
}

async function lookAt(product: Product, pids: Partial<Pids>): Promise<Look> {
  await product.idle()
  const look = (pid: number | undefined) => (pid === undefined ? null : footprintOf(pid))
  return { worker: look(pids.worker), control: look(pids.control), engine: look(pids.engine) }
}

/** Middle of the first third of the looks against that of the last: one look alone depends on when memory was last tidied. */
function footprintsOf(looks: readonly Look[], pids: Partial<Pids>): FuzzDone['footprints'] {
  const third = Math.max(1, Math.floor(looks.length / 3))
  return (Object.keys(pids) as (keyof Pids)[]).flatMap((what) => {
    const seen = looks.flatMap((look) => look[what] ?? [])
    if (seen.length < 2) return []
    const parts = [seen.slice(0, third), seen.slice(-third)] as const
    const openFiles = parts.map((part) => median(part.map((one) => one.openFiles))) as [number, number]
    const mb = parts.map((part) => Math.round(median(part.map((one) => one.residentBytes / 1e6)))) as [number, number]
    return [{ what, openFiles, mb }]
  })
}

async function batch(product: Product, count: number, random: Random, done: FuzzDone, find: Find): Promise<void> {
  let left = count
  const kinds = Object.entries(KINDS)
  const one = async () => {
    while (left-- > 0) {
      const [name, make] = random.oneOf(kinds)
      done.requests++
      done.byKind[name] = (done.byKind[name] ?? 0) + 1
      const attempt = make(random, product.key)
      const answers = await meet(product, attempt)
      for (const answer of answers) {
        done.byStatus[answer.status] = (done.byStatus[answer.status] ?? 0) + 1
        if (answer.status >= 500 && !DOCUMENTED.has(`${answer.status} ${codeIn(answer)}`))
          find(`${name}: ${answer.status} ${codeIn(answer)}`, attemptHead(attempt))
        if (attempt.mustNotSay !== undefined && answer.body.includes(attempt.mustNotSay))
          find(`${name}: a part of the body was taken for a request`, attemptHead(attempt))
      }
      if (answers.length === 0 && attempt.patienceMs === undefined)
        find(`${name}: no whole answer`, attemptHead(attempt))
      if (answers.length > attempt.answersMax) find(`${name}: more answers than may come`, attemptHead(attempt))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

/** Enough to send it again by hand. */
function attemptHead({ parts }: Attempt): string {
  const bytes = Buffer.concat(parts)
  const text = bytes.toString('latin1').replace(/Bearer \S+/g, 'Bearer …')
  return JSON.stringify(text.length > 600 ? `${text.slice(0, 400)} … ${text.slice(-100)}` : text)
}

/** OpenAI's, Anthropic's, DashScope's or Ollama's words. */
function codeIn({ body }: Answer): string {
  try {
    const said = JSON.parse(body) as { code?: string; error?: string | { code?: string; type?: string } }
    if (typeof said.error === 'object') return said.error.code ?? said.error.type ?? 'none'
    return said.code ?? said.error ?? 'none'
  } catch {
    return 'none'
  }
}

/** One connection: all its bytes out, all answers in. @returns those that came whole */
async function meet(product: Product, attempt: Attempt): Promise<Answer[]> {
  const { parts, pauseMs = 0, answersMax, deafMs = 0, patienceMs = PATIENCE_MS } = attempt
  const { hostname, port } = new URL(product.url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: false })
  const closed = once(socket, 'close').catch(() => {})
  const heard: Buffer[] = []
  let wake = () => {}
  socket.on('error', () => {}) // to be thrown out is part of it
  socket.on('close', () => wake())
  socket.on('data', (bytes) => {
    heard.push(bytes)
    wake()
  })
  if (deafMs > 0) socket.pause()
  const heardMore = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  for (const part of parts) {
    if (socket.destroyed) break
    socket.write(part)
    if (pauseMs > 0) await sleep(pauseMs)
  }
  if (deafMs > 0) {
    await sleep(deafMs)
    socket.resume()
  }
  const giveUpAt = performance.now() + patienceMs
  let seen = answersIn(Buffer.concat(heard))
  while (!socket.destroyed && (seen.whole.length < answersMax || seen.isUnfinished)) {
    const before = heard.length
    const isAnswered = seen.whole.length > 0 && !seen.isUnfinished
    await heardMore(isAnswered ? QUIET_MS : Math.max(1, giveUpAt - performance.now()))
    seen = answersIn(Buffer.concat(heard))
    if (heard.length === before) break
  }
  socket.destroy()
  await closed
  return seen.whole
}

/** Each right request, once: whatever came before, these are answered. */
async function mustServe(product: Product, find: Find): Promise<void> {
  for (const plain of PLAIN_REQUESTS) {
    const answers = await meet(product, { parts: [wireOf(plain, product.key)], answersMax: 1 })
    const [answer] = answers
    if (answer === undefined) find(`no answer to ${plain.method} ${plain.path}`)
    else if (answer.status >= 500) find(`${plain.method} ${plain.path}: ${answer.status} ${codeIn(answer)}`)
  }
}
