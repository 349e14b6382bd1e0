/**
 * llama.cpp's own server as the engine, where the operator configures it (`LLAMA_SERVER`): for what the embedded engine
 * lacks, such as vision or a new architecture on its release day. It is OpenAI-compatible and listens on the same Unix
 * socket, so only its start differs. It shares no prefixes between simultaneous requests and knows no fair share.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineCommand } from '../supervisor/messages.ts'
import type { EngineSpec } from './engine-wire.ts'
import { LlamaServerMissing } from './errors.ts'

/** @param named value of `LLAMA_SERVER`: a path, `path`, `xllamacpp`, `xllamacpp:<python>`, or null for the embedded engine */
export async function engineCommand(named: string | null, spec: EngineSpec): Promise<EngineCommand> {
  if (named === null) return { kind: 'embedded' }
  const launcher = [fileURLToPath(new URL('../../engine-host/llama-server.ts', import.meta.url))]
  if (named.startsWith('xllamacpp')) {
    const python = pythonWithXllamacpp(named.slice('xllamacpp:'.length))
    if (python === null) throw new LlamaServerMissing({ named })
    return {
      kind: 'llama-server',
      command: process.execPath,
      arguments: [...launcher, 'xllamacpp', python, JSON.stringify(spec)],
    }
  }
  const binary = named === 'path' ? onPath('llama-server') : named
  if (binary === null || !isExecutable(binary)) throw new LlamaServerMissing({ named })
  return {
    kind: 'llama-server',
    command: process.execPath,
    arguments: [...launcher, 'binary', binary, JSON.stringify(spec)],
  }
}

function onPath(name: string): string | null {
  return (
    (process.env.PATH ?? '')
      .split(delimiter)
      .map((folder) => join(folder, name))
      .find(isExecutable) ?? null
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @param named interpreter of the environment that holds the package; '' = the machine's own */
function pythonWithXllamacpp(named: string): string | null {
  const python = named || 'python3'
  return spawnSync(python, ['-c', 'import xllamacpp'], { stdio: 'ignore' }).status === 0 ? python : null
}
