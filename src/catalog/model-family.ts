/**
 * What is known about models: data files, one a family, in `models/*.json`, read once at start.
 *
 *   family file = who made it + where each group of facts comes from + defaults + models (a model overrides defaults)
 *
 * Every group of facts names its source and date in `facts`; numbers that nobody published are computed here by one
 * stated rule and marked `computed`. A wrong file fails a test, with the field and the reason.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import type { HubPlace, PythonPackagePlace } from './source.ts'

/** Smallest first. `fp4` = NVFP4, or FP4 experts with the rest in FP8; `other` = a quantisation without a column here (a file somebody pulled or imported). */
export const PRECISIONS = ['other', 'q4_1', 'q4_k_m', 'q5_k_m', 'q6_k', 'fp4', 'q8_0', 'fp8', 'f16', 'bf16'] as const
export type Precision = (typeof PRECISIONS)[number]

/** Bytes per weight where no size is published; the 4- and 8-bit GGUF figures include block scales. */
const BYTES_PER_WEIGHT = { bf16: 2, fp8: 1, q8_0: 34 / 32, q4_k_m: 0.6 } as const

const text = Type.String({ minLength: 1 })
const count = Type.Integer({ minimum: 1 })
const precision = Type.Enum([...PRECISIONS])
const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])

const Weights = Type.Object(
  { bytes: count, basis: Type.Enum(['measured', 'published', 'computed']) },
  { additionalProperties: false },
)

const Sampling = Type.Object(
  {
    temperature: Type.Number({ minimum: 0, maximum: 2 }),
    topP: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
    topK: Type.Optional(Type.Integer({ minimum: 0 })),
    minP: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    presencePenalty: Type.Optional(Type.Number()),
    repetitionPenalty: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
)

const HubFile = Type.Object(
  {
    kind: Type.Literal('hub'),
    repo: Type.String({ pattern: '^[\\w.-]+/[\\w.-]+$' }),
    file: text,
    precision,
    /** Who publishes it: the model's maker, or others. */
    publisher: Type.Enum(['maker', 'community']),
    /** Whether anybody here has fetched it, or the name comes from elsewhere. */
    evidence: text,
  },
  { additionalProperties: false },
)

const PackageFile = Type.Object(
  {
    kind: Type.Literal('python-package'),
    package: text,
    version: text,
    wheelSha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    wheelBytes: count,
    member: text,
    memberBytes: count,
    memberSha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    precision,
    publisher: Type.Enum(['maker', 'community']),
    evidence: text,
  },
  { additionalProperties: false },
)

const ServedBySchema = Type.Object(
  {
    precision,
    /** `8 × H200`. */
    hardware: text,
    /** GPUs that share one copy; null where the recipe spreads it otherwise. */
    tensorParallel: nullable(count),
    /** Least GPU memory over all of them, weights × 1.2 as the recipes count. */
    memoryBytesMin: count,
    basis: Type.Enum(['published', 'computed']),
  },
  { additionalProperties: false },
)

/** Names of the groups that must each say their source. */
export const FACT_GROUPS = [
  'licence',
  'parameters',
  'context',
  'weights',
  'kv',
  'shape',
  'parsers',
  'sampling',
  'servedBy',
] as const

const fields = {
  /** What a client names in `model`. */
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,95}$' }),
  name: text,
  task: Type.Enum(['chat', 'embedding', 'rerank', 'moderation']),
  licence: Type.Object(
    { id: text, name: text, url: Type.String({ pattern: '^https://' }), mustAccept: Type.Boolean() },
    { additionalProperties: false },
  ),
  /** `active` = read for each token; equal to `total` in dense models. */
  parameters: Type.Object({ total: count, active: count }, { additionalProperties: false }),
  context: Type.Object({ tokens: count, tokensExtended: nullable(count) }, { additionalProperties: false }),
  /** Published sizes; the others are computed. */
  weights: Type.Partial(
    Type.Object(Object.fromEntries(PRECISIONS.map((name) => [name, Weights])) as Record<Precision, typeof Weights>),
  ),
  /** Keys and values at f16; null, with the reason, where it is no constant. */
  kv: Type.Object({ bytesPerToken: nullable(count), why: Type.Optional(text) }, { additionalProperties: false }),
  /** Null with a reason in `facts.shape` where it is not known here. */
  shape: nullable(
    Type.Object(
      { layers: count, attentionHeads: count, kvHeads: count, headSize: count, embeddingSize: Type.Optional(count) },
      { additionalProperties: false },
    ),
  ),
  /** `tool` and `reasoning`: parsers of our engine. `vllm`: the names that vLLM knows, null = none. */
  parsers: Type.Object(
    {
      tool: Type.Enum(['auto', 'hermes', 'qwen3_coder', 'deepseek_v3', 'deepseek_v31', 'deepseek_v32', 'none']),
      reasoning: Type.Enum(['auto', 'think', 'none']),
      vllm: Type.Object({ tool: nullable(text), reasoning: nullable(text) }, { additionalProperties: false }),
    },
    { additionalProperties: false },
  ),
  thinking: Type.Object(
    {
      mode: Type.Enum(['never', 'always', 'switch']),
      /** Name of the template argument that switches it; null where there is none. */
      argument: nullable(Type.Enum(['enable_thinking', 'thinking'])),
    },
    { additionalProperties: false },
  ),
  /** Defaults the maker recommends; null where none are published (or known here). */
  sampling: Type.Object({ thinking: nullable(Sampling), plain: nullable(Sampling) }, { additionalProperties: false }),
  /** Image or video input that the embedded engine does not take; text works. */
  vision: Type.Boolean(),
  /** What breaks compatibility, in sentences. */
  quirks: Type.Array(text),
  sources: Type.Array(Type.Union([HubFile, PackageFile])),
  /** Why there is no source, where there is none. */
  noSource: nullable(text),
  servedBy: Type.Array(ServedBySchema),
  facts: Type.Object(
    Object.fromEntries(FACT_GROUPS.map((group) => [group, text])) as Record<(typeof FACT_GROUPS)[number], typeof text>,
    { additionalProperties: false },
  ),
}

