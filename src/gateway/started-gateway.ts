/** A gateway in a test's own process, before engines and a control that the test scripts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import type { UsageRecord } from '../billing/usage-record.ts'
import { systemClock } from '../platform/clock.ts'
import { type DataFolder, dataFolderAt, makeDataFolder, sockets } from '../platform/data-folder.ts'
import { createLog } from '../platform/log.ts'
import { createControlClient } from './control-client.ts'
import { ControlStandIn } from './control-stand-in.ts'
import { createGateway } from './gateway.ts'
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts'
import { createSnapshotClient } from './snapshot-client.ts'

export type StartedGateway = {
  port: number
  control: ControlStandIn
  /** Each closed record, in order. */
  records: UsageRecord[]
  close(): Promise<void>
}

type Standing = Pick<ConstructorParameters<typeof ControlStandIn>[1], 'keys' | 'routes'>

/** @param standing what control tells, given the folder whose `run` is for sockets of engines */
export async function startGateway(
  standing: (folder: DataFolder) => Standing,
  limits: Partial<GatewayLimits> = {},
): Promise<StartedGateway> {
  const root = mkdtempSync(join(tmpdir(), 'tw-gateway-'))
  const folder = dataFolderAt(root)
  makeDataFolder(folder)
  const log = createLog('test', 'silent')
  const records: UsageRecord[] = []
  const control = new ControlStandIn(folder, { version: 1, ...standing(folder) })
  const client = createControlClient(sockets.controlAdmin(folder), '0')
  const controlPublic = new Pool('http://control', { socketPath: sockets.control(folder) })
  const snapshots = createSnapshotClient({ control: client, clock: systemClock, log })
  const gateway = createGateway({
    snapshots,
    control: client,
    controlPublic,
    keyUses: { note() {}, stop: async () => {} },
    content: { open: () => null, heldBytes: () => 0, stop: async () => {} },
    usage: {
      open() {},
      progressed() {},
      close(record) {
        records.push(record)
        return null
      },
    },
    limits: { ...GATEWAY_LIMITS, drainMs: 200, ...limits },
    publicUrl: 'https://cloud.example',
    trustedProxies: [],
    clock: systemClock,
    log,
    onAnswered() {},
    onRecord() {},
  })
  await control.start()
  snapshots.start()
  await control.until(() => control.seen.length > 0)
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0, reusePort: false })
  return {
    port,
    control,
    records,
    async close() {
      await gateway.drain()
      snapshots.stop()
      await Promise.all([client.close(), controlPublic.destroy(), control.kill()])
      rmSync(root, { recursive: true })
    },
  }
}
