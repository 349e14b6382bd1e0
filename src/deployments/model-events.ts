/**
 * Turns what happens in the houses into events: progress of pulls twice a second at most, replicas when their state
 * changes, and a word that the list of models is another.
 */
import type { Catalog, Pull } from '../catalog/catalog.ts'
import type { Engines } from '../engines/engines.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Deployments } from './deployments.ts'
import { type Audience, createEventFeed, type EventFeed } from './event-feed.ts'
import { pullOnWire, replicaOnWire } from './on-wire.ts'

/** What the first model is doing, from whoever brings it. */
export type StarterView = { state: string; model: string | null; problem: { code: string; message: string } | null }
export type StarterToWatch = { state: () => StarterView; onChange: (listener: () => void) => void }

export type ModelEventsDeps = {
  catalog: Catalog
  deployments: Deployments
  engines: Engines
  starter: StarterToWatch
  clock: Clock
  log: Log
}

const PROGRESS_EVERY_MS = 500

export type ModelEvents = EventFeed

export function createModelEvents(deps: ModelEventsDeps): ModelEvents {
  const { catalog, deployments, engines, starter, clock, log } = deps
  const feed = createEventFeed({ clock, stateFor })
  const toldPulls = new Map<string, { atMs: number; step: string }>()
  const toldReplicas = new Map<string, string>()

  catalog.onPullProgress(tellPull)
  catalog.onWeightsChanged(tellModels)
  deployments.onRoutesChanged(tellModels)
  engines.onChange(tellReplicas)
  starter.onChange(() => feed.tell({ name: 'starter', subject: 'starter', to: 'models', data: starter.state() }))
  return feed

  async function stateFor(audience: Audience): Promise<unknown> {
    if (audience.replicas) await deployments.refresh()
    const pulls = audience.models ? await catalog.pulls({ limit: 200, states: ['queued', 'running', 'paused'] }) : []
    return {
      pulls: pulls.map(shownPull),
      replicas: audience.replicas ? deployments.replicas().map(shownReplica) : null,
      starter: audience.models ? starter.state() : null,
    }
  }

  function tellPull(pull: Pull): void {
    const step = `${pull.state} ${pull.phase}`
    const told = toldPulls.get(pull.id)
    // What is left out here is followed by another step, or by the state that ends it.
    if (told?.step === step && clock.nowMs() - told.atMs < PROGRESS_EVERY_MS) return
    if (pull.allowed.length === 0) toldPulls.delete(pull.id)
    else toldPulls.set(pull.id, { atMs: clock.nowMs(), step })
    feed.tell({ name: 'pull', subject: `pull ${pull.id}`, to: 'models', data: shownPull(pull) })
    if (told?.step !== step) tellModels()
  }

  function tellReplicas(): void {
    void deployments
      .refresh()
      .then(() => {
        const now = deployments.replicas()
        for (const replica of now) {
          const { engine, state, lastError } = replica
          const seen = `${state} ${engine.restarts} ${lastError?.atMs ?? ''} ${engine.adapters}`
          if (toldReplicas.get(engine.engineId) === seen) continue
          toldReplicas.set(engine.engineId, seen)
          const subject = `replica ${engine.engineId}`
          feed.tell({ name: 'replica', subject, to: 'replicas', data: shownReplica(replica) })
        }
        for (const id of [...toldReplicas.keys()].filter((one) => !now.some(({ engine }) => engine.engineId === one))) {
          toldReplicas.delete(id)
          feed.tell({ name: 'replica-gone', subject: `replica ${id}`, to: 'replicas', data: { id } })
        }
      })
      .catch((error) => log.warn({ err: error }, 'a change of the replicas could not be told'))
  }

  /** Says only that it is another list: each page asks for what it shows. */
  function tellModels(): void {
    feed.tell({ name: 'models', subject: 'models', to: 'models', data: {} })
  }

  function shownPull(pull: Pull) {
    return pullOnWire(pull, nameOf(pull.model))
  }

  function shownReplica(replica: ReturnType<Deployments['replicas']>[number]) {
    return replicaOnWire(replica, nameOf(replica.engine.model))
  }

  function nameOf(model: string): string {
    return catalog.knows(model) ? catalog.getModel(model).name : model
  }
}
