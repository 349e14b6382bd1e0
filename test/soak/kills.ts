/**
 * Processes killed at any moment while clients ask, whichever of them is alive: gateway workers, control, and engines that
 * are the real ones. Afterwards what clients were told is compared with what is on file.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestOnWire } from '../../src/billing/request-schema.ts'
import { journalFolder } from '../../src/gateway/journal/segments.ts'
import { testModel } from '../models/test-model.ts'
import { type Product, startProduct } from '../product.ts'
import { keepAsking } from './customer.ts'
import { compare, type Sent, type Verdict } from './ledger.ts'
import type { Random } from './random.ts'

const WORKERS = 3
const CUSTOMERS = 6
const MODELS = ['tiny-one', 'tiny-two']
/** Of all kills; a new engine takes longest to be there again. */
const SHARES = { worker: 0.45, control: 0.4, engine: 0.15 } as const
type Role = keyof typeof SHARES
/**
 * Answers between one kill and the next: who dies again and again is started again ever later, and where nobody answers
 * nobody can lose anything. Not longer than `PAUSE_MS_MAX`: to die while all others are dead is a case, too.
 */
const ANSWERS_MAX = 20
const PAUSE_MS_MAX = 8_000

export type KillsDone = { kills: Record<Role, number>; verdict: Verdict }

/** @param onKill told after each, how many there were */
export async function runKills(count: number, random: Random, onKill: (done: number) => void): Promise<KillsDone> {
  const product = await startProduct({ starter: false, environment: { GATEWAY_WORKERS: String(WORKERS) } })
  try {
    for (const model of MODELS) {
      await product.importModel(model, await testModel('qwen3'))
      await product.load(model)
    }
    let isOver = false
    let answers = 0
    const onEnd = (one: Sent) => {
      if (one.status === 200 && one.whole) answers++
    }
    const customers = Array.from({ length: CUSTOMERS }, () => keepAsking(product, MODELS, random, onEnd, () => isOver))
    const kills = { worker: 0, control: 0, engine: 0 }
    for (let done = 0; done < count; ) {
      const enough = answers + random.between(0, ANSWERS_MAX)
      const until = performance.now() + PAUSE_MS_MAX
      while (answers < enough && performance.now() < until) await sleep(random.between(1, 30))
      const role = roleFrom(random)
      if (!killOne(product, role, random)) continue
      kills[role]++
      onKill(++done)
    }
    await allAreBack(product)
    isOver = true
    const sent = (await Promise.all(customers)).flat()
    await product.idle()
    const verdict = compare(sent, await settledRecords(product, sent))
    return { kills, verdict }
  } finally {
    await product.stop()
  }
}

function roleFrom(random: Random): Role {
  let at = random.share()
  for (const [role, share] of Object.entries(SHARES)) {
    at -= share
    if (at < 0) return role as Role
  }
  return 'worker'
}

/** @returns whether there was one to kill: it may be dead already */
function killOne(product: Product, role: Role, random: Random): boolean {
  const alive = product.processes().filter((one) => one.role === role)
  if (alive.length === 0) return false
  try {
    process.kill(random.oneOf(alive).pid, 'SIGKILL')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

async function allAreBack(product: Product): Promise<void> {
  const isReady = async () => (await fetch(`${product.url}/readyz`).catch(() => null))?.status === 200
  await product.until('everything is back', async () => {
    const workers = product.processes().filter(({ role }) => role === 'worker').length
    return workers === WORKERS && (await isReady())
  })
  for (const model of MODELS)
    await product.until(`${model} is ready`, async () => {
      const { status, body } = await product.ask('GET', '/api/status')
      const engines = status === 200 ? (body as { engines: { model: string; state: string }[] }).engines : []
      return engines.some((engine) => engine.model === model && engine.state === 'ready')
    })
}

/** All records, once the journals hold nothing more: what killed workers left is settled by those after them. */
async function settledRecords(product: Product, sent: Sent[]): Promise<RequestOnWire[]> {
  const journal = journalFolder(product.folder)
  await product.until('the journals of killed workers are settled', async () => {
    const living = product.processes().flatMap(({ role, pid }) => (role === 'worker' ? String(pid) : []))
    const lives = readdirSync(journal).flatMap((name) => /^worker-\d+\.\d+-(\d+)$/.exec(name)?.[1] ?? [])
    return lives.length === WORKERS && lives.every((pid) => living.includes(pid))
  })
  await product.end()
  assert.deepEqual(readdirSync(journal), [], 'a clean end leaves nothing in the journal, and nothing was set aside')
  await product.start()
  const records: RequestOnWire[] = []
  for (let after = ''; ; ) {
    const page = await product.get<{ data: RequestOnWire[]; next: string | null }>(`/api/requests?limit=100${after}`)
    records.push(...page.data)
    if (page.next === null) return records
    if (records.length > 2 * sent.length + 1_000) return records
    after = `&after=${page.next}`
  }
}
