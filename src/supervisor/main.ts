/**
 * `npm start`: the parent of every other process. It has no database and no dependencies, so that nothing it could wait
 * for or crash on stands between the operator and "start everything, keep it running, end it cleanly".
 *
 *   supervisor ─┬─ control      src/main.ts             (IPC: which engines to run, what to print)
 *               ├─ worker × N   src/gateway/worker.ts   (IPC: ready)
 *               └─ engine × M   engine-host/main.ts     (started and stopped as control asks; they outlive it)
 */
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Config, ConfigRefused, readConfig } from '../platform/config.ts'
import {
  DataFolderLocked,
  dataFolderAt,
  lockDataFolder,
  makeDataFolder,
  removeSockets,
  sockets,
} from '../platform/data-folder.ts'
import { newId } from '../platform/ids.ts'
import { isLoopback } from '../platform/loopback.ts'
import { Child } from './child.ts'
import { Engines } from './engine-children.ts'
import { saveLastEngines, takeLastEngines } from './last-engines.ts'
import { LogFile } from './log-file.ts'
import type { FromSupervisor, ToSupervisor } from './messages.ts'
import { Terminal } from './terminal.ts'

const WORKER_DRAIN_MS = 26_000
const ENGINE_DRAIN_MS = 8_000
const CONTROL_DRAIN_MS = 10_000
const FREE_BYTES_MIN = 200e6

const terminal = new Terminal(process.stdout)
const config = readConfigOrExit()
const folder = dataFolderAt(config.dataFolder)
const unlock = takeFolderOrExit()

// Compiled code is kept between starts: it halves the time that processes need to load theirs.
process.env.NODE_COMPILE_CACHE ??= join(folder.root, 'compile-cache')

const lastEngines = join(folder.root, 'last-engines.json')
const log = (name: string) => new LogFile(join(folder.logs, `${name}.log`))
const engines = new Engines({ folder, log, onExit: (message) => control.send(message) })

const control = new Child({
  name: 'control',
  command: process.execPath,
  arguments: [entry('../main.ts')],
  environment: () => ({}),
  ipc: true,
  log: log('control'),
  onMessage: hearControl,
  onRestart: (ended) =>
    terminal.say(`Control ended (${ended}); starting it again. See ${join(folder.logs, 'control.log')}.`),
})

const workersReady = new Set<string>()
const workers = Array.from({ length: config.gatewayWorkers }, (_, index) => {
  const name = `worker-${index}`
  return new Child({
    name,
    command: process.execPath,
    arguments: [entry('../gateway/worker.ts')],
    environment: () => ({ TRADEWIND_WORKER: String(index) }),
    ipc: true,
    log: log(name),
    onMessage: (message) => {
      if (message.type === 'ready') {
        workersReady.add(name)
        announceWhenReady()
      }
      if (message.type === 'fatal') giveUp(message.message)
    },
    onExit: () => workersReady.delete(name),
    onRestart: (ended) =>
      terminal.say(`Gateway ${name} ended (${ended}); starting it again. See ${join(folder.logs, `${name}.log`)}.`),
  })
})

let controlReady = false
let announced = false
let workersStarted = false
let ending = false

terminal.say('', 'Tradewind is starting …')
for (const { spec, command } of takeLastEngines(lastEngines, config.engine)) {
  const engineId = newId('eng')
  engines.start({ ...spec, engineId, socketPath: sockets.engine(folder, engineId) }, command)
}
control.start()
// What other machines can reach is opened only after control has seen that an owner exists.
if (isLoopback(config.host)) startWorkers()

process.on('SIGINT', endOnSignal)
process.on('SIGTERM', endOnSignal)
process.on('SIGHUP', endOnSignal)

function hearControl(message: ToSupervisor): void {
  switch (message.type) {
    case 'engine.start':
      engines.start(message.spec, message.command)
      break
    case 'engine.update':
      engines.update(message.spec)
      break
    case 'engine.stop':
      void engines.stop(message.engineId, ENGINE_DRAIN_MS)
      break
    case 'engine.restart':
      engines.restart(message.engineId)
      break
    case 'engines.list':
      control.send(listing())
      break
    case 'say':
      terminal.say(...message.lines)
      break
    case 'progress':
      terminal.bar(message)
      break
    case 'progress.end':
      terminal.endBar()
      break
    case 'ready':
      controlReady = true
      startWorkers()
      announceWhenReady()
      break
    case 'fatal':
      giveUp(message.message)
      break
    default:
      message satisfies never
  }
}

function startWorkers(): void {
  if (workersStarted) return
  workersStarted = true
  for (const worker of workers) worker.start()
}

function listing(): FromSupervisor {
  return {
    type: 'engines',
    engines: engines.list(),
    workers: workers.map((worker) => ({
      name: worker.name,
      pid: worker.pid,
      restarts: worker.restarts,
      ready: workersReady.has(worker.name),
    })),
  }
}

function announceWhenReady(): void {
  if (announced || !controlReady || workersReady.size < workers.length) return
  announced = true
  terminal.say(`Serving at ${config.publicUrl} (Ctrl-C ends it). API reference: ${config.publicUrl}/docs`)
}

function giveUp(message: string): void {
  terminal.say('', message)
  process.exitCode = 1
  void endAll()
}

function endOnSignal(): void {
  if (ending) {
    terminal.say('Ending at once.')
    for (const child of [...workers, control]) child.kill()
    engines.killAll()
    removeSockets(folder)
    unlock()
    process.exit(1)
  }
  terminal.say('', 'Ending: running answers are finished first. Ctrl-C again ends at once.')
  void endAll()
}

/** Front door first, so that no request meets a missing engine; control last, so that it takes the last usage. */
async function endAll(): Promise<void> {
  if (ending) return
  ending = true
  await Promise.all(workers.map((worker) => worker.stop(WORKER_DRAIN_MS)))
  if (controlReady) saveLastEngines(lastEngines, config.engine, engines.list())
  await engines.stopAll(ENGINE_DRAIN_MS)
  await control.stop(CONTROL_DRAIN_MS)
  removeSockets(folder)
  unlock()
  process.exit()
}

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigRefused)) throw error
    terminal.say(error.message)
    process.exit(78) // EX_CONFIG of sysexits.h
  }
}

function takeFolderOrExit(): () => void {
  try {
    makeDataFolder(folder)
    refuseFullDisk()
    const release = lockDataFolder(folder)
    removeSockets(folder)
    return release
  } catch (error) {
    if (error instanceof DataFolderLocked) terminal.say(error.message)
    else terminal.say(`The data folder ${folder.root} cannot be used: ${(error as Error).message}.`)
    process.exit(73) // EX_CANTCREAT
  }
}

/** A database that cannot grow fails in ways that no sentence explains, so a full disk is said before it is opened. */
function refuseFullDisk(): void {
  const { bavail, bsize } = statfsSync(folder.root)
  const freeBytes = bavail * bsize
  if (freeBytes < FREE_BYTES_MIN)
    throw new Error(
      `${Math.floor(freeBytes / 1e6)} MB are free on its disk and ${FREE_BYTES_MIN / 1e6} MB are needed to start; free some, or set TRADEWIND_DATA to another disk`,
    )
}

function entry(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
