/** An environment of Python's own with pinned packages, made once per checkout. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const CACHE = join(import.meta.dirname, '../node_modules/.cache/tradewind-test')

/**
 * @param name of the environment
 * @param requirements file with what it holds
 * @returns path of its Python, or what is missing to make one
 */
export function pythonWith(name: string, requirements: string): { path: string } | { missing: string } {
  const venv = join(CACHE, name)
  const path = join(venv, 'bin/python')
  const done = join(venv, 'installed.txt')
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return { path }
  rmSync(venv, { recursive: true, force: true })
  for (const [command, argv, missing] of [
    ['python3', ['--version'], 'python3 is not on this machine'],
    ['python3', ['-m', 'venv', venv], 'python3 has no venv (Debian, Ubuntu: apt install python3-venv)'],
    [path, ['-m', 'pip', 'install', '--quiet', '-r', requirements], `pip cannot install ${requirements}`],
  ] as const) {
    const { status, stderr } = spawnSync(command, argv, { encoding: 'utf8' })
    if (status !== 0)
      return { missing: `The Python client is not tested: ${missing}. ${(stderr ?? '').trim().split('\n').at(-1)}` }
  }
  writeFileSync(done, wanted)
  return { path }
}
