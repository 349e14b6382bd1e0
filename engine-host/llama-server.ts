/**
 * Starts llama.cpp's own server on an engine's socket and ends it with its parent:
 * `node engine-host/llama-server.ts binary <path> <EngineSpec as JSON>` or `… xllamacpp <python> <EngineSpec as JSON>`.
 * The server itself does not notice that the process which started it is gone (seen), hence this launcher.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { EngineSpec } from '../src/engines/engine-wire.ts'

const [how, program, specText] = process.argv.slice(2)
if ((how !== 'binary' && how !== 'xllamacpp') || !program || !specText)
  throw new Error('usage: llama-server.ts binary|xllamacpp <program> <spec>')
const spec = JSON.parse(specText) as EngineSpec

const server =
  how === 'binary'
    ? spawn(program, serverArguments(spec), { stdio: ['ignore', 'inherit', 'inherit'] })
    : spawn(program, [fileURLToPath(new URL('./xllamacpp-server.py', import.meta.url)), specText], {
        stdio: ['pipe', 'inherit', 'inherit'],
      })

server.on('exit', (code) => process.exit(code ?? 1))
const end = () => {
  server.kill('SIGTERM')
  setTimeout(() => server.kill('SIGKILL'), 3_000).unref()
}
process.on('SIGTERM', end)
process.on('SIGINT', () => undefined)
process.stdin.on('end', end).resume()

function serverArguments(spec: EngineSpec): string[] {
  return [
    ['--model', spec.modelPath],
    ['--alias', spec.modelName],
    ['--host', spec.socketPath],
    ['--parallel', String(spec.sequences)],
    ['--ctx-size', String(spec.contextTokens * spec.sequences)],
    ['--batch-size', String(spec.batchTokens)],
    ['--threads', String(spec.threads)],
    ['--threads-batch', String(spec.threads)],
    ['--jinja'],
    ...(spec.task === 'embedding' ? [['--embeddings']] : []),
    ...spec.adapters.flatMap((adapter) => [['--lora-scaled', `${adapter.path}:${adapter.scale}`]]),
  ].flat()
}
