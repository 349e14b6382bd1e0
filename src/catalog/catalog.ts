/**
 * The door of the catalogue: which models there are, do they fit here, get their weights. Owns the tables
 * catalog_artefact and catalog_pull, and the folder of weights.
 *
 *   models/*.json ──┐                               startPull ─► planPull ─► pulls ─► bringWeights ─► artefacts
 *                   ├─► listModels, getModel, fitOf  refused at once, or queued     in a pull's own time
 *   artefacts' own ─┘
 *
 * A pull outlives the process: `resumeUnfinished` continues from the part on disk.
 */
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import { freeBytesOf as freeBytesOfDisk } from './arrival.ts'
import { openArtefacts, type Weights } from './artefacts.ts'
import { ModelUnknown } from './errors.ts'
import { type Fit, type FitWish, fitOf, type MemoryPool } from './fit.ts'
import { lookAtRepository, type OfferedFile, type OfferedRepository } from './hub-repository.ts'
import { type HubToken, type HubTokenView, openHubToken } from './hub-token.ts'
import { type ModelFacts, PRECISIONS, type Precision, readModels, type SourceFact } from './model-family.ts'
import { pickStarter, type StarterChoice } from './pick-starter.ts'
import { planImport, planPull, type StartPull } from './plan-pull.ts'
import { createPulls } from './pulls.ts'
import type { Pull } from './show-pull.ts'
import type { Source } from './source.ts'
import { createHubSource } from './sources/hub.ts'
import { createLocalFileSource } from './sources/local-file.ts'
import { createPythonPackageSource } from './sources/python-package.ts'

export type { HubToken, HubTokenView, OfferedFile, OfferedRepository, Pull, StarterChoice, StartPull, Weights }
export { openHubToken }

export type CatalogDeps = {
  db: Db
  /** Folder of weights; made by whoever makes the data folder. */
  weightsFolder: string
  /** `token` is asked before each request, since an operator may change it. */
  hub: { hubUrl: string; token: () => string | null }
  /** Memory that models may use here, now. */
  memoryPools: () => Promise<MemoryPool[]>
  clock: Clock
  log: Log
  /** Free disk; default asks the file system. */
  freeBytesOf?: (folder: string) => Promise<number>
}

export type ModelListing = {
  model: ModelFacts
  fit: Fit
  weights: Weights | null
  /** The open or last failed pull. */
  pull: Pull | null
  /** False: it was pulled or imported by hand, and its facts go with its weights. */
  inCatalogue: boolean
}

/** Bytes of memory that a model's own engine holds now; they count as free for it. */
export type HeldBytes = (model: string) => number

/** One way in which a model's weights could be here. */
export type PrecisionChoice = {
  precision: Precision
  bytes: number
  basis: 'measured' | 'published' | 'computed'
  /** Where a file of it comes from; null = nobody here knows one. */
  source: SourceFact | null
  /** Whether this is what lies here. */
  here: boolean
  fit: Fit
}

export type LicenceAcceptance = { by: string; atMs: number }

export type Catalog = Awaited<ReturnType<typeof createCatalog>>

