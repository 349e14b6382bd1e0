/**
 * The gateway against nginx, Portkey and LiteLLM's proxy, with one mock upstream behind all of them, in turn in one run.
 *
 * Processor time, from the system's own accounts of the gateways' processes, is what is compared: it hardly depends on what
 * else a machine does, and on whether the client or the mock could have gone faster. The gateway that is asked has a core
 * to itself, client and mock share another, where a machine has two and can keep processes there.
 *
 *   --rounds 5   --only json,sse,paced,body,latency,dialects,workers
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { median, printRows, type Row } from '../figures.ts'
import { startLitellm } from './litellm.ts'
import { answerOf, Harness, type Measured } from './measure.ts'
import { startNginx } from './nginx.ts'
import { startPortkey } from './portkey.ts'
import { canPin, cores, GATEWAY_CORE, HARNESS_CORE, moveMyselfTo } from './processes.ts'
import type { Target } from './target.ts'
import { startTradewind } from './tradewind.ts'
import { ALONE, LARGE, PACED, SMALL, STREAMED, TRANSLATED, TRANSLATED_STREAMS, type Workload } from './workloads.ts'

const PARTS = ['json', 'sse', 'paced', 'body', 'latency', 'dialects', 'workers'] as const
type Part = (typeof PARTS)[number]

type Targets = { ours: Target; nginx: Target | null; portkey: Target | null; litellm: Target | null }

export async function run(given: string[]): Promise<void> {
  const { values } = parseArgs({
    args: given,
    options: { rounds: { type: 'string', default: '5' }, only: { type: 'string', default: PARTS.join() } },
  })
  const rounds = Number(values.rounds)
  const only = new Set(values.only.split(','))
  const unknown = [...only].filter((name) => !PARTS.includes(name as Part))
  if (!Number.isInteger(rounds) || rounds < 1 || unknown.length > 0)
    throw new Error(`Use it as: npm run bench -- gateway [--rounds 5] [--only ${PARTS.join()}]`)

  const load = loadavg()[0] ?? 0
  moveMyselfTo(HARNESS_CORE)
  const harness = await Harness.start()
  const running: Target[] = [harness.mock]
  const keep = <Started extends Target | null>(target: Started): Started => {
    if (target !== null) running.push(target)
    return target
  }
  try {
    const mockPort = harness.mock.port
    const wants = (...parts: Part[]) => parts.some((part) => only.has(part))
    const targets: Targets = {
      ours: keep(await startTradewind({ mockPort, workers: 1, core: GATEWAY_CORE })),
      nginx: wants('json', 'sse', 'paced', 'body') ? keep(await startNginx(mockPort)) : null,
      portkey: wants('json', 'sse', 'paced', 'body') ? keep(await startPortkey(mockPort)) : null,
      litellm: wants('json') ? keep(await startLitellm(mockPort)) : null,
    }
    const each = [targets.ours, targets.nginx, targets.portkey, targets.litellm].filter((one) => one !== null)
    printHead(each, rounds, load)
    await mustHandOnUnchanged(harness, targets)
    if (wants('json', 'sse', 'paced', 'body')) await compare(harness, targets, only, rounds)
    if (wants('latency')) await latency(harness, targets.ours, rounds)
    if (wants('dialects')) await dialects(harness, targets.ours, rounds)
    if (wants('workers')) await workers(harness, rounds, keep)
    console.log(`\nload of the machine: ${load.toFixed(2)} before, ${loadavg()[0]?.toFixed(2)} now`)
  } finally {
    for (const target of running.toReversed()) await target.stop()
  }
}

function printHead(targets: Target[], rounds: number, load: number): void {
  const where = canPin ? `gateway on core ${GATEWAY_CORE}, client and mock on ${HARNESS_CORE}` : 'nothing pinned'
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model.trim()} × ${cores} · Node ${process.version} · load ${load.toFixed(2)}`,
  )
  console.log(`${rounds} rounds, interleaved · ${where}`)
  for (const { version } of targets) console.log(`  ${version}`)
}

/** A gateway that loses bytes, or sends fewer, is no faster one. */
async function mustHandOnUnchanged(harness: Harness, { ours, nginx }: Targets): Promise<void> {
  for (const workload of [SMALL, STREAMED, PACED, LARGE]) {
    const wanted = await answerOf(harness.mock, workload)
    for (const target of [ours, nginx])
      if (target !== null && (await answerOf(target, workload)) !== wanted)
        throw new Error(`${target.name}, ${workload.what}: not what the mock has sent.`)
  }
}

