/**
 * What a gateway worker holds in memory: every secret of every key, and every route. Control pushes it whole on connect
 * and again on each change (a few thousand keys are a few hundred kB; deltas would save little and could drift).
 *
 *   worker ── GET /internal/snapshot?worker=N (stays open) ──► control   one JSON `Snapshot` per line; a blank line every 5 s
 *   worker ── POST /internal/snapshot/{version}/seen { worker } ──► control     so that a revoke can wait for all workers
 *   worker ── POST /internal/wake { model } ──► control            load a model that has weights but no replica; answers
 *                                                                   200 { route } when ready, or an AppError body
 *   worker ── POST /internal/key-uses { worker, uses } ──► control 204 once they are noted: `KeyUse`s, of a secret that was
 *                                                                   not used before at once, else every 10 s at most
 *   worker ── POST /internal/limits ──► control                 what is spent of limits, and more of them: `rate-limits/lease-wire.ts`
 *   worker ── POST /internal/usage { worker, records } ──► control 204 once they are committed; ids make a repeat harmless;
 *                                                                   a 4xx sets them aside for a person to look at
 *   worker ── POST /internal/content { worker, contents } ──► control   204 once they are committed: `SentContent`s, what
 *                                                                   requests said, where the project keeps it
 *   worker ── POST /internal/responses ──► control                  201 once a `StoredResponse` is committed, 204 where its
 *                                                                   project keeps none
 *   worker ── POST /internal/responses/items ──► control            `ItemsFound`: what was said before a request, which waits
 *   worker ── POST /internal/responses/read · remove · input-items ──► control   what clients ask of what is kept
 *
 * Pure module: types only.
 */

import type { SafetyPolicy } from '../safety/policy.ts'

export type Snapshot = {
  /** Rises with each change of this control's life; a new control starts above the old one's last. */
  version: number
  /** A key is here once for each secret that works: after a rotation the old one too, until it ends. */
  keys: SnapshotKey[]
  routes: SnapshotRoute[]
  /** Names that operators made, and how each is served. None is called like a route. */
  aliases: SnapshotAlias[]
  /** What projects have looked for in their requests and answers; absent or empty = none has anything. */
  safety?: SnapshotSafety[]
  /** Models of `routes` that get no new request, while running ones end. */
  draining: string[]
}

export type SnapshotSafety = { projectId: string; policy: SafetyPolicy }

/** A key as the gateway needs it. The secret is not here: only its SHA-256. */
export type SnapshotKey = {
  id: string
  /** Hex SHA-256 of the whole key string. */
  sha256: string
  organizationId: string
  projectId: string
  scopes: KeyScope[]
  /** Models it may name; null = all. */
  models: string[] | null
  /** Addresses and ranges that a client must come from, canonical (`ip-range.ts`); null = anywhere. */
  ips: string[] | null
  /** When this secret ends, in milliseconds since the epoch; null = never. */
  expiresAtMs: number | null
  /** Opaque to engines: one per project. */
  salt: string
  /** Opaque to engines: one per key. */
  share: string
  /** Whose it is, for metrics: a person's, a service account's, or the console's own. */
  kind: KeyKind
  /** Whether this project lets prompts reach a disk. */
  contentOnDisk: boolean
  /** Whether what requests and answers say is kept, and where they came from with it; null = nothing is. */
  contentLogging: { address: boolean } | null
  /** Limits of the key, its project and its organisation, of those that have any; null = none has. */
  limits: ScopeLimits[] | null
}

/** How much may be asked of models by one key, or by all keys of a project or an organisation. Null = no limit. */
export type ScopeLimits = {
  scope: 'key' | 'project' | 'organization'
  id: string
  requestsPerMinute: number | null
  /** Prompt and answer together. */
  tokensPerMinute: number | null
  /** Requests that run at once. */
  concurrency: number | null
}

/** That a key was let in, by which of its secrets. */
export type KeyUse = { keyId: string; sha256: string; atMs: number }

export type KeyKind = 'key' | 'service_account' | 'console'

export type KeyScope = 'inference' | 'models.read'

/** One name a client may put in `model`. */
export type SnapshotRoute = {
  model: string
  /** Adapter to ask the engine for; null = the base itself. */
  adapter: string | null
  /** Who serves it: a deployment of this installation, or an upstream. Exactly one of the two is set. */
  deploymentId: string | null
  upstreamId: string | null
  task: 'chat' | 'embedding'
  contextTokens: number
  /** Seconds since the epoch, for `created` in `GET /v1/models`. */
  createdS: number
  ownedBy: string
  /**
   * A deployment's ready replicas. Empty: the model has weights but is not loaded; `wake` loads it. An upstream has exactly
   * one, healthy or not, and can never be woken.
   */
  replicas: SnapshotReplica[]
}

/** A name that leads to one of several models. */
export type SnapshotAlias = {
  name: string
  /** Seconds since the epoch, for `created` in `GET /v1/models`. */
  createdS: number
  /**
   * Tried one after the other: the next where every model of the one before refused, is broken, or timed out before the
   * first byte. Within a tier the weights decide. Models are names of `routes`; those that are not there are passed over.
   */
  tiers: { targets: { model: string; weight: number }[] }[]
  /** How many attempts more than the first may reach an engine. */
  retries: number
  /** Longest wait of a stream for its first content, in milliseconds; null = what holds for every engine. */
  firstTokenMs: number | null
  /** Longest silence within an answer, in milliseconds; null = what holds for every engine. */
  silenceMs: number | null
  /** A copy of a share (0–1) of its requests goes to this model too, and nobody gets the answer; null = none does. */
  shadow: { model: string; share: number } | null
}

export type SnapshotReplica = {
  engineId: string
  /**
   * `tradewind`: knows our headers and can be told to stop a request; `openai`: speaks OpenAI's API and no more;
   * `anthropic`: speaks Anthropic's Messages.
   */
  speaks: 'tradewind' | 'openai' | 'anthropic'
  /** Exactly one of the two: a local engine's socket, or an upstream's base URL, with or without `/v1` at its end. */
  socketPath: string | null
  baseUrl: string | null
  /** Headers that let us in, by lower-case name; secrets. Null = none is needed. */
  authorization: Record<string, string> | null
  /** What the body's `model` must say there; null = what the client wrote. */
  remoteModel: string | null
  /** Where its name may lead: `public` keeps to the internet, `private` may reach this machine and its network too. */
  network: 'public' | 'private'
  /** False where control's last probe failed: to be asked only where no healthy one is left. */
  healthy: boolean
}
