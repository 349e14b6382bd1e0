/**
 * Wire shapes of models, pulls and replicas. A page imports the types at the end; `on-wire.ts` makes the values.
 *
 * Units are in the names: `_bytes`, `_tokens`, `_per_second`; times are UTC. Sentences (`reason`, `message`) are English;
 * beside each stands a code with the numbers it is made of, so that a page can say it in another language.
 */
import { type Static, Type } from 'typebox'
import { PRECISIONS } from '../catalog/model-family.ts'
import { oneOf, orNull, PageQuery, Time } from '../platform/wire-shapes.ts'
import { REPLICA_STATES } from './replica.ts'

const Bytes = Type.Integer({ minimum: 0 })
const Count = Type.Integer({ minimum: 0 })
const Trouble = Type.Object({ code: Type.String(), message: Type.String() })
const Precision = oneOf(PRECISIONS)

export const VERDICTS = ['fits', 'tight', 'fits-alone', 'does-not-fit'] as const
export const MODEL_STATES = ['loaded', 'loading', 'here', 'failed', 'pulling', 'paused', 'not-here'] as const
export const MODEL_SORTS = ['fit', 'name', 'family', 'parameters', 'context', 'needed', 'speed', 'state'] as const

// ── pulls ───────────────────────────────────────────────

export const PULL_STATES = ['queued', 'running', 'paused', 'done', 'failed', 'cancelled'] as const

export const PullShape = Type.Object(
  {
    id: Type.String(),
    model: Type.String(),
    model_name: Type.String(),
    state: oneOf(PULL_STATES),
    allowed: Type.Array(oneOf(PULL_STATES), { description: 'States that it may go to now.' }),
    phase: orNull(oneOf(['fetching', 'checking'], { description: 'What it does while it runs.' })),
    source: oneOf(['hub', 'python-package', 'local-file']),
    from: Type.String({ description: 'Where the weights come from, in one line.' }),
    precision: Precision,
    bytes_done: Bytes,
    bytes_total: Type.Integer({ minimum: 0, description: '0 until the source has said.' }),
    bytes_per_second: Bytes,
    seconds_left: orNull(Count),
    error: orNull(Trouble),
    created_at: Time,
    updated_at: Time,
  },
  { $id: 'Pull' },
)

export const PullQuery = Type.Object(
  {
    limit: PageQuery.limit,
    after: PageQuery.after,
    state: Type.Optional(Type.Array(oneOf(PULL_STATES))),
    model: Type.Optional(Type.String({ maxLength: 300 })),
  },
  { additionalProperties: false },
)

// ── fit and speed ───────────────────────────────────────

export const SpeedShape = Type.Object({
  tokens_per_second: Type.Number({ description: 'One stream alone. Of an embedding model: tokens read.' }),
  basis: oneOf(['measured', 'estimated'], {
    description: '`measured`: by real requests here; `estimated`: show it with ≈.',
  }),
  measured_at: orNull(Time),
  bandwidth_bytes_per_second: orNull(Type.Number({ description: 'What an estimate is made from.' })),
  bandwidth_share: orNull(Type.Number({ description: 'Share of that bandwidth that engines reach.' })),
  bytes_read_per_token: orNull(Bytes),
})

export const HardwareShape = Type.Object({
  hardware: Type.String({ description: 'Such as `8 × H200`.' }),
  precision: Precision,
  memory_bytes_min: Bytes,
  basis: oneOf(['published', 'computed']),
})