type Figures = Map<Target, Measured[]>

/** Measures each target once a round, in another order each time. */
async function inTurn(
  harness: Harness,
  targets: (Target | null)[],
  workload: Workload,
  rounds: number,
): Promise<Figures> {
  const there = targets.filter((target) => target !== null)
  const figures: Figures = new Map(there.map((target) => [target, []]))
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < there.length; at++) {
      const target = there[(round + at) % there.length] as Target
      figures.get(target)?.push(await harness.measure(target, workload))
    }
  return figures
}

type Comparison = { peer: keyof Targets; row: Omit<Row, 'ours' | 'peers'>; figure: (seen: Measured) => number }

const cpu: Pick<Comparison, 'figure'> = { figure: ({ cpuUs }) => cpuUs }
const cpuPerChunk: Pick<Comparison, 'figure'> = { figure: ({ cpuUsPerPart }) => cpuUsPerPart }
const perCore: Pick<Comparison, 'figure'> = { figure: ({ cpuUs }) => 1e6 / cpuUs }
const perSecond: Pick<Comparison, 'figure'> = { figure: ({ perSecond }) => perSecond }

const COMPARED: { part: Part; workload: Workload; against: Comparison[] }[] = [
  {
    part: 'json',
    workload: SMALL,
    against: [
      { peer: 'nginx', row: { what: 'small JSON, CPU a request', unit: 'µs', bar: { atMost: 3 } }, ...cpu },
      { peer: 'portkey', row: { what: 'small JSON, CPU a request', unit: 'µs', bar: { atMost: 1 / 8 } }, ...cpu },
      {
        peer: 'litellm',
        row: { what: 'small JSON', unit: 'requests a core-second', bar: { atLeast: 10 } },
        ...perCore,
      },
    ],
  },
  {
    part: 'sse',
    workload: STREAMED,
    against: [
      { peer: 'nginx', row: { what: 'stream, CPU a chunk', unit: 'µs', bar: { atMost: 1.5 } }, ...cpuPerChunk },
      { peer: 'portkey', row: { what: 'stream, CPU a chunk', unit: 'µs', bar: { atMost: 0.6 } }, ...cpuPerChunk },
    ],
  },
  {
    part: 'paced',
    workload: PACED,
    against: [
      {
        peer: 'nginx',
        row: { what: '600 paced streams', unit: 'ended a second', bar: { atLeast: 0.8 } },
        ...perSecond,
      },
      {
        peer: 'portkey',
        row: { what: '600 paced streams', unit: 'ended a second', bar: { atLeast: 2.5 } },
        ...perSecond,
      },
    ],
  },
  {
    part: 'body',
    workload: LARGE,
    against: [
      { peer: 'nginx', row: { what: 'body of 400 KB, CPU a request', unit: 'µs', bar: { atMost: 3 } }, ...cpu },
      { peer: 'portkey', row: { what: 'body of 400 KB, CPU a request', unit: 'µs', bar: { atMost: 1 / 5 } }, ...cpu },
    ],
  },
]

