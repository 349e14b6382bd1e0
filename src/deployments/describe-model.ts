/** One model's page: its facts with their sources, what it takes at each precision, who uses it, what deleting it ends. */
import type { Catalog, PrecisionChoice } from '../catalog/catalog.ts'
import type { ModelFacts, SamplingDefaults, SourceFact } from '../catalog/model-family.ts'
import { type Caller, may } from '../identity/rules.ts'
import type { Deployments } from './deployments.ts'
import type { ModelDetailOnWire, PrecisionOnWire } from './detail-schema.ts'
import { fitOnWire, originOnWire, speedOnWire } from './on-wire.ts'
import type { ModelOnWire } from './schema.ts'
import { maySeeReplicas, type ShowModels } from './show-models.ts'

/** Keys and projects that name a model, from the houses that know them. */
export type ModelUsers = {
  keys: {
    id: string
    name: string
    last4: string
    projectId: string
    projectName: string | null
    /** The models it may name; null = all. */
    models: string[] | null
    lastUsedAtMs: number | null
  }[]
  /** Live keys of all organisations whose every model is one of those asked about. */
  keysOnlyThis: number
  projects: {
    id: string
    name: string | null
    organizationId: string
    requests: number
    tokens: number
    /** Beginning of the last UTC day on which it was used. */
    lastDayMs: number
  }[]
}

export type DescribeModelDeps = {
  catalog: Catalog
  deployments: Deployments
  show: ShowModels
  hubUrl: string
  /** Names of people, by id. */
  namesOf: (userIds: string[]) => Promise<ReadonlyMap<string, string>>
  /** Who of those within the caller's reach uses a model under any of these names. */
  usersOf: (caller: Caller, names: string[]) => Promise<ModelUsers>
}

const KEYS_SHOWN = 50
const PROJECTS_SHOWN = 20

const iso = (ms: number) => new Date(ms).toISOString()

/** @throws ModelUnknown */
export async function describeModel(deps: DescribeModelDeps, caller: Caller, id: string): Promise<ModelDetailOnWire> {
  const { catalog, deployments, show, usersOf } = deps
  const facts = catalog.getModel(id)
  const adapters = deployments.adapters().filter((row) => row.baseModel === id)
  const [model, precisions, replicas, users, accepted] = await Promise.all([
    show.model(id),
    catalog.precisionsOf(id, { heldBytes: deployments.heldBytes(id) }),
    maySeeReplicas(caller) ? show.replicas() : [],
    usersOf(caller, [id, ...adapters.map(({ name }) => name)]),
    licenceAccepted(deps, caller, id),
  ])
  const weights = catalog.weightsOf(id)
  const own = replicas.filter((replica) => replica.model === id)
  const keys = [...users.keys].sort((a, b) => Number(b.models !== null) - Number(a.models !== null))
  return {
    model,
    licence_accepted: accepted,
    facts: factsOnWire(facts),
    precisions: precisions.map((choice) => precisionOnWire(deps, choice, model)),
    no_source: facts.sources.length > 0 ? null : facts.noSource,
    artefact: weights && {
      sha256: weights.sha256,
      bytes: weights.bytes,
      precision: weights.precision,
      from: originOnWire(weights.from),
      revision: weights.revision,
      hash_was_promised: weights.hashWasPromised,
      arrived_at: iso(weights.arrivedAtMs),
    },
    adapters: adapters.map(({ name, sha256, scale, createdAt }) => ({
      name,
      sha256,
      scale,
      created_at: createdAt.toISOString(),
    })),
    replicas: own,
    used_by: {
      keys: keys.slice(0, KEYS_SHOWN).map((key) => ({
        id: key.id,
        name: key.name,
        last4: key.last4,
        project_id: key.projectId,
        project_name: key.projectName,
        names_it: key.models !== null,
        last_used_at: key.lastUsedAtMs === null ? null : iso(key.lastUsedAtMs),
      })),
      keys_total: keys.length,
      projects: users.projects.slice(0, PROJECTS_SHOWN).map((project) => ({
        id: project.id,
        name: project.name,
        organization_id: project.organizationId,
        requests: project.requests,
        tokens: project.tokens,
        last_used_on: iso(project.lastDayMs).slice(0, 10),
      })),
    },
    consequences:
      weights === null || !may(caller, 'models.delete')
        ? null
        : {
            replicas: own.length,
            adapters: adapters.map(({ name }) => name),
            keys_naming_only_this: {
              total: users.keysOnlyThis,
              names: users.keys
                .filter((key) => key.models?.every((name) => name === id || adapters.some((row) => row.name === name)))
                .map(({ name }) => name),
            },
            shares_file_with: catalog.sharesFileWith(id),
            bytes_freed: catalog.sharesFileWith(id).length > 0 ? 0 : weights.bytes,
            leaves_the_list: !model.in_catalogue,
            can_be_pulled_again: facts.sources.some((source) => source.precision === weights.precision),
          },
  }
}

