/**
 * Upstreams: OpenAI-compatible and Anthropic endpoints that serve models for this installation. Owns the table
 * upstream_endpoint, knows what each of them serves and whether it is well, and says which routes lead there.
 *
 * All of it is in memory too, as control is one process and workers ask for routes on every change of anything.
 */
import { eq } from 'drizzle-orm'
import type { Identity } from '../identity/identity.ts'
import type { Caller } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import type { Resolve } from '../platform/network-reach.ts'
import type { Page, PageOf } from '../platform/paging.ts'
import { pageOf } from '../platform/paging.ts'
import type { Sealer } from '../platform/sealed-text.ts'
import { headersOf } from './credential.ts'
import { ModelNameTaken, TooManyUpstreams, UpstreamNameTaken, UpstreamUnknown } from './errors.ts'
import { createHealthChecks } from './health-checks.ts'
import { type ProbeResult, type ProbeTarget, probe } from './probe.ts'
import { nameTaken, servedModels } from './published-models.ts'
import { type UpstreamRoute, type UpstreamUnderWay, upstreamRoutes } from './served-routes.ts'
import { type UpstreamRow, upstreamEndpoint } from './tables.ts'
import { PRESETS } from './upstream-kinds.ts'
import { inTrail, type UpstreamState, type UpstreamView, viewOf } from './view.ts'
import { draftTarget, type NewUpstream, rowFrom, type UpstreamDraft, type UpstreamWanted } from './wanted.ts'

export type { ProbeResult } from './probe.ts'
export type { UpstreamRoute } from './served-routes.ts'

export type UpstreamsDeps = {
  db: Db
  clock: Clock
  log: Log
  audit: Identity['audit']
  sealer: Sealer
  /** Names of people, by id. */
  personNames: (ids: string[]) => Promise<ReadonlyMap<string, string>>
  /** Whether clients use this name for something that is no upstream's. */
  isNameTaken: (model: string) => boolean
  /** Instead of the system's names, for tests. */
  resolve?: Resolve
}

export type UpstreamFilter = { search: string; state: UpstreamState | null }
export type TestedUpstream = { result: ProbeResult; upstream: UpstreamView | null }

const UPSTREAMS_MAX = 100

export type Upstreams = Awaited<ReturnType<typeof openUpstreams>>

