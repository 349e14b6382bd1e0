/**
 * Which engines ran when the installation was ended, so that the next start begins to load them at once, beside control
 * instead of after it: loading takes as long as all the rest of a start. Control takes them over, and ends what it does
 * not want. Only a clean end leaves the list, and only an unchanged configuration uses it; without it, control starts the
 * engines itself.
 */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { EngineSpec } from '../engines/engine-wire.ts'
import type { EngineConfig } from '../platform/config.ts'
import type { EngineCommand, RunningEngine } from './messages.ts'

export type EngineToStart = { spec: EngineSpec; command: EngineCommand }

export function saveLastEngines(path: string, config: EngineConfig, engines: RunningEngine[]): void {
  const list = engines.map(({ spec, command }): EngineToStart => ({ spec, command }))
  writeFileSync(path, JSON.stringify({ config: hashOf(config), engines: list }), { mode: 0o600 })
}

/** Reads the list and takes it away, so that a start that fails half-way is not repeated with it. */
export function takeLastEngines(path: string, config: EngineConfig): EngineToStart[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  rmSync(path)
  try {
    const saved = JSON.parse(text) as { config: string; engines: EngineToStart[] }
    return saved.config === hashOf(config) ? saved.engines : []
  } catch {
    return [] // cut off while it was written: control starts the engines
  }
}

function hashOf(config: EngineConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex')
}