async function compare(harness: Harness, targets: Targets, only: Set<string>, rounds: number): Promise<void> {
  const rows: Record<string, Row[]> = {}
  const notes: string[] = []
  for (const { part, workload, against } of COMPARED) {
    if (!only.has(part)) continue
    const figures = await inTurn(harness, [targets.ours, ...against.map(({ peer }) => targets[peer])], workload, rounds)
    for (const { peer, row, figure } of against) {
      const target = targets[peer]
      if (target === null) continue
      const of = (one: Target) => (figures.get(one) ?? []).map(figure)
      rows[peer] = [...(rows[peer] ?? []), { ...row, ours: of(targets.ours), peers: of(target) }]
    }
    notes.push(...[...figures].map(([target, seen]) => noteOf(target, workload, seen)))
  }
  for (const peer of ['nginx', 'portkey', 'litellm'] as const) {
    console.log('')
    const target = targets[peer]
    if (target === null) console.log(`${peer} is not on this machine, or could not be installed: not compared.`)
    else if (rows[peer] !== undefined) printRows(rows[peer], { ours: 'Tradewind', peers: target.name })
  }
  console.log(`\n${notes.join('\n')}`)
}

function noteOf(target: Target, workload: Workload, seen: Measured[]): string {
  const middle = (figure: (one: Measured) => number) => median(seen.map(figure))
  return [
    `  ${workload.what} · ${target.name}`,
    `${middle(({ perSecond }) => perSecond).toFixed(0)} a second`,
    `p50 ${middle(({ p50Ms }) => p50Ms).toFixed(1)} ms, p99 ${middle(({ p99Ms }) => p99Ms).toFixed(1)} ms`,
    `${(100 * middle(({ coreUse }) => coreUse)).toFixed(0)} % of a core`,
  ].join(' · ')
}

async function latency(harness: Harness, ours: Target, rounds: number): Promise<void> {
  const figures = await inTurn(harness, [ours, harness.mock], ALONE, rounds)
  const [mine, direct] = [figures.get(ours) ?? [], figures.get(harness.mock) ?? []]
  const added = (figure: (one: Measured) => number) =>
    median(mine.map((one, at) => figure(one) - figure(direct[at] as Measured)))
  const [p50, p99] = [added(({ p50Ms }) => p50Ms), added(({ p99Ms }) => p99Ms)]
  console.log(
    `\none request at a time, added to the mock's own time: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, bar p99 ≤ 1 ms: ${p99 <= 1 ? 'yes' : 'NO'}`,
  )
}

async function dialects(harness: Harness, ours: Target, rounds: number): Promise<void> {
  const rows: Row[] = []
  for (const [relayed, translated] of [
    [SMALL, TRANSLATED],
    [STREAMED, TRANSLATED_STREAMS],
  ] as const) {
    const seen = new Map<Workload, number[]>([relayed, ...translated].map((one) => [one, []]))
    for (let round = 0; round < rounds; round++)
      for (const [workload, figures] of seen) figures.push((await harness.measure(ours, workload)).cpuUsPerPart)
    for (const workload of translated)
      rows.push({
        what: `${workload.what}, CPU a ${relayed === SMALL ? 'request' : 'chunk'}`,
        unit: 'µs',
        ours: seen.get(workload) ?? [],
        peers: seen.get(relayed) ?? [],
        bar: { atMost: 2 },
      })
  }
  console.log('')
  printRows(rows, { ours: 'written anew', peers: 'relayed' })
}

/** How far a second worker helps; on two cores, client and mock take away what it could use. */
async function workers(harness: Harness, rounds: number, keep: (target: Target) => Target): Promise<void> {
  const mockPort = harness.mock.port
  const one = keep(await startTradewind({ mockPort, workers: 1, core: null }))
  const two = keep(await startTradewind({ mockPort, workers: 2, core: null }))
  const figures = await inTurn(harness, [one, two], SMALL, rounds)
  const rate = (target: Target) => (figures.get(target) ?? []).map(({ perSecond }) => perSecond)
  const ratio = median(rate(two).map((more, at) => more / (rate(one)[at] as number)))
  console.log(
    `\n1 → 2 workers, small JSON: ${median(rate(one)).toFixed(0)} → ${median(rate(two)).toFixed(0)} a second, × ${ratio.toFixed(2)}, on ${cores} cores that they share with client and mock`,
  )
}
