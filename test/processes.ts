/**
 * Which processes run for a product, found in the system's own table: what the product says of itself would not show
 * what it has forgotten.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export type ProcessRole = 'supervisor' | 'control' | 'worker' | 'engine' | 'other'

export type ProductProcess = {
  pid: number
  role: ProcessRole
  /** Model of an engine, number of a worker, script of the rest. */
  name: string
}

const SCRIPTS: readonly [string, ProcessRole][] = [
  ['src/supervisor/main.ts', 'supervisor'],
  ['src/gateway/worker.ts', 'worker'],
  ['engine-host/main.ts', 'engine'],
  ['src/main.ts', 'control'],
]

/** All that were started with this data folder, whoever their parent is by now. */
export function processesOf(dataFolder: string): ProductProcess[] {
  return everyProcess().flatMap(({ pid, words }) => {
    if (!words.includes(`TRADEWIND_DATA=${dataFolder} `)) return []
    const script = /\S+\.ts\b/.exec(words)?.[0] ?? ''
    const role = SCRIPTS.find(([end]) => script.endsWith(end))?.[1] ?? 'other'
    return [{ pid, role, name: nameOf(role, words) ?? script }]
  })
}

/** Bytes of memory that a process holds, and how many files and sockets it has open; null where the system does not tell. */
export function footprintOf(pid: number): { residentBytes: number; openFiles: number } | null {
  if (!existsSync(`/proc/${pid}/status`)) return null
  const residentKb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { residentBytes: Number(residentKb) * 1024, openFiles: readdirSync(`/proc/${pid}/fd`).length }
}

/** Connections that clients of a TCP port have open, or half open; null where the system does not tell. */
export function connectionsTo(port: number): number | null {
  if (!existsSync('/proc/net/tcp')) return null
  const ourEnd = new RegExp(`^\\s*\\d+: \\w+:${port.toString(16).toUpperCase().padStart(4, '0')} \\w+:\\w+ (\\w\\w)`)
  const states = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .flatMap((line) => ourEnd.exec(line)?.[1] ?? [])
  return states.filter((state) => state !== LISTENING && state !== ENDED).length
}

/** As /proc/net/tcp has them. */
const LISTENING = '0A'
const ENDED = '06'

function nameOf(role: ProcessRole, words: string): string | undefined {
  if (role === 'engine') return /"modelName":"([^"]+)"/.exec(words)?.[1]
  if (role === 'worker') return /TRADEWIND_WORKER=(\d+)/.exec(words)?.[1]
  return undefined
}

/** Command line, then environment, each word followed by a space. */
function everyProcess(): { pid: number; words: string }[] {
  if (!existsSync('/proc/self/environ')) return everyProcessByPs()
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), words: `${wordsOf(`/proc/${pid}/cmdline`)}${wordsOf(`/proc/${pid}/environ`)}` }))
}

/** Empty for a process that ended meanwhile, or is somebody else's. */
function wordsOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** macOS has no /proc. */
function everyProcessByPs(): { pid: number; words: string }[] {
  const lines = execFileSync('ps', ['-A', '-E', '-ww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n')
  return lines.map((line) => ({ pid: Number.parseInt(line, 10), words: `${line.trim().replace(/^\d+\s+/, '')} ` }))
}
