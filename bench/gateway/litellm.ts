/** LiteLLM's proxy, the Python peer: one worker with a master key. Without a database it keeps no record of what was spent. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pythonWith } from '../../test/python-environment.ts'
import { freePort, GATEWAY_CORE, spawnOn, stop } from './processes.ts'
import { answering, CLIENT_KEY, MODEL, type Target } from './target.ts'

const VERSION = '1.106.2'
const REQUIREMENTS = join(import.meta.dirname, 'litellm-requirements.txt')

/** @returns null = it could not be installed */
export async function startLitellm(mockPort: number): Promise<Target | null> {
  console.log(`Looking for the peer (LiteLLM ${VERSION}), or installing it: 740 MB …`)
  const python = pythonWith('litellm', REQUIREMENTS)
  if ('missing' in python) return null
  const root = mkdtempSync(join(tmpdir(), 'tw-litellm-'))
  const file = join(root, 'config.yaml')
  writeFileSync(file, configuration(mockPort))
  const port = await freePort()
  const words = ['--config', file, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1']
  const child = spawnOn(GATEWAY_CORE, join(dirname(python.path), 'litellm'), words, {
    // Else it fetches a list of prices at its start, and tells its makers that it runs.
    env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False', LITELLM_LOG: 'ERROR' },
    stdio: ['ignore', 'ignore', 'ignore'],
    cwd: root,
  })
  await answering(`http://127.0.0.1:${port}/health/liveliness`, () => child.exitCode === null)
  return {
    name: 'LiteLLM',
    version: `LiteLLM ${VERSION}: one worker, a master key, no database`,
    port,
    headers: { authorization: `Bearer ${CLIENT_KEY}` },
    pids: [child.pid as number],
    async stop() {
      await stop(child)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

const configuration = (mockPort: number) => `
model_list:
  - model_name: ${MODEL}
    litellm_params:
      model: openai/${MODEL}
      api_base: http://127.0.0.1:${mockPort}/v1
      api_key: up
general_settings:
  master_key: ${CLIENT_KEY}
litellm_settings:
  telemetry: false
`