/** When, to everybody; by whom, to those who run the installation: the name is a person's. */
async function licenceAccepted(
  { catalog, namesOf }: DescribeModelDeps,
  caller: Caller,
  id: string,
): Promise<ModelDetailOnWire['licence_accepted']> {
  const accepted = await catalog.licenceAcceptance(id)
  if (accepted === null) return null
  const by = may(caller, 'installation.read')
    ? { id: accepted.by, name: (await namesOf([accepted.by])).get(accepted.by) ?? null }
    : null
  return { by, at: iso(accepted.atMs) }
}

function precisionOnWire(
  { hubUrl }: Pick<DescribeModelDeps, 'hubUrl'>,
  { precision, bytes, basis, source, here, fit }: PrecisionChoice,
  model: ModelOnWire,
): PrecisionOnWire {
  const isMeasured = here && model.speed?.basis === 'measured'
  return {
    precision,
    weights_bytes: bytes,
    basis,
    here,
    recommended: precision === model.fit.precision,
    source: source && sourceOnWire(source, hubUrl),
    fit: fitOnWire(fit),
    speed: !model.served ? null : isMeasured ? model.speed : speedOnWire(null, fit.tokensPerSecond),
  }
}

function sourceOnWire(source: SourceFact, hubUrl: string): NonNullable<PrecisionOnWire['source']> {
  const isHub = source.kind === 'hub'
  return {
    kind: source.kind,
    name: isHub ? `${source.repo}/${source.file}` : `${source.package} ${source.version}`,
    url: isHub ? `${hubUrl}/${source.repo}` : null,
    publisher: source.publisher,
    evidence: source.evidence,
  }
}

function factsOnWire(facts: ModelFacts): ModelDetailOnWire['facts'] {
  return {
    context_tokens: facts.context.tokens,
    context_tokens_extended: facts.context.tokensExtended,
    context_bytes_per_token: facts.kv.bytesPerToken,
    context_bytes_why: facts.kv.why ?? null,
    shape: facts.shape && {
      layers: facts.shape.layers,
      attention_heads: facts.shape.attentionHeads,
      kv_heads: facts.shape.kvHeads,
      head_size: facts.shape.headSize,
      embedding_size: facts.shape.embeddingSize ?? null,
    },
    vision: facts.vision,
    thinking: { mode: facts.thinking.mode, argument: facts.thinking.argument },
    parsers: { tool: facts.parsers.tool, reasoning: facts.parsers.reasoning },
    sampling: {
      thinking: facts.sampling.thinking && samplingOnWire(facts.sampling.thinking),
      plain: facts.sampling.plain && samplingOnWire(facts.sampling.plain),
    },
    quirks: [...facts.quirks],
    sources: { ...facts.facts },
  }
}

function samplingOnWire(sampling: SamplingDefaults) {
  return {
    temperature: sampling.temperature,
    ...(sampling.topP === undefined ? {} : { top_p: sampling.topP }),
    ...(sampling.topK === undefined ? {} : { top_k: sampling.topK }),
    ...(sampling.minP === undefined ? {} : { min_p: sampling.minP }),
    ...(sampling.presencePenalty === undefined ? {} : { presence_penalty: sampling.presencePenalty }),
    ...(sampling.repetitionPenalty === undefined ? {} : { repetition_penalty: sampling.repetitionPenalty }),
  }
}
