/**
 * Our engine against llama.cpp's own server: same weights, same threads, same client, both called directly on their
 * sockets, in turn. Then ours alone for what the peer has no counterpart for: a prefix that returns, also after a
 * restart, and a key that floods. Last, the same through the public port of the whole product.
 *
 * The thread governor is off here (both get all the threads named), since the bars are about the engine; the product's
 * default leaves a core to the gateway.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ENGINE_HEADERS, type EngineSpec } from '../../src/engines/engine-wire.ts'
import { SocketSilent, socketRequest } from '../../src/platform/socket-request.ts'
import { starterModelPath } from '../../test/models/starter.ts'
import { STARTER, startProduct } from '../../test/product.ts'
import { median, printRows, quantile, type Row } from '../figures.ts'
import { type Answer, complete, type Target } from './client.ts'
import { PEER_VERSION, peerPython, startPeer } from './peer.ts'
import { words } from './prompts.ts'

const ENGINE_HOST = fileURLToPath(new URL('../../engine-host/main.ts', import.meta.url))
const STREAMS = 8
const SHARED_TOKENS = 1_000
/** Short, and with the narrowest bar: repeated within each round. */
const EIGHT_PER_ROUND = 4

export async function run(given: string[]): Promise<void> {
  const { values } = parseArgs({
    args: given,
    options: { rounds: { type: 'string', default: '5' }, threads: { type: 'string', default: '2' } },
  })
  const rounds = Number(values.rounds)
  const threads = Number(values.threads)
  const folder = mkdtempSync(join(tmpdir(), 'tw-bench-'))
  const modelPath = await starterModelPath()
  peerPython()

  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model.trim()} × ${availableParallelism()} · Node ${process.version} · load ${loadavg()[0]?.toFixed(2)}`,
  )
  console.log(
    `${threads} threads each, governor off · ${rounds} rounds, interleaved · peer: llama.cpp's server in xllamacpp ${PEER_VERSION}`,
  )
  console.log('')

  const specOf = (name: string): EngineSpec => ({
    engineId: `eng_${name}`,
    socketPath: join(folder, `${name}.sock`),
    modelPath,
    modelSha256: 'bench',
    modelName: 'bench',
    task: 'chat',
    threads,
    sequences: STREAMS,
    contextTokens: 2_048,
    batchTokens: 512,
    prefillChunkTokens: 128,
    gpu: 'off',
    adapters: [],
    toolParser: 'none',
    reasoningParser: 'none',
    spill: { folder: join(folder, 'prefixes'), bytesMax: 2e9 },
  })
  const running = new Set<ChildProcess>()
  try {
    const ourSpec = specOf('ours')
    const ours = await startOurs(ourSpec, running)
    const peer = await ready(startPeer(specOf('peer')), specOf('peer'), running)
    const both = {
      ours: targetAt('ours', ourSpec, { [ENGINE_HEADERS.salt]: 'bench', [ENGINE_HEADERS.share]: 'bench' }),
      peer: targetAt('peer', specOf('peer'), {}),
    }
    await warmUp(both.ours)
    await warmUp(both.peer)

    printRows(await compare(both.ours, both.peer, rounds), { ours: 'ours', peers: 'llama-server' })
    peer.stdin?.end()
    await gone(peer)

    console.log('')
    await printReturningPrefix(both.ours, rounds, 'in memory')
    let current = ours
    await printAfterRestart(both.ours, rounds, async () => {
      await stop(current)
      current = await startOurs(ourSpec, running)
    })
    await stop(current)

    const alone = await startOurs({ ...ourSpec, spill: { folder: join(folder, 'none'), bytesMax: 1e6 } }, running)
    await printFlood(both.ours)
    await stop(alone)

    console.log('')
    const again = await ready(startPeer(specOf('peer')), specOf('peer'), running)
    await warmUp(both.peer)
    const product = await startProduct({ environment: { ENGINE_THREADS: String(threads) } })
    try {
      const { hostname, port } = new URL(product.url)
      const throughPort: Target = {
        name: 'product',
        at: { host: hostname, port: Number(port) },
        headers: { authorization: `Bearer ${product.key}` },
        model: STARTER,
      }
      await warmUp(throughPort)
      printRows(await compareThroughPort(throughPort, both.peer, rounds), {
        ours: 'public port',
        peers: 'llama-server, direct',
      })
    } finally {
      await product.stop()
      again.stdin?.end()
      await gone(again)
    }
  } finally {
    for (const child of running) if (child.exitCode === null) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs `work` for both, the one that goes first taking turns. */
async function inTurn<Result>(
  round: number,
  ours: Target,
  peer: Target,
  work: (target: Target) => Promise<Result>,
): Promise<{ ours: Result; peer: Result }> {
  if (round % 2 === 0) {
    const mine = await work(ours)
    return { ours: mine, peer: await work(peer) }
  }
  const theirs = await work(peer)
  return { ours: await work(ours), peer: theirs }
}

async function compare(ours: Target, peer: Target, rounds: number): Promise<Row[]> {
  const single = row('single stream, 128 out', 'tokens/s', { atLeast: 1.0 })
  const first = row('first token, 500-token prompt', 's', { atMost: 1.0 })
  const eight = row('8 streams × 64 out, together', 'tokens/s', { atLeast: 1.05 })
  const shared = row(`8 × (${SHARED_TOKENS} shared + 50), 64 out`, 's', { atMost: 0.3 })
  for (let round = 0; round < rounds; round++) {
    const seed = round * 1_000
    add(
      single,
      await inTurn(round, ours, peer, async (target) => speed(await complete(target, words(seed + 1, 16), 128))),
    )
    add(
      first,
      await inTurn(
        round,
        ours,
        peer,
        async (target) => (await complete(target, words(seed + 2, 500), 1)).firstTokenMs / 1_000,
      ),
    )
    for (let again = 0; again < EIGHT_PER_ROUND; again++)
      add(
        eight,
        await inTurn(round + again, ours, peer, (target) =>
          together(target, STREAMS, (index) => words(seed + 10 + again * STREAMS + index, 32), 64).then(
            (wall) => (STREAMS * 64) / wall,
          ),
        ),
      )
    add(
      shared,
      await inTurn(round, ours, peer, (target) => {
        const prefix = words(seed + 50, SHARED_TOKENS)
        return together(target, STREAMS, (index) => prefix + words(seed + 60 + index, 50), 64)
      }),
    )
  }
  return [single, first, eight, shared]
}

async function compareThroughPort(product: Target, peer: Target, rounds: number): Promise<Row[]> {
  const single = row('single stream, 128 out', 'tokens/s', { atLeast: 0.9 })
  const eight = row('8 streams × 64 out, together', 'tokens/s', { atLeast: 0.9 })
  for (let round = 0; round < rounds; round++) {
    const seed = 500_000 + round * 1_000
    add(
      single,
      await inTurn(round, product, peer, async (target) => speed(await complete(target, words(seed + 1, 16), 128))),
    )
    add(
      eight,
      await inTurn(round, product, peer, (target) =>
        together(target, STREAMS, (index) => words(seed + 10 + index, 32), 64).then((wall) => (STREAMS * 64) / wall),
      ),
    )
  }
  return [single, eight]
}

/** Tokens a second after the first. */
function speed(answer: Answer): number {
  return (answer.tokensOut - 1) / ((answer.totalMs - answer.firstTokenMs) / 1_000)
}

/** Wall seconds of `count` requests sent at once. */
async function together(
  target: Target,
  count: number,
  prompt: (index: number) => string,
  tokens: number,
): Promise<number> {
  const began = performance.now()
  await Promise.all(Array.from({ length: count }, (_, index) => complete(target, prompt(index), tokens)))
  return (performance.now() - began) / 1_000
}

async function printReturningPrefix(ours: Target, rounds: number, where: string): Promise<void> {
  const cold: number[] = []
  const back: number[] = []
  for (let round = 0; round < rounds; round++) {
    const prefix = words(700_000 + round, SHARED_TOKENS)
    cold.push((await complete(ours, prefix + words(710_000 + round, 50), 1)).firstTokenMs)
    back.push((await complete(ours, prefix + words(720_000 + round, 50), 1)).firstTokenMs)
  }
  printAgainstCold(`returning prefix (${SHARED_TOKENS} + 50 tokens), ${where}`, cold, back)
}

/** Each round: a cold prefix that may go to disk, the engine ended and started, the prefix again. */
async function printAfterRestart(ours: Target, rounds: number, restart: () => Promise<void>): Promise<void> {
  const disk = { [ENGINE_HEADERS.disk]: 'allow' }
  const cold: number[] = []
  const back: number[] = []
  for (let round = 0; round < Math.min(3, rounds); round++) {
    const prefix = words(800_000 + round, SHARED_TOKENS)
    await warmUp(ours)
    cold.push((await complete(ours, prefix + words(810_000 + round, 50), 1, disk)).firstTokenMs)
    await restart()
    await warmUp(ours)
    back.push((await complete(ours, prefix + words(820_000 + round, 50), 1, disk)).firstTokenMs)
  }
  printAgainstCold(`returning prefix (${SHARED_TOKENS} + 50 tokens), after a restart`, cold, back)
}

function printAgainstCold(what: string, cold: number[], back: number[]): void {
  const ratio = median(back) / median(cold)
  console.log(
    `${what}: first token ${median(back).toFixed(0)} ms against ${median(cold).toFixed(0)} ms cold, ratio ${ratio.toFixed(2)}, bar ≤ 0.2: ${ratio <= 0.2 ? 'yes' : 'NO'}`,
  )
}

/** One key keeps 24 requests in the queue; another asks now and then. */
async function printFlood(ours: Target): Promise<void> {
  const asks = 20
  const headers = { [ENGINE_HEADERS.salt]: 'calm', [ENGINE_HEADERS.share]: 'calm' }
  const ask = async (seed: number) => (await complete(ours, words(seed, 200), 8, headers)).firstTokenMs
  await warmUp(ours)
  const alone: number[] = []
  for (let index = 0; index < asks; index++) alone.push(await ask(900_000 + index))

  let flooding = true
  const flood = Array.from({ length: 24 }, async (_, lane) => {
    for (let index = 0; flooding; index++)
      await complete(ours, words(910_000 + lane * 1_000 + index, 200), 64, {
        [ENGINE_HEADERS.salt]: 'flood',
        [ENGINE_HEADERS.share]: 'flood',
      })
  })
  await sleep(3_000)
  const flooded: number[] = []
  for (let index = 0; index < asks; index++) {
    flooded.push(await ask(950_000 + index))
    await sleep(100)
  }
  flooding = false
  await Promise.all(flood)
  const ratio = quantile(flooded, 0.95) / quantile(alone, 0.95)
  console.log(
    `another key floods (24 requests waiting): p95 first token ${quantile(flooded, 0.95).toFixed(0)} ms against ${quantile(alone, 0.95).toFixed(0)} ms alone, ratio ${ratio.toFixed(2)}, bar ≤ 3: ${ratio <= 3 ? 'yes' : 'NO'}`,
  )
}

async function startOurs(spec: EngineSpec, running: Set<ChildProcess>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [ENGINE_HOST], {
    env: { ...process.env, TRADEWIND_ENGINE_SPEC: JSON.stringify(spec), UV_THREADPOOL_SIZE: '1' },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  return ready(child, spec, running)
}

async function ready(child: ChildProcess, spec: EngineSpec, running: Set<ChildProcess>): Promise<ChildProcess> {
  running.add(child)
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (child.exitCode !== null) throw new Error(`${spec.engineId} ended before it was ready`)
    if (existsSync(spec.socketPath)) {
      const answer = await socketRequest(spec.socketPath, 'GET', '/health').catch((error) => {
        if (error instanceof SocketSilent) return null
        throw error
      })
      if (answer?.status === 200) return child
    }
    await sleep(50)
  }
  throw new Error(`${spec.engineId} was not ready in a minute`)
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await gone(child)
}

async function gone(child: ChildProcess): Promise<void> {
  for (let waited = 0; child.exitCode === null && child.signalCode === null; waited += 50) {
    if (waited > 20_000) child.kill('SIGKILL')
    await sleep(50)
  }
}

async function warmUp(target: Target): Promise<void> {
  await complete(target, words(1, 40), 8)
  await Promise.all([2, 3, 4].map((seed) => complete(target, words(seed, 40), 8)))
}

function targetAt(name: string, spec: EngineSpec, headers: Record<string, string>): Target {
  return { name, at: { socketPath: spec.socketPath }, headers, model: spec.modelName }
}

function row(what: string, unit: string, bar: Row['bar']): Row {
  return { what, unit, ours: [], peers: [], bar }
}

function add(row: Row, figures: { ours: number; peer: number }): void {
  row.ours.push(figures.ours)
  row.peers.push(figures.peer)
}
