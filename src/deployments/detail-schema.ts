/** Wire shapes of one model's page, of the load dialog, of a repository of the hub, and of its token. */
import { type Static, Type } from 'typebox'
import { PRECISIONS } from '../catalog/model-family.ts'
import { oneOf, orNull, Time } from '../platform/wire-shapes.ts'
import { FitShape, ModelShape, ReplicaShape, SpeedShape, VERDICTS } from './schema.ts'

const Bytes = Type.Integer({ minimum: 0 })
const Count = Type.Integer({ minimum: 0 })
const Precision = oneOf(PRECISIONS)
const Trouble = Type.Object({ code: Type.String(), message: Type.String() })
const Somebody = Type.Object({ id: Type.String(), name: orNull(Type.String()) })

// ── one model ───────────────────────────────────────────

const Sampling = Type.Object({
  temperature: Type.Optional(Type.Number()),
  top_p: Type.Optional(Type.Number()),
  top_k: Type.Optional(Type.Integer()),
  min_p: Type.Optional(Type.Number()),
  presence_penalty: Type.Optional(Type.Number()),
  repetition_penalty: Type.Optional(Type.Number()),
})

export const FactsShape = Type.Object({
  context_tokens: Count,
  context_tokens_extended: orNull(
    Type.Integer({ description: 'With a stretched position encoding, which no engine here sets.' }),
  ),
  context_bytes_per_token: orNull(Count),
  context_bytes_why: orNull(Type.String({ description: 'Why there is no constant.' })),
  shape: orNull(
    Type.Object({
      layers: Count,
      attention_heads: Count,
      kv_heads: Count,
      head_size: Count,
      embedding_size: orNull(Count),
    }),
  ),
  vision: Type.Boolean({ description: 'It takes pictures elsewhere; here it reads text only.' }),
  thinking: Type.Object({
    mode: oneOf(['never', 'always', 'switch']),
    argument: orNull(Type.String({ description: 'Template argument that switches it.' })),
  }),
  parsers: Type.Object({ tool: Type.String(), reasoning: Type.String() }, { description: 'Of the engine here.' }),
  sampling: Type.Object(
    { thinking: orNull(Sampling), plain: orNull(Sampling) },
    { description: 'What its maker recommends; used where a request does not say.' },
  ),
  quirks: Type.Array(Type.String()),
  sources: Type.Object(
    {
      licence: Type.String(),
      parameters: Type.String(),
      context: Type.String(),
      weights: Type.String(),
      kv: Type.String(),
      shape: Type.String(),
      parsers: Type.String(),
      sampling: Type.String(),
      servedBy: Type.String(),
    },
    { description: 'Where each group of facts comes from, and when it was read.' },
  ),
})

export const SourceShape = Type.Object({
  kind: oneOf(['hub', 'python-package']),
  name: Type.String({ description: '`owner/repo/file.gguf`, or package and version.' }),
  url: orNull(Type.String()),
  publisher: oneOf(['maker', 'community']),
  evidence: Type.String({ description: 'Whether anybody fetched it, or the name comes from elsewhere.' }),
})

export const PrecisionShape = Type.Object({
  precision: Precision,
  weights_bytes: Bytes,
  basis: oneOf(['measured', 'published', 'computed']),
  here: Type.Boolean(),
  recommended: Type.Boolean({ description: 'What a pull would fetch by itself.' }),
  source: orNull(SourceShape),
  fit: FitShape,
  speed: orNull(SpeedShape),
})

export const UsedByShape = Type.Object({
  keys: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      last4: Type.String(),
      project_id: Type.String(),
      project_name: orNull(Type.String()),
      names_it: Type.Boolean({ description: 'False: it may name any model.' }),
      last_used_at: orNull(Time),
    }),
    { description: 'Live keys within your reach that may name it; 50 at most, those that name it first.' },
  ),
  keys_total: Count,
  projects: Type.Array(
    Type.Object({
      id: Type.String(),
      name: orNull(Type.String()),
      organization_id: Type.String(),
      requests: Count,
      tokens: Type.Integer({ description: 'In and out.' }),
      last_used_on: Type.String({ format: 'date', description: 'UTC.' }),
    }),
    { description: 'Projects within your reach that used it in the last 30 days; 20 at most, latest first.' },
  ),
})

export const ConsequencesShape = Type.Object(
  {
    replicas: Count,
    adapters: Type.Array(Type.String(), { description: 'Stop answering until the weights are here again.' }),
    keys_naming_only_this: Type.Object({
      total: Type.Integer({ description: 'In all organisations.' }),
      names: Type.Array(Type.String(), { description: 'Of those within your reach.' }),
    }),
    shares_file_with: Type.Array(Type.String(), { description: 'Models that keep the file on disk.' }),
    bytes_freed: Bytes,
    leaves_the_list: Type.Boolean({ description: 'It is not in the catalogue: nothing remembers it afterwards.' }),
    can_be_pulled_again: Type.Boolean(),
  },
  { description: 'What deleting its weights would end.' },
)