export const FitShape = Type.Object({
  verdict: oneOf(VERDICTS, {
    description:
      '`tight`: less than 15 % would be left; `fits-alone`: other models must be unloaded; of a loaded model, as if it were not.',
  }),
  reason_code: oneOf([...VERDICTS, 'size-unknown'], { description: 'What `reason` says, for another language.' }),
  reason: Type.String(),
  precision: orNull(Precision),
  context_tokens: Type.Integer({ description: 'Context that the numbers are for.' }),
  weights_bytes: orNull(Bytes),
  context_bytes: orNull(Bytes),
  working_bytes: orNull(Type.Integer({ description: 'The process and its buffers.' })),
  needed_bytes: orNull(Type.Integer({ description: 'The three together; while it is loaded, what it was given.' })),
  needed_basis: oneOf(['loaded', 'estimated']),
  capacity_bytes: Type.Integer({ description: 'What all models together may take.' }),
  free_bytes: Type.Integer({
    description: 'Of it, free for this model now; what its own engine holds counts as free.',
  }),
  memory: orNull(Type.Object({ kind: oneOf(['memory', 'gpu']), name: Type.String() })),
  served_by: Type.Array(HardwareShape, { description: 'Hardware that would serve it, where it does not fit here.' }),
})

// ── models ──────────────────────────────────────────────

export const LicenceShape = Type.Object({
  id: Type.String({ description: 'SPDX where there is one.' }),
  name: Type.String(),
  url: Type.String(),
  must_accept: Type.Boolean({ description: 'Whether somebody must accept it before it is pulled.' }),
})

export const ModelShape = Type.Object(
  {
    id: Type.String({ description: 'What a client names in `model`.' }),
    name: Type.String(),
    family: Type.String(),
    task: oneOf(['chat', 'embedding', 'rerank', 'moderation']),
    served: Type.Boolean({ description: 'Whether an engine here runs models of this task.' }),
    in_catalogue: Type.Boolean({
      description: 'False: pulled or imported by hand; gone when its weights are deleted.',
    }),
    owned_by: Type.String(),
    licence: LicenceShape,
    parameters_total: Count,
    parameters_active: Type.Integer({ description: 'Read for each token; less than all in models of experts.' }),
    context_tokens: Type.Integer({ description: 'What it was made for.' }),
    precision: orNull(oneOf(PRECISIONS, { description: 'Of the weights here, or what would be fetched.' })),
    fit: FitShape,
    speed: orNull(SpeedShape),
    state: oneOf(MODEL_STATES, { description: '`here`: on disk. `failed`: see `trouble`.' }),
    trouble: orNull(Trouble),
    weights: orNull(Type.Object({ sha256: Type.String(), bytes: Bytes, precision: Precision })),
    pull: orNull(PullShape),
    engine: orNull(
      Type.Object({
        engine_id: Type.String(),
        context_tokens: Count,
        sequences: Count,
        memory_bytes: Bytes,
      }),
    ),
  },
  { $id: 'Model' },
)

const many = <Shape extends Type.TSchema>(shape: Shape, description: string) =>
  Type.Optional(Type.Array(shape, { maxItems: 50, description }))
const name = Type.String({ maxLength: 100 })

export const ModelQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 200, description: 'Rows wanted.' })),
    after: Type.Optional(Type.String({ maxLength: 300, description: '`next` of the page before.' })),
    q: Type.Optional(Type.String({ maxLength: 100, description: 'Words that id, name, family or maker hold.' })),
    family: many(name, 'Any of these; give it several times.'),
    task: many(name, 'Any of these.'),
    licence: many(name, 'Any of these ids.'),
    fit: many(oneOf(VERDICTS), 'Any of these verdicts. Models that no engine here runs have none.'),
    state: many(oneOf(MODEL_STATES), 'Any of these.'),
    parameters_min: Type.Optional(Type.Integer({ minimum: 0 })),
    parameters_max: Type.Optional(Type.Integer({ minimum: 0 })),
    here: Type.Optional(Type.Boolean({ description: 'Only models whose weights are here.' })),
    fits: Type.Optional(Type.Boolean({ description: 'Only models that fit this machine, alone or beside others.' })),
    sort: Type.Optional(oneOf(MODEL_SORTS, { default: 'fit' })),
    order: Type.Optional(oneOf(['asc', 'desc'], { default: 'asc' })),
  },
  { additionalProperties: false },
)

const Facet = Type.Array(Type.Object({ value: Type.String(), count: Count }))

