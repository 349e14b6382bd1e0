/**
 * One gateway worker: the process that the supervisor starts as `TRADEWIND_WORKER=0`, `1` …
 *
 * It listens at once and answers `starting` until control has told it keys and routes, then says `ready`. SIGTERM, or the
 * end of its supervisor, drains it: no new connections, running answers to their end, usage delivered; what is not stays in its journal.
 */
import { fstatSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { systemClock } from '../platform/clock.ts'
import { readConfig } from '../platform/config.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../platform/data-folder.ts'
import { createLog } from '../platform/log.ts'
import type { ToSupervisor } from '../supervisor/messages.ts'
import { VERSION } from '../version.ts'
import { createContentOutbox } from './content-outbox.ts'
import { createControlClient } from './control-client.ts'
import { createGateway } from './gateway.ts'
import { innerSocket } from './inner-door.ts'
import { takeOldBacklog } from './journal/old-backlog.ts'
import { journalFolder } from './journal/segments.ts'
import { createUsageJournal } from './journal/usage-journal.ts'
import { createKeyUses } from './key-uses.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { createSnapshotClient } from './snapshot-client.ts'
import { openTracing } from './tracing/tracing.ts'
import { createWorkerMetrics, serveMetrics, workerMetricsSocket } from './worker-metrics.ts'

const worker = process.env.TRADEWIND_WORKER ?? '0'
const config = readConfig(process.env)
const log = createLog(`worker-${worker}`, config.logLevel)
const folder = dataFolderAt(config.dataFolder)
makeDataFolder(folder)

const control = createControlClient(sockets.controlAdmin(folder), worker)
const controlPublic = new Pool('http://control', {
  socketPath: sockets.control(folder),
  connections: null,
  pipelining: 1,
  allowH2: false,
  connectTimeout: 2_000,
  headersTimeout: 0, // an upload or an export takes as long as control lets it
  bodyTimeout: 0,
})
const snapshots = createSnapshotClient({ control, clock: systemClock, log })
const usage = createUsageJournal({
  deliver: control.deliver,
  root: journalFolder(folder),
  worker,
  workers: config.gatewayWorkers,
  durability: config.usageDurability,
  clock: systemClock,
  log,
})
if (worker === '0')
  await takeOldBacklog(folder, usage.adopt, log).catch((error) =>
    log.error({ err: error }, 'an old usage backlog waits'),
  )
const content = createContentOutbox({
  deliver: control.deliverContents,
  policyOf: (keyId) => snapshots.current()?.snapshot.keys.find(({ id }) => id === keyId)?.contentLogging ?? null,
  heldBytesMax: GATEWAY_LIMITS.contentBytesMax,
  log,
  onDropped: (why, requests) => metrics.contentDropped(why, requests),
})
const keyUses = createKeyUses({ deliver: control.noteKeyUses, clock: systemClock })
const metrics = createWorkerMetrics(worker, {
  inFlight: () => gateway.inFlight(),
  heldBytes: () => gateway.heldBytes(),
  snapshotVersion: () => snapshots.current()?.version ?? 0,
  snapshotAgeS: () => (systemClock.nowMs() - (snapshots.current()?.sinceMs ?? systemClock.nowMs())) / 1000,
  controlConnected: snapshots.isConnected,
  usageBacklog: usage.backlog,
  contentBytes: content.heldBytes,
  queued: () => gateway.queued(),
  idempotencyUntold: () => gateway.idempotencyUntold(),
  brokenReplicas: () => gateway.brokenReplicas(),
})
const tracing = await openTracing(process.env, { version: VERSION, instance: `worker-${worker}` })
const gateway = createGateway({
  snapshots,
  control,
  controlPublic,
  usage,
  content,
  keyUses,
  limits: { ...GATEWAY_LIMITS, queueMs: config.queueTimeoutMs },
  publicUrl: config.publicUrl,
  trustedProxies: config.trustedProxies,
  clock: systemClock,
  log,
  onAnswered: metrics.answered,
  onRecord: metrics.recorded,
  trafficNews: metrics.traffic,
  tracing,
  routingNews: metrics.routing,
})

let ending = false

process.on('SIGTERM', end)
process.on('SIGINT', () => {}) // the terminal's Ctrl-C reaches all; the supervisor ends us in order
endWithParent()

await serveMetrics(metrics.registry, workerMetricsSocket(folder, worker))
await gateway.listenWithin(innerSocket(folder, worker))
snapshots.start()
try {
  const address = await listenPatiently()
  log.info({ address: address.address, port: address.port }, 'listening')
  sayReadyOnceKeysAreHere()
} catch (error) {
  log.fatal({ host: config.host, port: config.port, err: error }, 'cannot listen')
  const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  const why = isTaken ? 'something else listens there. Stop it, or set PORT to another' : (error as Error).message
  tell({ type: 'fatal', message: `Cannot listen on ${config.host}:${config.port}: ${why}.` })
  process.exitCode = 1
  await end()
}

/** After a killed supervisor the worker of before may need a moment to notice and let the port go. */
async function listenPatiently(): Promise<AddressInfo> {
  const { host, port } = config
  for (let attempt = 1; ; attempt++) {
    try {
      return await gateway.listen({ host, port, reusePort: config.gatewayWorkers > 1 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === 5) throw error
      await sleep(200)
    }
  }
}

function sayReadyOnceKeysAreHere(): void {
  if (snapshots.current() !== null) {
    tell({ type: 'ready' })
    return
  }
  const stop = snapshots.onChange(() => {
    stop()
    tell({ type: 'ready' })
  })
}

function tell(message: ToSupervisor): void {
  if (process.connected) process.send?.(message)
}

/** Without its supervisor a worker would hold the port against the next one. */
function endWithParent(): void {
  if (process.connected) {
    process.on('disconnect', end)
    return
  }
  const input = fstatSync(0)
  if (input.isFIFO() || input.isSocket()) process.stdin.on('end', end).resume()
}

async function end(): Promise<void> {
  if (ending) return
  ending = true
  log.info({ inFlight: gateway.inFlight() }, 'ending')
  await gateway.drain()
  snapshots.stop()
  await Promise.all([usage.stop(), keyUses.stop(), content.stop(), tracing?.stop()])
  await Promise.all([control.close(), controlPublic.destroy()])
  process.exit()
}
