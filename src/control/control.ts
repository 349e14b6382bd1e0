/**
 * Builds the houses once, hands each what it needs, and serves them on two sockets. The order of the lines is the order
 * of a start.
 */
import { join } from 'node:path'
import { createBatches } from '../batches/batches.ts'
import { batchConsoleRoutes } from '../batches/console-routes.ts'
import { batchRoutes } from '../batches/routes.ts'
import { createLineSender } from '../batches/send-line.ts'
import { createBilling } from '../billing/billing.ts'
import { createRequestContent } from '../billing/request-content.ts'
import { requestContentRoutes } from '../billing/request-content-routes.ts'
import { billingRoutes } from '../billing/routes.ts'
import { createCatalog, openHubToken } from '../catalog/catalog.ts'
import { createDeployments } from '../deployments/deployments.ts'
import { createModelEvents, modelRoutes } from '../deployments/routes.ts'
import { createEngines, gpuLibraryInstalled } from '../engines/engines.ts'
import { diskFreeBytes, machineMemory } from '../engines/machine.ts'
import type { SupervisorLink } from '../engines/supervisor-link.ts'
import { createFiles } from '../files/files.ts'
import { fileRoutes } from '../files/routes.ts'
import { idempotencyRoutes } from '../gateway/idempotency/claim-routes.ts'
import { createClaimsOwner } from '../gateway/idempotency/claims-owner.ts'
import { internalRoutes, snapshotOfUpstream, snapshotRoute } from '../gateway/internal-routes.ts'
import { createLimitsOwner } from '../gateway/rate-limits/limits-owner.ts'
import { createSnapshotFeed } from '../gateway/snapshot-feed.ts'
import { callerStill, guardRoutes } from '../identity/access.ts'
import { createIdentity } from '../identity/identity.ts'
import { identityRoutes } from '../identity/routes.ts'
import { secretFromFile } from '../identity/secret-file.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { type DataFolder, makeFolder } from '../platform/data-folder.ts'
import type { Database } from '../platform/database/database.ts'
import { createServer, type Server } from '../platform/http.ts'
import { randomText } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { isLoopback } from '../platform/loopback.ts'
import { createMailer } from '../platform/mail.ts'
import { createSealer } from '../platform/sealed-text.ts'
import type { SettingsInForce } from '../platform/settings-in-force.ts'
import { createPlayground } from '../playground/playground.ts'
import { playgroundRoutes } from '../playground/routes.ts'
import { createResponses } from '../responses/responses.ts'
import { routingRoutes } from '../routing/routes.ts'
import { openRouting } from '../routing/routing.ts'
import { safetyRoutes } from '../safety/routes.ts'
import { openSafety } from '../safety/safety.ts'
import { upstreamRoutes } from '../upstreams/routes.ts'
import { openUpstreams } from '../upstreams/upstreams.ts'
import { VERSION } from '../version.ts'
import { backupRoutes } from './backups/backup-routes.ts'
import { createBackups } from './backups/backups.ts'
import { consoleRoutes, isNavigation, sendConsole } from './console-routes.ts'
import { createControlSockets } from './control-sockets.ts'
import { docsRoutes } from './docs-routes.ts'
import { ERRORS_IN_CHINESE } from './errors-in-chinese.ts'
import { createContentSweep } from './forget-content.ts'
import { healthRoutes } from './health-routes.ts'
import { machineRoutes } from './machine-routes.ts'
import { createMachineView } from './machine-view.ts'
import { createModelLoads } from './model-loads.ts'
import { createModelUsers } from './model-users.ts'
import { servedModels } from './served-models.ts'
import { createStarter } from './starter.ts'
import { brokenReplicas } from './worker-counts.ts'

const SAVE_USE_MS = 30_000
/** Keys of the playground live an hour at most, so what has ended does not pile up. */
const SWEEP_CONSOLE_KEYS_MS = 60 * 60_000
/** A worker that does not answer must not hold up whoever made or revoked a key. */
const KEYS_IN_FORCE_MS_MAX = 1_000
const ROUTES_IN_FORCE_MS_MAX = 1_000