export const FacetsShape = Type.Object(
  {
    family: Facet,
    task: Facet,
    licence: Facet,
    fit: Facet,
    state: Facet,
    parameters: orNull(Type.Object({ min: Count, max: Count }, { description: 'Smallest and largest of all models.' })),
  },
  { description: 'Models that each value would leave, with the other filters as they are; commonest first.' },
)

// ── what runs ───────────────────────────────────────────

export const LastHourShape = Type.Object({
  ends_at: Time,
  tokens_per_second: Type.Array(orNull(Type.Number()), {
    description: '60 whole minutes, oldest first, the last one ends at `ends_at`; null = nobody watched then.',
  }),
})

export const ReplicaShape = Type.Object(
  {
    id: Type.String({ description: 'Of its engine; a restart gives a new one.' }),
    model: Type.String(),
    model_name: Type.String(),
    task: oneOf(['chat', 'embedding']),
    engine_kind: oneOf(['embedded', 'llama-server']),
    state: oneOf(REPLICA_STATES),
    last_error: orNull(Type.Object({ code: Type.String(), message: Type.String(), at: Time })),
    memory_bytes: Type.Integer({ description: 'Set aside for it.' }),
    resident_bytes: orNull(
      Type.Integer({ description: 'What its process takes now; weights that are mapped count once read.' }),
    ),
    slots_busy: orNull(Count),
    slots_total: Type.Integer({ description: 'Requests answered at once (sequences).' }),
    waiting: orNull(Count),
    context_tokens: Type.Integer({ description: 'Of each sequence.' }),
    threads: Count,
    tokens_per_second: orNull(
      Type.Number({ description: 'Over the last seconds; null = this engine tells no figures.' }),
    ),
    tokens_are: oneOf(['written', 'read']),
    last_hour: orNull(LastHourShape),
    up_since: orNull(Time),
    restarts: Count,
    adapters: Type.Array(Type.String()),
  },
  { $id: 'Replica' },
)

export const StripShape = Type.Object({
  machine: Type.Object({ name: Type.String(), cores: Count, gpus: Type.Array(Type.String()) }),
  memory: Type.Object({ used_bytes: Bytes, budget_bytes: Bytes, free_bytes: Bytes }),
  loaded: Type.Object({ models: Count, replicas: Count }),
  slots: Type.Object({ busy: Count, total: Count, waiting: Count }),
  tokens_per_second: Type.Number({ description: 'Written by all replicas; what embedding models read is not in it.' }),
  peak_today: orNull(
    Type.Object({ tokens_per_second: Type.Number(), at: Time }, { description: 'Busiest minute since 0:00 UTC.' }),
  ),
  last_hour: LastHourShape,
  disk: Type.Object({ models_bytes: Bytes, files: Count, free_bytes: Bytes }),
})

export const ModelPage = Type.Object({
  data: Type.Array(ModelShape),
  next: orNull(Type.String({ description: 'Give it as `after` to get the next page; null on the last.' })),
  total: Type.Integer({ description: 'Models that the filters leave.' }),
  total_all: Type.Integer({ description: 'Models without any filter.' }),
  facets: FacetsShape,
  strip: orNull(StripShape),
})

export const ReplicaList = Type.Object({
  data: Type.Array(ReplicaShape, { description: 'All of them: as many as fit into memory.' }),
  strip: StripShape,
})

export type PullOnWire = Static<typeof PullShape>
export type SpeedOnWire = Static<typeof SpeedShape>
export type FitOnWire = Static<typeof FitShape>
export type ModelOnWire = Static<typeof ModelShape>
export type ModelQueryOnWire = Static<typeof ModelQuery>
export type FacetsOnWire = Static<typeof FacetsShape>
export type ReplicaOnWire = Static<typeof ReplicaShape>
export type StripOnWire = Static<typeof StripShape>
export type ModelPageOnWire = Static<typeof ModelPage>
export type ReplicaListOnWire = Static<typeof ReplicaList>
