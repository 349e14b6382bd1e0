/**
 * The door: names that lead to several models, and models that take nothing new. Owns the tables route_alias and
 * drained_model.
 *
 * Both are in memory too, as control is one process and workers ask for them on every change of anything.
 */
import { eq } from 'drizzle-orm'
import type { Identity } from '../identity/identity.ts'
import type { Caller } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { type AliasDraft, type AliasRules, aliasProblem, modelsOf } from './alias.ts'
import { ModelNotServed, RouteRefused, RouteUnknown, TooManyRoutes } from './errors.ts'
import { drainedModel, routeAlias } from './tables.ts'

/** A model that routes may lead to. */
export type ServedModel = {
  name: string
  task: 'chat' | 'embedding'
  /** Where it is served: here, or by the upstream of this name. */
  upstream: string | null
  /**
   * `ready`: an engine answers at once. `asleep`: its weights are here, and a request loads it. `unhealthy`: its upstream
   * did not answer when it was last looked at.
   */
  state: 'ready' | 'asleep' | 'unhealthy'
  /** Ids of its engines, by which workers know them. */
  engineIds: string[]
}

/** Replicas that workers leave alone: of how many workers, by the engine's id. */
export type BrokenReplicas = ReadonlyMap<string, { workers: number; state: 'open' | 'half_open' | 'resting' }>

export type Drain = { since: Date; by: string; byName: string | null }

export type ModelSeen = ServedModel & {
  drain: Drain | null
  /** The worst that a worker says of one of its engines; null = all may be asked. */
  breaker: 'open' | 'half_open' | 'resting' | null
  /** Routes that name it. */
  routes: string[]
}

export type RouteSeen = AliasDraft & {
  createdAt: Date
  updatedAt: Date
  updatedBy: string
  updatedByName: string | null
  /** Of each model that it names; null = nothing of that name is served now. */
  models: ReadonlyMap<string, ModelSeen | null>
  /** A model that came later has its name, so that clients reach that. */
  hidden: boolean
}

export type RoutingDeps = {
  db: Db
  clock: Clock
  audit: Identity['audit']
  /** Names of people, by id. */
  personNames: (ids: string[]) => Promise<ReadonlyMap<string, string>>
  /** Everything that a route may lead to. */
  models: () => ServedModel[]
  /** What workers say now. */
  brokenReplicas: () => Promise<BrokenReplicas>
}

export type AliasInForce = Omit<AliasDraft, 'enabled'> & { createdS: number }

const ROUTES_MAX = 500

export type Routing = Awaited<ReturnType<typeof openRouting>>