export type ControlDeps = {
  config: Config
  settings: SettingsInForce
  folder: DataFolder
  database: Database
  link: SupervisorLink
  /** Ends this process in order and has another one take over; `whileClosed` runs when nobody can change anything any more. */
  restart: (whileClosed: () => Promise<void>) => void
  clock: Clock
  log: Log
}

/** Why control does not start; a restart would not help. */
export class StartRefused extends Error {
  override name = 'StartRefused'
}

/**
 * Starts control, resolves when it answers, and goes on with what it does by itself at a start: unfinished pulls, models
 * that were loaded before, the starter.
 * @returns what ends it: no new requests, running ones finished, everything saved; the database stays open
 * @throws StartRefused with the sentence that fixes it
 */
export async function startControl({
  config,
  settings,
  folder,
  database,
  link,
  restart,
  clock,
  log,
}: ControlDeps): Promise<() => Promise<void>> {
  const { db } = database
  const startedAtMs = clock.nowMs()
  const secret = secretFromFile(join(folder.root, 'session-secret'))
  const identity = createIdentity({
    db,
    clock,
    log,
    mailer: createMailer(config.mail),
    publicUrl: config.publicUrl,
    port: config.port,
    secret,
    session: config.session,
    oidc: config.oidc,
    contentDaysMax: config.contentLog.daysMax,
  })
  const ownerExists = await identity.setup.ownerExists()
  if (!isLoopback(config.host) && !ownerExists)
    throw new StartRefused(
      `HOST is ${config.host}, which other machines can reach, and this installation has no owner yet. ` +
        'Start it once without HOST, open the set-up link that it prints, then start it with HOST again.',
    )

  try {
    makeFolder(config.importFolder)
  } catch (error) {
    throw new StartRefused(
      `IMPORT_FOLDER ${config.importFolder} cannot be made: ${(error as Error).message}. Name a folder that can.`,
    )
  }

  const engines = await createEngines({ link, config: config.engine, folder, machineMemory, log, clock })
  const machine = createMachineView({
    engines,
    machineMemory,
    threadsTotal: config.engine.threadsTotal,
    dataFolder: folder.root,
    clock,
    usesGpu: () => config.engine.gpu === 'auto' && gpuLibraryInstalled(folder),
  })
  const hubToken = await openHubToken({
    db,
    clock,
    audit: identity.audit,
    sealer: createSealer(secret, 'hub token'),
    configured: config.hubToken,
  })
  const catalog = await createCatalog({
    db,
    weightsFolder: folder.weights,
    hub: { hubUrl: config.hubUrl, token: hubToken.current },
    memoryPools: machine.pools,
    clock,
    log,
  })
  const deployments = createDeployments({ db, catalog, engines, clock, log })
  catalog.askBeforeDeleting((model) => (deployments.isLoaded(model) ? 'a running engine' : null))
  const upstreams = await openUpstreams({
    db,
    clock,
    log,
    audit: identity.audit,
    sealer: createSealer(secret, 'upstream secrets'),
    personNames: identity.names.people,
    isNameTaken: (model) => deployments.routes().some((route) => route.model === model),
  })
  const routing = await openRouting({
    db,
    clock,
    audit: identity.audit,
    personNames: identity.names.people,
    models: () => servedModels({ deployments, upstreams }),
    brokenReplicas: () =>
      brokenReplicas(
        folder,
        feed.workers().map(({ worker }) => worker),
      ),
  })
  const safety = await openSafety({
    db,
    clock,
    audit: identity.audit,
    organizations: identity.organizations,
    personNames: identity.names.people,
  })
  const billing = createBilling({ db, clock, findKeys: identity.names.keys })
  await billing.catchUp()
  const requestContent = createRequestContent({ db, clock, log, identity, bytesMax: config.contentLog.bytesMax })
  const responses = createResponses({ db, clock, log, identity, bytesMax: config.responsesBytesMax })
  const claims = createClaimsOwner({
    db,
    clock,
    log,
    sealer: createSealer(secret, 'idempotent answers'),
    bytesMax: config.idempotentAnswersBytesMax,
    keys: () => identity.keys.gatewayKeys(),
  })
  const limits = createLimitsOwner({
    id: randomText(12),
    workers: config.gatewayWorkers,
    nowMs: () => performance.now(),
  })
  const feed = createSnapshotFeed({
    keys: async () => {
      const keys = await identity.keys.gatewayKeys()
      limits.setLimits(keys.flatMap((key) => key.limits ?? []))
      return keys
    },
    routes: () => [...deployments.routes().map(snapshotRoute), ...upstreams.routes().map(snapshotOfUpstream)],
    routing: routing.inForce,
    safety: safety.inForce,
    clock,
    log,
  })
  const files = createFiles({ db, clock, log, folder: join(folder.root, 'files'), ...config.files })
  const batches = createBatches({
    db,
    clock,
    log,
    identity,
    files,
    sender: createLineSender(folder, config.gatewayWorkers),
    loadOf: createModelLoads({ deployments, engines }),
    folder: join(folder.root, 'batches'),
    linesMax: config.batchLinesMax,
  })
  const starter = createStarter({ wanted: config.starter, catalog, deployments, link, log })
  const events = createModelEvents({ catalog, deployments, engines, starter, clock, log })
  const content = createContentSweep({
    keys: () => identity.keys.gatewayKeys(),
    engines,
    log,
  })
  const backups = createBackups({
    database,
    folder,
    audit: identity.audit,
    ownerExists: () => identity.setup.ownerExists(),
    restart,
    clock,
    log,
  })
  await backups.settle()
  const playground = createPlayground({
    db,
    clock,
    audit: identity.audit,
    organizations: identity.organizations,
    personNames: identity.names.people,
  })

  identity.onKeysChanged(() => feed.inForceEverywhere(KEYS_IN_FORCE_MS_MAX))
  identity.onKeysChanged(() => content.sweep())
  identity.onKeysChanged(() => requestContent.sweep())
  identity.onKeysChanged(() => claims.sweep())
  identity.onDeleting(requestContent.forgetWithin)
  identity.onDeleting(claims.forgetWithin)
  identity.onDeleting(playground.forget)
  identity.onDeleting(safety.forget)
  identity.onDeleting(batches.forget)
  identity.onDeleting(files.forget)
  identity.onDeleting(responses.forgetWithin)
  identity.onDiskForbidden(responses.forgetWithin)
  identity.onContentDeleting(requestContent.forgetWithin)
  const stopSweepingContent = requestContent.keepSweeping()
  const stopSweepingClaims = claims.keepSweeping()
  const stopSweepingResponses = responses.keepSweeping()
  deployments.onRoutesChanged(() => void feed.push())
  upstreams.onRoutesChanged(() => void feed.push())
  safety.onChanged(() => feed.inForceEverywhere(KEYS_IN_FORCE_MS_MAX))
  routing.onChanged(() => feed.inForceEverywhere(ROUTES_IN_FORCE_MS_MAX))
  await deployments.restore()

  const stopSweepingFiles = await files.begin()
  let reloaded = false
  const sockets = createControlSockets(folder)
  const server = await createServer({
    log,
    version: VERSION,
    publicUrl: config.publicUrl,
    elsewhere: (request, reply) => (isNavigation(request) ? sendConsole(reply) : null),
    inChinese: ERRORS_IN_CHINESE,
  })
  await addRoutes(server)
  await sockets.listen(server)
  limits.begin()
  link.send({ type: 'ready' })

  const offered = await identity.setup.offerLink()
  if (offered) link.send({ type: 'say', lines: ['', `Open this link once to become the owner:  ${offered.url}`, ''] })

  const saveUse = setInterval(
    () => void deployments.saveUse().catch((error) => log.warn({ err: error }, 'last uses were not saved')),
    SAVE_USE_MS,
  )
  const sweepConsoleKeys = setInterval(
    () =>
      void identity.consoleKeys
        .sweep()
        .catch((error) => log.warn({ err: error }, 'ended keys of the playground were not swept')),
    SWEEP_CONSOLE_KEYS_MS,
  )
  void settle().catch((error) => {
    log.fatal({ err: error }, 'what a start does by itself failed')
    process.exit(1)
  })
  return close

  async function settle(): Promise<void> {
    await identity.consoleKeys.sweep()
    await content.sweep()
    await requestContent.sweep()
    await claims.sweep()
    await responses.sweep()
    await catalog.resumeUnfinished()
    await deployments.reload()
    reloaded = true
    await batches.begin()
    await starter.run()
    await machine.measure()
    await backups.createIfDue()
  }

  async function addRoutes(server: Server): Promise<void> {
    guardRoutes(server, identity, sockets.wayOf)
    await consoleRoutes(server)
    await server.register(docsRoutes, { publicUrl: config.publicUrl, sampleModel })
    await server.register(identityRoutes, { identity, sampleModel })
    await server.register(billingRoutes, { billing, extras: requestContent })
    await server.register(requestContentRoutes, { requestContent })
    await server.register(modelRoutes, {
      catalog,
      deployments,
      engines,
      events,
      audit: identity.audit,
      hub: { url: config.hubUrl, token: hubToken },
      importFolder: config.importFolder,
      namesOf: (ids) => identity.names.people(ids),
      usersOf: createModelUsers({ identity, billing, clock }),
      machine: async () => {
        const [{ name, cores }, pools] = await Promise.all([machine.facts(), machine.pools()])
        return { name, cores, gpus: pools.filter(({ kind }) => kind === 'gpu').map((pool) => pool.name) }
      },
      diskFreeBytes: () => diskFreeBytes(folder.weights),
      callerNow: (request) => callerStill(identity, request),
    })
    await server.register(upstreamRoutes, { upstreams })
    await server.register(routingRoutes, { routing })
    await server.register(safetyRoutes, { safety })
    await server.register(playgroundRoutes, { playground })
    await server.register(fileRoutes, { files })
    await server.register(batchRoutes, { batches })
    await server.register(batchConsoleRoutes, { batches, files })
    await server.register(backupRoutes, { backups, databaseUrl: config.databaseUrl })
    await server.register(machineRoutes, {
      machine,
      installation: { config, settings, folder, database, link, backups, startedAtMs, clock },
    })
    await server.register(healthRoutes, {
      database,
      folder,
      engines,
      deployments,
      feed,
      starter,
      link,
      workersWanted: config.gatewayWorkers,
      publicUrl: config.publicUrl,
      metricsToken: config.metricsToken,
      wayOf: sockets.wayOf,
      startedAtMs,
      reloaded: () => reloaded,
    })
    await server.register(idempotencyRoutes, { claims })
    await server.register(internalRoutes, { feed, deployments, billing, requestContent, identity, limits, responses })
  }

  async function sampleModel(): Promise<string> {
    const chat = deployments.routes().filter((route) => route.task === 'chat')
    return (
      (chat.find((route) => route.replicas.length > 0) ?? chat[0])?.model ??
      starter.state().model ??
      'smollm2-135m-instruct'
    )
  }

  async function close(): Promise<void> {
    clearInterval(saveUse)
    clearInterval(sweepConsoleKeys)
    backups.stop()
    await batches.stop()
    stopSweepingFiles()
    content.stop()
    stopSweepingContent()
    stopSweepingClaims()
    stopSweepingResponses()
    feed.close()
    events.close()
    deployments.close()
    upstreams.close()
    await catalog.close()
    await sockets.close()
    await identity.links.settled()
    await deployments.saveUse()
  }
}