const AuthoredModel = Type.Object(fields, { additionalProperties: false })
/** What a family's defaults, or one model of it, may leave to the other. */
const AuthoredPart = Type.Partial(
  Type.Object({ ...fields, facts: Type.Partial(fields.facts) }, { additionalProperties: false }),
  { additionalProperties: false },
)
const AuthoredFamily = Type.Object(
  {
    family: text,
    /** Who made it, as `owned_by` shows it. */
    ownedBy: text,
    defaults: AuthoredPart,
    models: Type.Array(AuthoredPart, { minItems: 1 }),
  },
  { additionalProperties: false },
)

export type ServedBy = Static<typeof ServedBySchema>
export type SamplingDefaults = Static<typeof Sampling>
export type SourceFact = Static<typeof HubFile> | Static<typeof PackageFile>
export type ModelTask = ModelFacts['task']

/** A model of the catalogue, complete. `contextTokens` is what it was made for, for those who need only that. */
export type ModelFacts = Static<typeof AuthoredModel> & {
  family: string
  ownedBy: string
  contextTokens: number
}

export class CatalogueBroken extends Error {
  override name = 'CatalogueBroken'
}

const MODELS_FOLDER = join(import.meta.dirname, 'models')

/** Compares a value with its schema. @throws CatalogueBroken with file, model and field */
export type ShapeCheck = (where: string, schema: Type.TSchema, value: unknown) => void

/**
 * Reads all families, sorted by file name. The files ship with the program and a test checks their shapes
 * (`check-shape.ts`), so a start does not check them again: that would cost it a tenth of a second.
 */
