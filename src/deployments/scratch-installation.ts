/** For tests of this house's routes: real houses on a scratch database, a hub on loopback, engines that are scripted. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ScriptedOptions } from '../../engine-host/scripted-engine.ts'
import { startHubStandIn } from '../../test/hub-stand-in.ts'
import { testModel } from '../../test/models/test-model.ts'
import { createBilling } from '../billing/billing.ts'
import { createCatalog, openHubToken } from '../catalog/catalog.ts'
import { createModelUsers } from '../control/model-users.ts'
import { createEngines } from '../engines/engines.ts'
import { startSupervisorStandIn } from '../engines/supervisor-stand-in.ts'
import { callerStill, guardRoutes } from '../identity/access.ts'
import { ORIGIN, testInstallation } from '../identity/test-installation.ts'
import { dataFolderAt, makeDataFolder } from '../platform/data-folder.ts'
import { createServer } from '../platform/http.ts'
import { createLog } from '../platform/log.ts'
import { createSealer } from '../platform/sealed-text.ts'
import { createDeployments } from './deployments.ts'
import { createModelEvents, modelRoutes, type StarterView } from './routes.ts'

export const SECRET = 'a-secret-for-tests-7Hq2mZ9sVxK4nB1tRc8yLw5eJd0fGa3uPo6i'
const MEMORY_BYTES = 4e9

export type ScratchInstallation = Awaited<ReturnType<typeof scratchInstallation>>

export async function scratchInstallation(options: { configuredToken?: string; script?: ScriptedOptions } = {}) {
  const installation = await testInstallation()
  const { db, identity } = installation
  const log = createLog('test', 'silent')
  const clock = { nowMs: () => Date.now() }
  const root = mkdtempSync(join(tmpdir(), 'tw-dep-'))
  const folder = dataFolderAt(root)
  makeDataFolder(folder)
  const importFolder = join(root, 'import')
  mkdirSync(importFolder)
  const hub = await startHubStandIn()
  const supervisor = startSupervisorStandIn(options.script ?? { script: () => [] })
  const engines = await createEngines({
    link: supervisor.link,
    config: { threadsTotal: 1, memoryBytesMax: MEMORY_BYTES, spillBytesMax: 0, gpu: 'off', llamaServer: null },
    folder,
    machineMemory: async () => ({ totalBytes: 16e9, availableBytes: 16e9 }),
    log,
    clock,
  })
  const hubToken = await openHubToken({
    db,
    clock,
    audit: identity.audit,
    sealer: createSealer(SECRET, 'hub token'),
    configured: options.configuredToken ?? null,
  })
  const catalog = await createCatalog({
    db,
    weightsFolder: folder.weights,
    hub: { hubUrl: hub.url, token: hubToken.current },
    memoryPools: async () => {
      const { budgetBytes, freeBytes } = await engines.memory()
      return [
        {
          kind: 'memory',
          name: "this machine's memory",
          capacityBytes: budgetBytes,
          freeBytes,
          bandwidthBytesPerSecond: 20e9,
        },
      ]
    },
    clock,
    log,
    freeBytesOf: async () => 1e15,
  })
  const deployments = createDeployments({ db, catalog, engines, clock, log })
  catalog.askBeforeDeleting((model) => (deployments.isLoaded(model) ? 'a running engine' : null))
  await deployments.restore()
  const starter: StarterView = { state: 'none', model: null, problem: null }
  const starterListeners: (() => void)[] = []
  const events = createModelEvents({
    catalog,
    deployments,
    engines,
    starter: { state: () => starter, onChange: (listener) => starterListeners.push(listener) },
    clock,
    log,
  })
  const billing = createBilling({ db, clock, findKeys: identity.names.keys })
  const server = await createServer({ log, version: '0', publicUrl: ORIGIN })
  guardRoutes(server, identity, () => 'public')
  await server.register(modelRoutes, {
    catalog,
    deployments,
    engines,
    events,
    audit: identity.audit,
    hub: { url: hub.url, token: hubToken },
    importFolder,
    namesOf: (ids) => identity.names.people(ids),
    usersOf: createModelUsers({ identity, billing, clock }),
    machine: async () => ({ name: 'brig', cores: 2, gpus: [] }),
    diskFreeBytes: async () => 108e9,
    callerNow: (request) => callerStill(identity, request),
  })
  await server.ready()
  await installation.setUp()
  const operator = await installation.cookieOf('ada@example.com')

  const call = async (cookie: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) => {
    const answer = await server.inject({
      method,
      url,
      headers: { cookie, origin: ORIGIN },
      ...(body ? { payload: body } : {}),
    })
    const isJson = String(answer.headers['content-type']).includes('json')
    return { status: answer.statusCode, body: isJson ? answer.json() : null, text: answer.body }
  }

  return {
    ...installation,
    billing,
    catalog,
    deployments,
    engines,
    events,
    hub,
    hubToken,
    importFolder,
    log,
    server,
    supervisor,
    call,
    /** As Ada, who is operator and owner of the first organisation. */
    ask: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) => call(operator, method, url, body),
    operator,
    /** A tiny real model that an engine could load, under a name. */
    async takeIn(name: string): Promise<void> {
      const pull = await catalog.importLocalFile(await testModel('qwen3'), { as: name, by: 'machine' })
      const ended = await catalog.settled(pull.id)
      if (ended.state !== 'done') throw new Error(JSON.stringify(ended.error))
    },
    moveStarter(next: Partial<StarterView>): void {
      Object.assign(starter, next)
      for (const listener of starterListeners) listener()
    },
    async close(): Promise<void> {
      events.close()
      deployments.close()
      await catalog.close()
      await server.close()
      await supervisor.close()
      await hub.close()
      await installation.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Asks again until there is an answer. Only a hang reaches its end, which is the test's own. */
export async function until<Value>(
  ask: () => Promise<Value | null | undefined | false> | Value | null | undefined | false,
) {
  for (;;) {
    const value = await ask()
    if (value !== null && value !== undefined && value !== false) return value
    await sleep(10)
  }
}
