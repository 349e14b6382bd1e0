/**
 * A supervisor for tests of the houses: it starts no process but serves the engine host's own HTTP on the socket that a
 * real one would use, over an engine that says what it is told.
 */
import { once } from 'node:events'
import { type ScriptedEngine, type ScriptedOptions, scriptedEngine } from '../../engine-host/scripted-engine.ts'
import { createEngineServer, type EngineServer } from '../../engine-host/server.ts'
import type { ToSupervisor } from '../supervisor/messages.ts'
import type { EngineSpec } from './engine-wire.ts'
import type { EngineExit, SupervisorLink } from './supervisor-link.ts'

type Started = { spec: EngineSpec; server: EngineServer; engine: ScriptedEngine }

export type SupervisorStandIn = {
  link: SupervisorLink
  /** Everything that control said. */
  said: ToSupervisor[]
  /** The engine that runs for a model. */
  engineOf(model: string): ScriptedEngine
  /** While false, engines that start go on loading. */
  setLoads(loads: boolean): void
  /** Kills the engine of a model and starts it again, as the real one does. */
  die(model: string): Promise<void>
  close(): Promise<void>
}

export function startSupervisorStandIn(script: ScriptedOptions): SupervisorStandIn {
  const started = new Map<string, Started>()
  const exits = new Set<(exit: EngineExit) => void>()
  const said: ToSupervisor[] = []
  let loads = true

  async function start(spec: EngineSpec): Promise<void> {
    const server = createEngineServer({ spec, nowMs: () => Date.now(), log: () => undefined })
    const engine = scriptedEngine({
      ...script,
      facts: { sequences: spec.sequences, contextTokens: spec.contextTokens, ...script.facts },
    })
    started.set(spec.engineId, { spec, server, engine })
    server.http.listen(spec.socketPath)
    await once(server.http, 'listening')
    if (loads) server.ready(engine)
  }

  async function end(engineId: string, how: Pick<EngineExit, 'code' | 'signal' | 'restartInMs'>): Promise<void> {
    const found = started.get(engineId)
    if (!found) return
    started.delete(engineId)
    await found.server.close(0)
    for (const listener of exits) listener({ type: 'engine.exited', engineId, ...how })
  }

  const ofModel = (model: string) => {
    const found = [...started.values()].find(({ spec }) => spec.modelName === model)
    if (!found) throw new Error(`no engine of ${model} was started`)
    return found
  }

  return {
    said,
    link: {
      send(message) {
        said.push(message)
        if (message.type === 'engine.start') void start(message.spec)
        if (message.type === 'engine.stop') void end(message.engineId, { code: 0, signal: null, restartInMs: null })
      },
      list: async () => ({ engines: [], workers: [] }),
      onEngineExit: (listener) => exits.add(listener),
    },
    engineOf: (model) => ofModel(model).engine,
    setLoads(next) {
      loads = next
      if (loads) for (const { server, engine } of started.values()) server.ready(engine)
    },
    async die(model) {
      const { spec } = ofModel(model)
      await end(spec.engineId, { code: null, signal: 'SIGKILL', restartInMs: 0 })
      await start(spec)
    },
    async close() {
      for (const { server } of started.values()) await server.close(0)
    },
  }
}
