import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { EngineConfig } from '../platform/config.ts'
import { saveLastEngines, takeLastEngines } from './last-engines.ts'
import type { RunningEngine } from './messages.ts'

const folder = mkdtempSync(join(tmpdir(), 'tw-last-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'last-engines.json')

const config: EngineConfig = { threadsTotal: 1, memoryBytesMax: null, spillBytesMax: 0, gpu: 'auto', llamaServer: null }
const running = {
  spec: { modelName: 'm' },
  command: { kind: 'embedded' },
  pid: 7,
  restarts: 2,
  startedAtMs: 1,
} as RunningEngine

test('what ran is started again, once', () => {
  saveLastEngines(path, config, [running])
  assert.deepEqual(takeLastEngines(path, config), [{ spec: running.spec, command: running.command }])
  assert.deepEqual(takeLastEngines(path, config), [])
})

test('another configuration leaves it to control', () => {
  saveLastEngines(path, config, [running])
  assert.deepEqual(takeLastEngines(path, { ...config, threadsTotal: 4 }), [])
  assert.equal(existsSync(path), false)
})

test('a list that was cut off is no trouble', () => {
  writeFileSync(path, '{"config":"')
  assert.deepEqual(takeLastEngines(path, config), [])
})
