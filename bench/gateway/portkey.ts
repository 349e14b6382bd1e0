/**
 * Portkey's gateway, the TypeScript peer. Its open version knows no client keys and keeps no record: it does less than we
 * do. Newer versions of two of its dependencies break its streams, so they are pinned.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, GATEWAY_CORE, spawnOn, stop } from './processes.ts'
import { answering, type Target } from './target.ts'

const VERSION = '1.15.2'
const FOLDER = join(import.meta.dirname, '../../node_modules/.cache/tradewind-bench/portkey')
const SERVER = join(FOLDER, 'node_modules/@portkey-ai/gateway/build/start-server.js')
const PACKAGE = {
  private: true,
  dependencies: { '@portkey-ai/gateway': VERSION },
  overrides: { '@hono/node-server': '1.13.8', hono: '4.9.7' },
}
/** It has no setting for the address that it listens on, and would be open to the network. */
const LOOPBACK_ONLY = `
import { Server } from 'node:net'
const listen = Server.prototype.listen
Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'number') return listen.call(this, first, '127.0.0.1', ...rest.filter((each) => typeof each === 'function'))
  if (typeof first === 'object') return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  return listen.call(this, first, ...rest)
}
`

/** @returns null = it could not be installed */
export async function startPortkey(mockPort: number): Promise<Target | null> {
  if (!existsSync(SERVER) && !install()) return null
  const preload = join(FOLDER, 'loopback-only.mjs')
  writeFileSync(preload, LOOPBACK_ONLY)
  const port = await freePort()
  const child = spawnOn(GATEWAY_CORE, process.execPath, ['--import', preload, SERVER, `--port=${port}`, '--headless'], {
    env: { ...process.env, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  await answering(`http://127.0.0.1:${port}/`, () => child.exitCode === null)
  return {
    name: 'Portkey',
    version: `Portkey ${VERSION}: one process; no client keys, limits or records`,
    port,
    headers: {
      authorization: 'Bearer up',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${mockPort}/v1`,
    },
    pids: [child.pid as number],
    stop: () => stop(child),
  }
}

function install(): boolean {
  console.log(`Installing the peer (Portkey ${VERSION}) …`)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'package.json'), JSON.stringify(PACKAGE))
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  return spawnSync('npm', words, { cwd: FOLDER, stdio: 'inherit' }).status === 0
}