export function readModels(checkShape?: ShapeCheck): ModelFacts[] {
  const files = readdirSync(MODELS_FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
  const models = files.flatMap((file) => readFamily(file, readFileSync(join(MODELS_FOLDER, file), 'utf8'), checkShape))
  const ids = new Set<string>()
  for (const { id } of models) {
    if (ids.has(id)) throw new CatalogueBroken(`Two models of the catalogue are called ${id}.`)
    ids.add(id)
  }
  return models
}

/** One family file → its models. Pure. */
export function readFamily(file: string, json: string, checkShape?: ShapeCheck): ModelFacts[] {
  const family: unknown = JSON.parse(json)
  checkShape?.(file, AuthoredFamily, family)
  const { defaults, ownedBy } = family as Static<typeof AuthoredFamily>
  return (family as Static<typeof AuthoredFamily>).models.map((authored) => {
    const merged = { ...defaults, ...authored, facts: { ...defaults.facts, ...authored.facts } }
    const where = `${file}, ${authored.id ?? 'a model without id'}`
    checkShape?.(where, AuthoredModel, merged)
    return complete(
      where,
      merged as Static<typeof AuthoredModel>,
      (family as Static<typeof AuthoredFamily>).family,
      ownedBy,
    )
  })
}

function complete(where: string, model: Static<typeof AuthoredModel>, family: string, ownedBy: string): ModelFacts {
  if (model.sources.length === 0 && model.noSource === null)
    throw new CatalogueBroken(`${where}: there is no source and no sentence (noSource) that says why.`)
  if (model.kv.bytesPerToken === null && !model.kv.why)
    throw new CatalogueBroken(`${where}: kv has neither bytes nor a reason.`)
  const weights = { ...model.weights }
  for (const [name, bytesPerWeight] of Object.entries(BYTES_PER_WEIGHT) as [keyof typeof BYTES_PER_WEIGHT, number][]) {
    weights[name] ??= { bytes: Math.round(model.parameters.total * bytesPerWeight), basis: 'computed' }
  }
  const servedBy =
    model.servedBy.length > 0
      ? model.servedBy
      : [hardwareFor(weights.bf16?.bytes ?? 0, model.shape?.attentionHeads ?? null)]
  return { ...model, weights, servedBy, family, ownedBy, contextTokens: model.context.tokens }
}

/** GPUs by memory, decimal GB as sold. Source: NVIDIA data sheets; H200 141 GB as vLLM's recipes count it. */
const GPUS = [
  { name: 'RTX 4090 (24 GB)', bytes: 24e9, most: 1 },
  { name: 'H100 (80 GB)', bytes: 80e9, most: 2 },
  { name: 'H200', bytes: 141e9, most: 8 },
] as const

/** Smallest hardware with 1.2 × the weights, on a number of GPUs that divides the attention heads (else it starts and dies). */
function hardwareFor(bf16Bytes: number, attentionHeads: number | null): ServedBy {
  const memoryBytesMin = Math.ceil(bf16Bytes * 1.2)
  for (const gpu of GPUS) {
    for (let gpus = 1; gpus <= gpu.most; gpus *= 2) {
      if (gpus * gpu.bytes < memoryBytesMin || (attentionHeads !== null && attentionHeads % gpus !== 0)) continue
      return {
        precision: 'bf16',
        hardware: `${gpus} × ${gpu.name}`,
        tensorParallel: gpus,
        memoryBytesMin,
        basis: 'computed',
      }
    }
  }
  const nodes = Math.ceil(memoryBytesMin / (8 * 141e9))
  return { precision: 'bf16', hardware: `${nodes * 8} × H200`, tensorParallel: null, memoryBytesMin, basis: 'computed' }
}

/** The place that a source of ours names, without what the catalogue says about it. */
export function placeOf(source: SourceFact): HubPlace | PythonPackagePlace {
  const { precision: _precision, publisher: _publisher, evidence: _evidence, ...place } = source
  return place
}
