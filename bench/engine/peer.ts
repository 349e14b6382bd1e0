/**
 * The peer: llama.cpp's own server, from the Python package `xllamacpp`, in an environment that the bench makes for
 * itself. Same file, same threads, eight slots of the same context.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineSpec } from '../../src/engines/engine-wire.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VENV = join(ROOT, 'node_modules/.cache/tradewind-bench/xllamacpp')
export const PEER_VERSION = '2026.10.11549'

export function peerPython(): string {
  const python = join(VENV, 'bin/python')
  if (spawnSync(python, ['-c', 'import xllamacpp'], { stdio: 'ignore' }).status === 0) return python
  console.log(`Installing the peer (xllamacpp ${PEER_VERSION}) …`)
  mkdirSync(VENV, { recursive: true })
  for (const [command, ...given] of [
    ['python3', '-m', 'venv', VENV],
    [python, '-m', 'pip', 'install', '--quiet', `xllamacpp==${PEER_VERSION}`],
  ] as [string, ...string[]][]) {
    if (spawnSync(command, given, { stdio: 'inherit' }).status !== 0)
      throw new Error('The peer could not be installed; the bench needs Python 3.10 or newer with venv and pip.')
  }
  return python
}

export function startPeer(spec: EngineSpec): ChildProcess {
  // A server that ended leaves its socket behind, and does not start on one that is there.
  rmSync(spec.socketPath, { force: true })
  const script = join(ROOT, 'engine-host/xllamacpp-server.py')
  if (!existsSync(script)) throw new Error(`${script} is missing`)
  return spawn(peerPython(), [script, JSON.stringify(spec)], { stdio: ['pipe', 'ignore', 'ignore'] })
}