/** Reads the data files and what lies on the disk. */
export async function createCatalog(deps: CatalogDeps) {
  const { db, weightsFolder, memoryPools, clock, log, freeBytesOf = freeBytesOfDisk } = deps
  const hub = createHubSource(deps.hub)
  const localFiles = createLocalFileSource()
  const sources = {
    hub: hub as Source,
    'python-package': createPythonPackageSource() as Source,
    'local-file': localFiles as Source,
  }
  const known = new Map(readModels().map((model) => [model.id, model]))
  const artefacts = await openArtefacts({ db, weightsFolder, localFiles, freeBytesOf, clock, log })
  const pulls = createPulls({ db, weightsFolder, sources, artefacts, freeBytesOf, clock, log })
  const plan = { known, artefacts, hub, localFiles, weightsFolder, memoryPools, freeBytesOf, clock }

  function factsOf(id: string): ModelFacts {
    const facts = known.get(id) ?? artefacts.of(id)?.facts
    if (!facts) throw new ModelUnknown({ model: id })
    return facts
  }

  /** The facts, with the size of what lies here where it does. */
  function sizedFacts(facts: ModelFacts): ModelFacts {
    const row = artefacts.of(facts.id)
    if (!row) return facts
    return { ...facts, weights: { ...facts.weights, [row.precision]: { bytes: row.bytes, basis: 'measured' } } }
  }

  /** The fit of what lies here, if it does; else of what would be fetched. */
  function fitOn(facts: ModelFacts, pools: MemoryPool[], wish: FitWish = {}): Fit {
    const here = artefacts.of(facts.id)?.precision
    return fitOf(sizedFacts(facts), pools, { ...(here ? { precisions: [here] } : {}), ...wish })
  }

  return {
    /** All models that can be named here: the catalogue's, then those that were pulled or imported by hand. */
    async listModels(held: HeldBytes = () => 0): Promise<ModelListing[]> {
      const pools = await memoryPools()
      const unfinished = await pulls.unfinished()
      const own = artefacts.all().flatMap((row) => (row.facts ? [row.facts] : []))
      return [...known.values(), ...own].map((model) => {
        const weights = artefacts.weightsOf(model.id)
        const pull = unfinished.get(model.id) ?? null
        // A failure is old news where the weights are here.
        const isOldNews = weights !== null && pull?.state === 'failed'
        const fit = fitOn(model, pools, { heldBytes: held(model.id) })
        return { model, fit, weights, pull: isOldNews ? null : pull, inCatalogue: known.has(model.id) }
      })
    },

    /** @throws ModelUnknown */
    getModel: factsOf,

    knows: (id: string): boolean => known.has(id) || artefacts.of(id) !== null,

    /** Models that an engine could load now. */
    modelsWithWeights: (): ModelFacts[] => artefacts.all().map((row) => factsOf(row.model)),

    /** Where a model's weights lie; null when they are not here. In memory. */
    weightsOf: artefacts.weightsOf,

    /** Verdict, numbers and reason, for this machine as it is now. @throws ModelUnknown */
    async fitOf(model: string, wish: FitWish = {}): Promise<Fit> {
      return fitOn(factsOf(model), await memoryPools(), wish)
    },

    /** Every precision of which a size is known, smallest first, with what each would take here. @throws ModelUnknown */
    async precisionsOf(model: string, wish: FitWish = {}): Promise<PrecisionChoice[]> {
      const facts = sizedFacts(factsOf(model))
      const pools = await memoryPools()
      const here = artefacts.of(model)?.precision
      return PRECISIONS.flatMap((precision): PrecisionChoice[] => {
        const weights = facts.weights[precision]
        if (!weights) return []
        const source = facts.sources.find((one) => one.precision === precision) ?? null
        const fit = fitOf(facts, pools, { ...wish, precisions: [precision] })
        return [{ precision, ...weights, source, here: precision === here, fit }]
      })
    },

    /** Who last accepted the licence of a model while pulling it; null = nobody had to, or did. */
    licenceAcceptance: pulls.licenceAcceptance,

    /** Other models that share the bytes of this one's file, which then stays when this one is deleted. */
    sharesFileWith(model: string): string[] {
      const row = artefacts.of(model)
      return artefacts.all().flatMap((one) => (one.sha256 === row?.sha256 && one.model !== model ? [one.model] : []))
    },

    /**
     * The GGUF files of a repository of the hub, each with its size and whether it fits, before anything is fetched.
     * @throws FileMissing, Gated, HubTokenRefused, HubUnreachable, HubRefused
     */
    lookAtRepository: (repo: string, revision?: string): Promise<OfferedRepository> =>
      lookAtRepository(plan, repo, revision),

    /**
     * Begins to fetch weights, or returns the open pull of the same model. Everything that can be known at once is
     * checked at once; the rest ends in the pull's `error`.
     * @throws ModelUnknown, ModelIdMalformed, NoSource, LicenceNotAccepted, DoesNotFit, DiskFull; for a file of the hub
     *   also FileMissing, Gated, HubUnreachable, NotWeights, ModelIdTaken
     */
    async startPull(wish: StartPull): Promise<Pull> {
      return pulls.queue(await planPull(plan, wish))
    },

    /**
     * Takes in a GGUF file of this machine under an id of the caller's; `pulls` shows how far it is.
     * @throws FileMissing, NotWeights, ModelIdTaken, ModelIdMalformed, DiskFull
     */
    async importLocalFile(path: string, wish: { as: string; by: string }): Promise<Pull> {
      return pulls.queue(await planImport(plan, path, wish))
    },

    /**
     * Takes in a LoRA adapter (GGUF) of this machine, under its hash beside the weights.
     * @throws FileMissing, NotWeights, DiskFull
     */
    takeAdapter: artefacts.takeAdapter,

    /** Removes an adapter's file. Only for one that nobody serves: adapters are not counted here. */
    dropAdapter: (sha256: string): Promise<void> => artefacts.removeUnlessUsed(sha256, 'gguf'),

    /** Stops a pull and keeps what came. @throws PullUnknown, IllegalPullMove */
    pausePull: pulls.pause,

    /** Goes on with a paused or failed pull from where it was. @throws PullUnknown, IllegalPullMove */
    resumePull: pulls.resume,

    /** Stops a pull for good and throws away what came. @throws PullUnknown, IllegalPullMove */
    cancelPull: pulls.cancel,

    /** One pull. @throws PullUnknown */
    pull: pulls.one,

    /** Pulls, the newest first, 50 unless asked (200 at most); `before` is an id that an earlier page ended with. */
    pulls: pulls.page,

    /** Resolves when a pull is in a state that it does not leave by itself: paused, done, failed or cancelled. */
    settled: pulls.settled,

    /** Called on every step of every pull, at most a few times a second each. Returns what ends it. */
    onPullProgress: pulls.onProgress,

    /** Called after weights arrived or went. Returns what ends it. */
    onWeightsChanged: artefacts.onChanged,

    /** Houses above say here who uses a model's weights (a word for the message), or null. Asked before each deletion. */
    askBeforeDeleting: artefacts.askBeforeDeleting,

    /** Frees the disk. The file stays while another model shares its bytes. @throws WeightsMissing, WeightsInUse */
    deleteWeights: artefacts.deleteWeights,

    /** After a start: continues what the last process left running or queued. Paused pulls stay paused. */
    resumeUnfinished: pulls.resumeUnfinished,

    /**
     * Which model a new installation begins with: Qwen3-0.6B when a hub answers within three seconds, else the small
     * one that comes as a Python package.
     */
    pickStarter: async (): Promise<StarterChoice> => pickStarter(known, await memoryPools(), hub, deps.hub.hubUrl),

    /** Stops running fetches, keeping what came; they go on after the next start. */
    close: pulls.close,
  }
}
