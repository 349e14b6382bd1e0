/** The engine host as a process: started with a spec, ended by its parent. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineSpec } from '../src/engines/engine-wire.ts'
import { starterModelPath } from '../test/models/starter.ts'
import { type Reply, type SocketClient, socketClient } from './socket-client.ts'

type Started = { child: ChildProcess; client: SocketClient; socketPath: string; output(): string }

function start(t: TestContext, modelPath: string): Started {
  const folder = mkdtempSync(join(tmpdir(), 'tw-main-'))
  const spec: EngineSpec = {
    engineId: 'eng_main',
    socketPath: join(folder, 'engine.sock'),
    modelPath,
    modelSha256: 'starter',
    modelName: 'smollm2-135m',
    task: 'chat',
    threads: 1,
    sequences: 2,
    contextTokens: 512,
    batchTokens: 256,
    prefillChunkTokens: 128,
    gpu: 'off',
    adapters: [],
    toolParser: 'auto',
    reasoningParser: 'auto',
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', TRADEWIND_ENGINE_SPEC: JSON.stringify(spec) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  })
  return { child, client: socketClient(spec.socketPath), socketPath: spec.socketPath, output: () => output }
}

/** Polls until the host has loaded its model or given up. */
async function settled({ client, socketPath }: Started): Promise<Reply> {
  for (;;) {
    const reply = existsSync(socketPath) ? await client.get('/health').catch(() => null) : null
    if (reply !== null && reply.json.state !== 'loading') return reply
    await sleep(50)
  }
}

test('a host answers on its socket, drains on SIGTERM and exits with 0', async (t) => {
  const host = start(t, await starterModelPath())
  const health = await settled(host)
  assert.equal(health.json.state, 'ready')
  assert.equal(statSync(host.socketPath).mode & 0o777, 0o600)
  const prompt = 'A secret between us'
  const { response } = host.client.open('POST', '/v1/completions', {
    prompt,
    max_tokens: 48,
    ignore_eos: true,
    stream: true,
  })
  const reply = await response
  host.child.kill('SIGTERM')
  let text = ''
  for await (const chunk of reply) text += chunk
  assert.match(text, /\[DONE\]/, 'the running request was finished')
  const [code] = await once(host.child, 'exit')
  assert.equal(code, 0)
  for (const line of host.output().trim().split('\n')) assert.equal(typeof JSON.parse(line).event, 'string')
  assert.ok(!host.output().includes(prompt), 'prompts are not logged')
})

test('a host ends when its parent does', async (t) => {
  const host = start(t, await starterModelPath())
  await settled(host)
  host.child.stdin?.end()
  const [code] = await once(host.child, 'exit')
  assert.equal(code, 0)
})

test('a host with a broken model stays up to say so', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-broken-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const modelPath = join(folder, 'broken.gguf')
  writeFileSync(modelPath, 'GGUF and then nothing')
  const host = start(t, modelPath)
  const health = await settled(host)
  assert.equal(health.status, 503)
  assert.equal(health.json.error.code, 'engine.model_broken')
  host.child.stdin?.end()
  const [code] = await once(host.child, 'exit')
  assert.equal(code, 0)
})