export async function openRouting({ db, clock, audit, personNames, models, brokenReplicas }: RoutingDeps) {
  // select * from route_alias · select * from drained_model
  const rows = new Map((await db.select().from(routeAlias)).map((row) => [row.name, row]))
  const drains = new Map((await db.select().from(drainedModel)).map((row) => [row.model, row]))
  const listeners: (() => Promise<unknown>)[] = []

  const tellChanged = async () => {
    await Promise.all(listeners.map((tell) => tell()))
  }

  async function seenModels(): Promise<Map<string, ModelSeen>> {
    const [broken, names] = await Promise.all([
      brokenReplicas(),
      personNames([...new Set([...drains.values()].map(({ by }) => by))]),
    ])
    return new Map(
      models().map((model) => {
        const states = model.engineIds.flatMap((id) => broken.get(id)?.state ?? [])
        const drain = drains.get(model.name)
        return [
          model.name,
          {
            ...model,
            drain: drain === undefined ? null : { ...drain, byName: names.get(drain.by) ?? null },
            breaker: (['open', 'resting', 'half_open'] as const).find((state) => states.includes(state)) ?? null,
            routes: [...rows.values()].filter((row) => modelsOf(row).includes(model.name)).map(({ name }) => name),
          },
        ]
      }),
    )
  }

  async function seen(found: Row[]): Promise<RouteSeen[]> {
    const [known, names] = await Promise.all([seenModels(), personNames(found.map(({ updatedBy }) => updatedBy))])
    return found.map((row) => ({
      ...row,
      updatedByName: names.get(row.updatedBy) ?? null,
      models: new Map(modelsOf(row).map((model) => [model, known.get(model) ?? null])),
      hidden: known.has(row.name),
    }))
  }

  function find(name: string): Row {
    const row = rows.get(name)
    if (row === undefined) throw new RouteUnknown({ route: name })
    return row
  }

  return {
    /** What gateway workers need. */
    inForce(): { aliases: AliasInForce[]; draining: string[] } {
      const aliases = [...rows.values()]
        .filter(({ enabled }) => enabled)
        .map(({ name, tiers, retries, firstTokenMs, silenceMs, shadow, createdAt }) => ({
          ...{ name, tiers, retries, firstTokenMs, silenceMs, shadow },
          createdS: Math.floor(createdAt.getTime() / 1_000),
        }))
      return { aliases, draining: [...drains.keys()] }
    },

    /** `tell` is called after each change, and a change waits for it. */
    onChanged(tell: () => Promise<unknown>): void {
      listeners.push(tell)
    },

    /** Sorted by name. @param search part of the name, or of a model's that it names, in any case */
    async list(search: string, page: { limit: number; after: string | null }) {
      const sought = search.toLowerCase()
      const found = [...rows.values()]
        .filter((row) => [row.name, ...modelsOf(row)].some((name) => name.toLowerCase().includes(sought)))
        .filter(({ name }) => page.after === null || name > page.after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const data = found.slice(0, page.limit)
      return { data: await seen(data), next: found.length > page.limit ? (data.at(-1)?.name ?? null) : null }
    },

    /** @throws RouteUnknown */
    async get(name: string): Promise<RouteSeen> {
      return (await seen([find(name)]))[0]!
    },

    /** All that routes may lead to, by name. */
    models: async (): Promise<ModelSeen[]> =>
      [...(await seenModels()).values()].sort((a, b) => (a.name < b.name ? -1 : 1)),

    /**
     * Makes a route, or puts other rules in the place of its own. In force in every worker when this resolves.
     * @throws RouteRefused · TooManyRoutes
     */
    async set(caller: Caller, name: string, rules: AliasRules): Promise<{ route: RouteSeen; isNew: boolean }> {
      const problem = aliasProblem(
        { ...rules, name },
        {
          isModel: (wanted) => models().some((model) => model.name === wanted),
          isAlias: (wanted) => wanted !== name && rows.has(wanted),
        },
      )
      if (problem !== null) throw new RouteRefused(problem)
      const aliased = [...rows.values()].find((row) => row.name !== name && modelsOf(row).includes(name))
      if (aliased !== undefined)
        throw new RouteRefused({
          path: 'name',
          reason: `the route ${aliased.name} leads to a model of this name, and a route leads to models. Choose another name`,
        })
      const before = rows.get(name)
      if (before === undefined && rows.size >= ROUTES_MAX) throw new TooManyRoutes({ routes: rows.size })
      const now = new Date(clock.nowMs())
      const row: Row = {
        ...{ name, ...rules },
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
        updatedBy: audit.by(caller).actor.id,
      }
      const { name: _, createdAt: __, ...change } = row
      await db.transaction(async (tx) => {
        // insert into route_alias (…) values (…) on conflict (name) do update set …
        await tx.insert(routeAlias).values(row).onConflictDoUpdate({ target: routeAlias.name, set: change })
        await audit.record(tx, {
          ...audit.by(caller),
          organizationId: null,
          action: before === undefined ? 'route.created' : 'route.updated',
          target: name,
          before: before === undefined ? null : rulesOf(before),
          after: rulesOf(row),
        })
      })
      rows.set(name, row)
      await tellChanged()
      return { route: (await seen([row]))[0]!, isNew: before === undefined }
    },

    /** @throws RouteUnknown */
    async remove(caller: Caller, name: string): Promise<void> {
      const row = find(name)
      await db.transaction(async (tx) => {
        // delete from route_alias where name = $1
        await tx.delete(routeAlias).where(eq(routeAlias.name, name))
        const change = { action: 'route.deleted', target: name, before: rulesOf(row), after: null }
        await audit.record(tx, { ...audit.by(caller), organizationId: null, ...change })
      })
      rows.delete(name)
      await tellChanged()
    },

    /**
     * Lets a model run out, or take requests again. Running answers end as they would.
     * @throws ModelNotServed where there is nothing to switch
     */
    async drain(caller: Caller, model: string, isDraining: boolean): Promise<ModelSeen> {
      const before = drains.get(model)
      if (before === undefined && !models().some(({ name }) => name === model)) throw new ModelNotServed({ model })
      if (isDraining !== (before !== undefined)) {
        const row = { model, since: new Date(clock.nowMs()), by: audit.by(caller).actor.id }
        await db.transaction(async (tx) => {
          if (isDraining) await tx.insert(drainedModel).values(row).onConflictDoNothing()
          else await tx.delete(drainedModel).where(eq(drainedModel.model, model))
          await audit.record(tx, {
            ...audit.by(caller),
            organizationId: null,
            action: isDraining ? 'model.drained' : 'model.undrained',
            target: model,
            before: { draining: !isDraining },
            after: { draining: isDraining },
          })
        })
        if (isDraining) drains.set(model, row)
        else drains.delete(model)
        await tellChanged()
      }
      const now = (await seenModels()).get(model)
      if (now === undefined) throw new ModelNotServed({ model })
      return now
    },
  }
}

type Row = typeof routeAlias.$inferSelect

/** What the trail says of it. */
function rulesOf({ tiers, retries, firstTokenMs, silenceMs, shadow, enabled }: Row): AliasRules {
  return { tiers, retries, firstTokenMs, silenceMs, shadow, enabled }
}