export const ModelDetailShape = Type.Object(
  {
    model: ModelShape,
    licence_accepted: orNull(
      Type.Object({ by: orNull(Somebody), at: Time }, { description: '`by` is told to operators only.' }),
    ),
    facts: FactsShape,
    precisions: Type.Array(PrecisionShape),
    no_source: orNull(Type.String({ description: 'Why nothing can be pulled, where it cannot.' })),
    artefact: orNull(
      Type.Object({
        sha256: Type.String(),
        bytes: Bytes,
        precision: Precision,
        from: Type.String(),
        revision: orNull(Type.String()),
        hash_was_promised: Type.Boolean({
          description: 'False: the source publishes none; only the form was checked.',
        }),
        arrived_at: Time,
      }),
    ),
    adapters: Type.Array(
      Type.Object({ name: Type.String(), sha256: Type.String(), scale: Type.Number(), created_at: Time }),
    ),
    replicas: Type.Array(ReplicaShape, { description: 'Told to those who may see what runs.' }),
    used_by: UsedByShape,
    consequences: orNull(ConsequencesShape),
  },
  { $id: 'ModelDetail' },
)

export const LoadEstimateShape = Type.Object({
  verdict: oneOf(VERDICTS),
  reason_code: oneOf([...VERDICTS, 'size-unknown']),
  basis: oneOf(['engine', 'computed'], {
    description:
      '`engine`: asked of the engine library about the file here; `computed`: from the catalogue, show it with ≈.',
  }),
  precision: orNull(Precision),
  context_tokens: Type.Integer({ description: 'Of each sequence: as asked for, or what it would get.' }),
  sequences: Count,
  context_tokens_max: Count,
  context_bytes_per_token: orNull(Count),
  weights_bytes: orNull(Bytes),
  context_bytes: orNull(Bytes),
  working_bytes: orNull(Type.Integer()),
  needed_bytes: orNull(Bytes),
  held_bytes: Type.Integer({ description: 'What its own engine holds, which a load gives back first.' }),
  free_bytes: Type.Integer({ description: 'With `held_bytes` in it.' }),
  capacity_bytes: Bytes,
  left_bytes: orNull(Type.Integer({ description: 'Free afterwards; below 0 = too little.' })),
  unloads: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
    description: 'Models that would be unloaded first, least recently used first.',
  }),
  speed: orNull(SpeedShape),
})

// ── the hub ─────────────────────────────────────────────

export const RepositoryShape = Type.Object(
  {
    name: Type.String(),
    url: Type.String(),
    revision: Type.String({ description: 'Commit that was looked at.' }),
    gated: Type.Boolean({ description: 'Whether its owner wants to be asked first.' }),
    licence_id: orNull(Type.String()),
    model: orNull(
      Type.Object({
        name: Type.String(),
        family: Type.String(),
        task: Type.String(),
        parameters_total: Count,
        context_tokens: Count,
      }),
    ),
    header_problem: orNull(Trouble),
    files: Type.Array(
      Type.Object({
        reference: Type.String({ description: 'Give it to `POST /api/models/{id}/pull` as the id.' }),
        path: Type.String(),
        bytes: Bytes,
        sha256: orNull(Type.String()),
        quantisation: orNull(Type.String({ description: 'As the file name says.' })),
        id: orNull(Type.String({ description: 'What the model would be called; `as` of a pull says otherwise.' })),
        id_taken: Type.Boolean(),
        here: Type.Boolean(),
        unusable: orNull(oneOf(['split', 'projector', 'name'])),
        fit: orNull(FitShape),
        speed: orNull(SpeedShape),
      }),
      { description: 'GGUF files, smallest first; 500 at most.' },
    ),
  },
  { $id: 'HubRepository' },
)

export const HubSettingsShape = Type.Object({
  hub_url: Type.String({ description: 'HF_ENDPOINT, or the hub itself.' }),
  import_folder: Type.String({
    description: 'IMPORT_FOLDER: below it lie the files of this machine that the console takes in.',
  }),
  token: Type.Object({
    source: oneOf(['configuration', 'settings', 'none'], {
      description: '`configuration`: HF_TOKEN or the config file, which go before what is set here.',
    }),
    last4: orNull(Type.String()),
    set_by: orNull(Somebody),
    set_at: orNull(Time),
    readable: Type.Boolean({ description: 'False: the secret that sealed it is gone; set it again.' }),
    editable: Type.Boolean(),
  }),
})

export const HubTokenBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 300 }) },
  { additionalProperties: false },
)

export type ModelDetailOnWire = Static<typeof ModelDetailShape>
export type PrecisionOnWire = Static<typeof PrecisionShape>
export type LoadEstimateOnWire = Static<typeof LoadEstimateShape>
export type RepositoryOnWire = Static<typeof RepositoryShape>
export type HubSettingsOnWire = Static<typeof HubSettingsShape>
