/** Processes of the gateway's bench: where they run, and what they cost. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'

/** The gateway that is measured has the first core alone; who asks and who answers share the second. */
export const GATEWAY_CORE = 0
export const HARNESS_CORE = 1

/** Whether processes can be kept apart; where not, their processor time is still counted apart. */
export const cores = availableParallelism()
export const canPin = cores > 1 && spawnSync('taskset', ['--version']).status === 0

/** @param core null = wherever there is room */
export function spawnOn(core: number | null, command: string, words: string[], options: SpawnOptions): ChildProcess {
  if (!canPin) return spawn(command, words, options)
  return spawn('taskset', ['-c', core === null ? `0-${cores - 1}` : String(core), command, ...words], options)
}

export function moveMyselfTo(core: number): void {
  if (canPin) spawnSync('taskset', ['-acp', String(core), String(process.pid)])
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Processor time that a process and all its descendants have used, user and system, in µs. */
export function cpuUsOf(root: number): number {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
  const family = new Set([root])
  for (let before = 0; before < family.size; ) {
    before = family.size
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid)
  }
  const ticks = all.filter(({ pid }) => family.has(pid)).reduce((sum, one) => sum + one.ticks, 0)
  return (ticks / ticksPerSecond) * 1e6
}

/** Null for a process that ended meanwhile. */
function statOf(pid: number): { pid: number; parent: number; ticks: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of a command may hold spaces and brackets; after the last bracket all is numbers.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return null
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Ends a process and waits for it. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(force)
}
