/**
 * What a repository of the hub holds that could be served here, told before anybody chooses a file: each GGUF file with
 * its size, what it would be called, and whether it fits.
 *
 * The files of one repository are one model at several precisions, so the header of the smallest is read (by ranges, no
 * download) and its shape taken for all; reading each would cost a visit a file and say the same.
 */
import { AppError } from '../platform/errors.ts'
import { factsFromHeader, precisionOf } from './facts-from-header.ts'
import { type Fit, fitOf } from './fit.ts'
import { GgufBroken, readGgufHeader } from './gguf-header.ts'
import { type ModelFacts, PRECISIONS, type Precision } from './model-family.ts'
import { modelHeaderTrouble } from './model-header-check.ts'
import { parseModelReference } from './model-reference.ts'
import type { PlanDeps } from './plan-pull.ts'
import { placeName } from './source.ts'
import type { HubRepository } from './sources/hub.ts'

/** Why a GGUF file of a repository cannot be pulled as a model. */
export type Unusable =
  /** One of several parts of a model. */
  | 'split'
  /** The part of a model that sees, which goes with another file. */
  | 'projector'
  /** Its name makes no id. */
  | 'name'

export type OfferedFile = {
  /** To give to a pull: `hf:owner/repo/file.gguf`. */
  reference: string
  path: string
  bytes: number
  sha256: string | null
  /** As its name says it: `Q4_K_M`; null where it says nothing. */
  quantisation: string | null
  precision: Precision
  /** What the model would be called here; null where its name makes no id. */
  id: string | null
  /** Whether the id names another model here, so that another one must be chosen. */
  idTaken: boolean
  /** Whether this very file is here already. */
  here: boolean
  unusable: Unusable | null
  /** Null where nothing could be read of the model, or the file cannot be used. */
  fit: Fit | null
}

export type OfferedRepository = Omit<HubRepository, 'files'> & {
  /** What the header of one file says; null where it could not be read, and `headerProblem` says why. */
  facts: ModelFacts | null
  headerProblem: { code: string; message: string } | null
  files: OfferedFile[]
}

const HEADER_MS_MAX = 15_000

/** @throws FileMissing, Gated, HubTokenRefused, HubUnreachable, HubRefused */
export async function lookAtRepository(deps: PlanDeps, repo: string, revision?: string): Promise<OfferedRepository> {
  const { files, ...found } = await deps.hub.listRepository(repo, revision)
  const named = files.map((file) => ({ ...file, ...nameOf(repo, file.path) }))
  const smallest = named.filter((file) => file.unusable === null).sort((a, b) => a.bytes - b.bytes)[0]
  const read = smallest ? await readFacts(deps, found, smallest) : { facts: null, headerProblem: null }
  const pools = await deps.memoryPools()
  return {
    ...found,
    ...read,
    files: named
      .map((file): OfferedFile => {
        const here = file.id === null ? null : deps.artefacts.of(file.id)
        const isHere = here !== null && placeName(here.place) === placeName({ kind: 'hub', repo, file: file.path })
        return {
          ...file,
          here: isHere,
          idTaken: file.id !== null && (deps.known.has(file.id) || (here !== null && !isHere)),
          fit: read.facts && file.unusable === null ? fitAt(read.facts, file, pools) : null,
        }
      })
      .sort((a, b) => a.bytes - b.bytes),
  }
}

async function readFacts(
  { hub }: PlanDeps,
  { repo, revision }: Pick<HubRepository, 'repo' | 'revision'>,
  file: { path: string; bytes: number; sha256: string | null; id: string | null },
): Promise<Pick<OfferedRepository, 'facts' | 'headerProblem'>> {
  const place = { kind: 'hub' as const, repo, file: file.path, revision }
  const found = { fileName: file.path, bytes: file.bytes, sha256: file.sha256, diskBytes: file.bytes, revision }
  try {
    const readAt = hub.readAt(place, found, AbortSignal.timeout(HEADER_MS_MAX))
    const header = await readGgufHeader(readAt, file.bytes)
    const trouble = modelHeaderTrouble(header)
    if (trouble !== null) return { facts: null, headerProblem: { code: 'catalog.not_weights', message: trouble } }
    return {
      facts: factsFromHeader(file.id ?? file.path, header, file.bytes, repo.split('/')[0] ?? 'hub'),
      headerProblem: null,
    }
  } catch (error) {
    if (error instanceof AppError) return { facts: null, headerProblem: { code: error.code, message: error.message } }
    if (error instanceof GgufBroken)
      return { facts: null, headerProblem: { code: 'catalog.not_weights', message: error.message } }
    if (error instanceof DOMException)
      return {
        facts: null,
        headerProblem: { code: 'catalog.hub_unreachable', message: 'The hub was too slow to read a header from.' },
      }
    throw error
  }
}

function fitAt(facts: ModelFacts, file: { bytes: number; precision: Precision }, pools: Parameters<typeof fitOf>[1]) {
  const weights = { [file.precision]: { bytes: file.bytes, basis: 'published' as const } }
  return fitOf({ ...facts, weights }, pools, { precisions: [file.precision] })
}

/** What can be told from a file's name alone. Pure. */
export function nameOf(repo: string, path: string) {
  const file = path.split('/').at(-1) ?? path
  const quantisation =
    /(?:^|[-._])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4))(?=[-._]|$)/i.exec(
      file.replace(/\.gguf$/i, ''),
    )?.[1] ?? null
  const reference = `hf:${repo}/${path}`
  let id: string | null = null
  try {
    id = parseModelReference(reference).id
  } catch (error) {
    if (!(error instanceof AppError)) throw error
  }
  const unusable: Unusable | null = /-\d{5}-of-\d{5}\.gguf$/i.test(file)
    ? 'split'
    : /mmproj/i.test(file)
      ? 'projector'
      : id === null
        ? 'name'
        : null
  return {
    reference,
    quantisation: quantisation?.toUpperCase() ?? null,
    precision: precisionNamed(quantisation),
    id,
    unusable,
  }
}

function precisionNamed(quantisation: string | null): Precision {
  const name = quantisation?.toLowerCase().replace(/^ud-/, '') ?? ''
  if (name === 'mxfp4') return precisionOf('MXFP4')
  return PRECISIONS.find((precision) => precision === name) ?? 'other'
}
