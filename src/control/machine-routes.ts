/** What this machine is, and what is set up on it. */

import { knownCaller } from '../identity/access.ts'
import { may } from '../identity/rules.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { describeInstallation, type InstallationDeps } from './installation.ts'
import { InstallationShape } from './installation-schema.ts'
import { MachineShape, machineOnWire } from './machine-schema.ts'
import type { MachineView } from './machine-view.ts'

export type MachineRoutesOptions = { machine: MachineView; installation: InstallationDeps }

const refusals = { 401: ErrorShape, 403: ErrorShape }

/** Adds the routes. The server must be guarded (`guardRoutes`). */
export async function machineRoutes(server: Server, { machine, installation }: MachineRoutesOptions): Promise<void> {
  server.get(
    '/api/machine',
    {
      config: { access: 'machine.read' },
      schema: {
        tags: ['Operations'],
        summary: 'The machine: cores, memory, and what models use of it',
        description:
          'Made to be asked every five seconds: the answer is up to a second old. `details` is for those who may see the state of the machine (`status.read`).',
        response: { 200: MachineShape, ...refusals },
      },
    },
    async (request) => {
      const seesAll = may(knownCaller(request), 'status.read')
      const [facts, details] = await Promise.all([machine.facts(), seesAll ? machine.details() : null])
      return machineOnWire(facts, details)
    },
  )

  server.get(
    '/api/installation',
    {
      config: { access: 'installation.read' },
      schema: {
        tags: ['Operations'],
        summary: 'Versions, database, addresses, limits and settings in force',
        response: { 200: InstallationShape, ...refusals },
      },
    },
    async () => describeInstallation(installation),
  )
}
