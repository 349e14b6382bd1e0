/**
 * A start, from the command to the first answer: the whole product (supervisor, gateway, control, database, engine) on a
 * data folder that it has used before, against llama.cpp's own server on the same weights alone. In turn, each from
 * nothing to the first token of the same prompt; caches of the disk are warm for both.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { EngineSpec } from '../../src/engines/engine-wire.ts'
import { starterModelPath } from '../../test/models/starter.ts'
import { STARTER, startProduct } from '../../test/product.ts'
import { complete, type Target } from '../engine/client.ts'
import { PEER_VERSION, peerPython, startPeer } from '../engine/peer.ts'
import { words } from '../engine/prompts.ts'
import { median, printRows, type Row } from '../figures.ts'

/** The bar for the product, seconds. */
const SECONDS_MOST = 3
const ASK_EVERY_MS = 20

export async function run(given: string[]): Promise<void> {
  const { values } = parseArgs({ args: given, options: { rounds: { type: 'string', default: '5' } } })
  const rounds = Number(values.rounds)
  const folder = mkdtempSync(join(tmpdir(), 'tw-bench-'))
  const modelPath = await starterModelPath()
  peerPython()
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model.trim()} × ${availableParallelism()} · Node ${process.version} · load ${loadavg()[0]?.toFixed(2)}`,
  )
  console.log(`${rounds} rounds, interleaved · peer: llama.cpp's server in xllamacpp ${PEER_VERSION}, weights alone`)
  console.log('')

  const product = await startProduct()
  await answered({ name: 'product', ...productAt(product.url, product.key), model: STARTER })
  await product.end()
  const row: Row = { what: 'command to first answer', unit: 's', ours: [], peers: [], bar: { atMost: 10 } }
  try {
    for (let round = 0; round < rounds; round++) {
      const steps = [
        async () => row.ours.push(await ours()),
        async () => row.peers.push(await peers(specIn(folder, modelPath))),
      ]
      for (const step of round % 2 === 0 ? steps : steps.toReversed()) await step()
    }
    printRows([row], { ours: 'second start', peers: 'llama-server' })
    const mine = median(row.ours)
    console.log(`\nsecond start ${mine.toFixed(2)} s, bar ≤ ${SECONDS_MOST} s: ${mine <= SECONDS_MOST ? 'yes' : 'NO'}`)
  } finally {
    await product.kill()
    rmSync(folder, { recursive: true, force: true })
  }

  async function ours(): Promise<number> {
    const startedMs = performance.now()
    const supervisor = product.spawnSupervisor()
    supervisor.stdout?.resume()
    supervisor.stderr?.resume()
    await answered({ name: 'product', ...productAt(product.url, product.key), model: STARTER })
    const seconds = (performance.now() - startedMs) / 1_000
    supervisor.kill('SIGINT')
    await once(supervisor, 'close')
    return seconds
  }
}

async function peers(spec: EngineSpec): Promise<number> {
  const startedMs = performance.now()
  const peer: ChildProcess = startPeer(spec)
  await answered({ name: 'peer', at: { socketPath: spec.socketPath }, headers: {}, model: 'bench' })
  const seconds = (performance.now() - startedMs) / 1_000
  peer.stdin?.end()
  if (peer.exitCode === null) await once(peer, 'close')
  return seconds
}

function productAt(url: string, key: string): Pick<Target, 'at' | 'headers'> {
  const { hostname, port } = new URL(url)
  return { at: { host: hostname, port: Number(port) }, headers: { authorization: `Bearer ${key}` } }
}

/** Asks until the first answer comes. */
async function answered(target: Target): Promise<void> {
  for (;;) {
    const answer = await complete(target, words(1, 16), 1).catch(() => null)
    if (answer !== null) return
    await sleep(ASK_EVERY_MS)
  }
}

function specIn(folder: string, modelPath: string): EngineSpec {
  return {
    engineId: 'eng_peer',
    socketPath: join(folder, 'peer.sock'),
    modelPath,
    modelSha256: 'bench',
    modelName: 'bench',
    task: 'chat',
    threads: 1,
    sequences: 8,
    contextTokens: 4_096,
    batchTokens: 512,
    prefillChunkTokens: 128,
    gpu: 'off',
    adapters: [],
    toolParser: 'none',
    reasoningParser: 'none',
  }
}