/** Reads the upstreams there are, and begins to look after them. */
export async function openUpstreams(deps: UpstreamsDeps) {
  const { db, clock, log, audit, sealer, personNames, isNameTaken } = deps
  const probing = deps.resolve === undefined ? {} : { resolve: deps.resolve }
  // select * from upstream_endpoint
  const rows = new Map((await db.select().from(upstreamEndpoint)).map((row) => [row.id, row]))
  const listeners: (() => void)[] = []
  const checks = createHealthChecks({
    clock,
    log,
    async probe(id) {
      const row = rows.get(id)
      if (row === undefined) return null
      return believed(row, await probeRow(row))
    },
    async onResult(id, result, changed) {
      const row = rows.get(id)
      if (row === undefined) return
      if (changed) noteInLog(row, result)
      const learnt = result.kind === 'listed' && JSON.stringify(result.models) !== JSON.stringify(row.discovered)
      if (learnt) {
        row.discovered = result.models
        // update upstream_endpoint set discovered = $1 where id = $2
        await db.update(upstreamEndpoint).set({ discovered: result.models }).where(eq(upstreamEndpoint.id, id))
      }
      if (changed || learnt) tellRoutesChanged()
    },
  })

  function tellRoutesChanged(): void {
    for (const tell of listeners) tell()
  }

  function noteInLog(row: UpstreamRow, result: ProbeResult): void {
    if (result.kind === 'listed') log.info({ upstream: row.id, models: result.models.length }, 'an upstream is well')
    else log.warn({ upstream: row.id, trouble: result.trouble, status: result.status }, 'an upstream is not well')
  }

  async function probeRow(row: UpstreamRow): Promise<ProbeResult> {
    const secret = row.secretSealed === null ? null : sealer.open(row.secretSealed)
    if (row.secretSealed !== null && secret === null)
      return { kind: 'failed', trouble: 'secret_lost', status: null, tookMs: 0 }
    return probe(targetOf(row, secret), probing)
  }

  /** In the order in which they were made: where two have one name, the older one keeps it. */
  function underWay(): UpstreamUnderWay[] {
    return [...rows.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .filter(({ enabled }) => enabled)
      .map((row) => ({
        row,
        secret: row.secretSealed === null ? null : sealer.open(row.secretSealed),
        healthy: checks.healthOf(row.id).state !== 'unhealthy',
      }))
  }

  async function view(row: UpstreamRow): Promise<UpstreamView> {
    const names = await personNames([row.createdBy, row.updatedBy])
    const isReadable = row.secretSealed === null || sealer.open(row.secretSealed) !== null
    return viewOf(row, { health: checks.healthOf(row.id), names, isReadable, isElsewhere: elsewhere(row) })
  }

  function find(id: string): UpstreamRow {
    const row = rows.get(id)
    if (row === undefined) throw new UpstreamUnknown({ upstream: id })
    return row
  }

  /** Whether a name is used by something else than this upstream. */
  function elsewhere(row: { id: string }): (model: string) => boolean {
    const others = new Set(
      [...rows.values()].filter(({ id }) => id !== row.id).flatMap((one) => modelsOf(one).map(({ name }) => name)),
    )
    return (model) => isNameTaken(model) || others.has(model)
  }

  /** @throws UpstreamNameTaken · ModelNameTaken */
  function refuseTakenNames(row: UpstreamRow): void {
    for (const other of rows.values())
      if (other.id !== row.id && other.name === row.name) throw new UpstreamNameTaken({ name: row.name })
    const taken = row.published === null ? null : nameTaken(row.published, elsewhere(row))
    if (taken !== null) throw new ModelNameTaken({ model: taken })
  }

  function note(tx: Tx, caller: Caller, action: string, before: UpstreamRow | null, after: UpstreamRow | null) {
    return audit.record(tx, {
      ...audit.by(caller),
      organizationId: null,
      action,
      target: (after ?? before)?.id ?? '',
      before: before && inTrail(before),
      after: after && { ...inTrail(after), secretChanged: before?.secretSealed !== after.secretSealed },
    })
  }

  /** Has it in force everywhere, and looks at it at once. */
  async function settle(row: UpstreamRow): Promise<UpstreamView> {
    rows.set(row.id, row)
    if (row.enabled) await checks.watch(row.id)
    else checks.forget(row.id)
    tellRoutesChanged()
    return view(row)
  }

  for (const row of rows.values()) if (row.enabled) void checks.watch(row.id)

  return {
    /** Routes of every enabled upstream, well or not; of those whose names nothing else has. */
    routes: () => upstreamRoutes(underWay(), isNameTaken),

    /** The same by their names, for people. */
    models({ limit, after }: Page): PageOf<UpstreamRoute> {
      const found = upstreamRoutes(underWay(), isNameTaken)
        .sort((a, b) => (a.model < b.model ? -1 : 1))
        .filter(({ model }) => after === null || model > after)
      const data = found.slice(0, limit)
      return { data, next: found.length > limit ? (data.at(-1)?.model ?? null) : null }
    },

    /** `tell` is called when routes are others than they were, or one became well or unwell. */
    onRoutesChanged(tell: () => void): void {
      listeners.push(tell)
    },

    /** Newest first. */
    async list(filter: UpstreamFilter, page: Page): Promise<PageOf<UpstreamView>> {
      const sought = filter.search.toLowerCase()
      const found = [...rows.values()]
        .sort((a, b) => (a.id > b.id ? -1 : 1))
        .filter((row) => page.after === null || row.id < page.after)
        .filter(({ name, baseUrl }) => `${name} ${baseUrl}`.toLowerCase().includes(sought))
      const views = (await Promise.all(found.map(view))).filter(
        ({ state }) => filter.state === null || state === filter.state,
      )
      return pageOf(views.slice(0, page.limit + 1), page)
    },

    /** @throws UpstreamUnknown */
    get: (id: string): Promise<UpstreamView> => view(find(id)),

    /**
     * Adds one, and looks at it before it answers.
     * @throws UrlRefused · CredentialRefused · UpstreamNameTaken · ModelNameTaken · TooManyUpstreams
     */
    async create(caller: Caller, wanted: NewUpstream): Promise<UpstreamView> {
      if (rows.size >= UPSTREAMS_MAX) throw new TooManyUpstreams({ upstreams: rows.size })
      const atMs = clock.nowMs()
      const by = { id: audit.by(caller).actor.id, at: new Date(atMs) }
      const row = rowFrom(wanted, null, { id: newId('up', atMs), by, seal: sealer.seal })
      refuseTakenNames(row)
      await db.transaction(async (tx) => {
        // insert into upstream_endpoint (…) values (…)
        await tx.insert(upstreamEndpoint).values(row)
        await note(tx, caller, 'upstream.created', null, row)
      })
      return settle(row)
    },

    /**
     * Changes what is named. Requests that run go on as they began.
     * @throws UpstreamUnknown · as `create`
     */
    async update(caller: Caller, id: string, change: Partial<UpstreamWanted>): Promise<UpstreamView> {
      const before = find(id)
      const by = { id: audit.by(caller).actor.id, at: new Date(clock.nowMs()) }
      const row = rowFrom(change, before, { id, by, seal: sealer.seal })
      refuseTakenNames(row)
      await db.transaction(async (tx) => {
        // update upstream_endpoint set … where id = $1
        await tx.update(upstreamEndpoint).set(row).where(eq(upstreamEndpoint.id, id))
        await note(tx, caller, 'upstream.updated', before, row)
      })
      return settle(row)
    },

    /** @throws UpstreamUnknown */
    async delete(caller: Caller, id: string): Promise<void> {
      const row = find(id)
      await db.transaction(async (tx) => {
        // delete from upstream_endpoint where id = $1
        await tx.delete(upstreamEndpoint).where(eq(upstreamEndpoint.id, id))
        await note(tx, caller, 'upstream.deleted', row, null)
      })
      rows.delete(id)
      checks.forget(id)
      tellRoutesChanged()
    },

    /** Looks at one now, also at one that is switched off. @throws UpstreamUnknown */
    async test(id: string): Promise<TestedUpstream> {
      const row = find(id)
      const result = (row.enabled ? await checks.check(id) : null) ?? (await probeRow(row))
      return { result, upstream: await view(row) }
    },

    /**
     * Looks at what is not saved. With `upstream`, the secret of that one is used where none is given.
     * @throws UrlRefused · CredentialRefused · UpstreamUnknown
     */
    async testDraft(draft: UpstreamDraft): Promise<TestedUpstream> {
      const saved = draft.upstream === null ? null : find(draft.upstream)
      const target = draftTarget(draft, saved, (sealed) => sealer.open(sealed))
      return { result: await probe(target, probing), upstream: null }
    },

    close: () => checks.close(),
  }
}

function targetOf(row: UpstreamRow, secret: string | null): ProbeTarget {
  const { speaks } = PRESETS[row.kind]
  const headers = headersOf(speaks, { kind: row.authKind, header: row.authHeader }, secret)
  return { baseUrl: row.baseUrl, network: row.network, speaks, headers }
}

/**
 * One that lists nothing, and whose models an operator has named, is well if it answers. Of another Tradewind, names that
 * pass through this one are left out: two that serve each other would else find longer names at every look.
 */
function believed(row: UpstreamRow, result: ProbeResult): ProbeResult {
  if (result.kind === 'listed' && row.kind === 'tradewind')
    return { ...result, models: result.models.filter(({ id }) => !id.split('/').slice(0, -1).includes(row.name)) }
  const needsNoList = (row.published?.length ?? 0) > 0
  if (result.kind === 'listed' || result.trouble !== 'no_list' || !needsNoList) return result
  return { kind: 'listed', models: row.discovered, tookMs: result.tookMs }
}

function modelsOf(row: UpstreamRow) {
  return servedModels(row.name, row.published, row.discovered)
}
