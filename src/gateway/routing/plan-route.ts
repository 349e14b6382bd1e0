/**
 * Decides where a request goes: which model of a route, then which replica of that model.
 *
 * Both are chosen by rendezvous hashing. Everything that could be chosen gets a score from the request's key and its own
 * name, and the highest wins. A weight bends the score, so that over many keys each model gets its share, while one key
 * always meets the same one; and when a weight changes or a replica comes, only the keys move that have to. A ring of
 * virtual nodes, the alternative, does the same with a table to keep.
 *
 *   model     key of the conversation, or chance   so that a conversation does not flip between two models of a canary
 *   replica   key of the prompt's beginning        so that an engine finds the prefix that it has computed before
 *
 * A replica that many prompts begin like would drown: what is full by `loadMax` is passed over for the next best.
 *
 * Pure module.
 */
import type { SnapshotReplica, SnapshotRoute } from '../snapshot.ts'

/** One model of a tier. Weight 0 = nothing is sent there. */
export type Target = { leaf: SnapshotRoute; weight: number }

/** 32 bits, unsigned. */
export type HashKey = number

/** How much more than an equal share one replica may hold before another one is asked. */
const LOAD_LEEWAY = 1.25

/**
 * The models of a route in the order in which they are tried: tier after tier, and within a tier by weight.
 * @param key equal keys give equal orders
 */
export function orderTargets(tiers: readonly (readonly Target[])[], key: HashKey): SnapshotRoute[] {
  const ordered: SnapshotRoute[] = []
  for (const tier of tiers) {
    const scored = tier
      .filter(({ weight }) => weight > 0)
      .map(({ leaf, weight }) => ({ leaf, score: -weight / Math.log(scoreOf(key, leaf.model)) }))
      .sort((one, other) => other.score - one.score)
    for (const { leaf } of scored) if (!ordered.includes(leaf)) ordered.push(leaf)
  }
  return ordered
}

/**
 * The replica for a prompt that begins like `key` says; null = the least loaded, equals taking turns.
 * @param replicas those that may be asked
 * @param turn moves with each call
 * @returns null when there is none to choose from
 */
export function chooseReplica(
  replicas: readonly SnapshotReplica[],
  loadOf: (replica: SnapshotReplica) => number,
  key: HashKey | null,
  turn: number,
): SnapshotReplica | null {
  if (replicas.length < 2) return replicas[0] ?? null
  return key === null ? leastLoaded(replicas, loadOf, turn) : bestWithin(replicas, loadOf, key)
}

/** The most that one of them may hold, this request included. */
export function loadMax(loadTotal: number, replicas: number): number {
  return Math.ceil((LOAD_LEEWAY * (loadTotal + 1)) / replicas)
}

function bestWithin(
  replicas: readonly SnapshotReplica[],
  loadOf: (replica: SnapshotReplica) => number,
  key: HashKey,
): SnapshotReplica | null {
  let total = 0
  for (const replica of replicas) total += loadOf(replica)
  const most = loadMax(total, replicas.length)
  let best: SnapshotReplica | null = null
  let bestScore = -1
  for (const replica of replicas) {
    if (loadOf(replica) + 1 > most) continue
    const score = scoreOf(key, replica.engineId)
    if (score <= bestScore) continue
    best = replica
    bestScore = score
  }
  return best
}

function leastLoaded(
  replicas: readonly SnapshotReplica[],
  loadOf: (replica: SnapshotReplica) => number,
  turn: number,
): SnapshotReplica | null {
  let best: SnapshotReplica | null = null
  let bestLoad = Number.POSITIVE_INFINITY
  for (let i = 0; i < replicas.length; i++) {
    const replica = replicas[(i + turn) % replicas.length] as SnapshotReplica
    const load = loadOf(replica)
    if (load < bestLoad) {
      best = replica
      bestLoad = load
    }
  }
  return best
}

/** Evenly spread between 0 and 1, neither of them included: FNV-1a over the name, then MurmurHash3's last mixing. */
function scoreOf(key: HashKey, name: string): number {
  let hash = key ^ 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash ^= hash >>> 16
  return ((hash >>> 0) + 0.5) / 2 ** 32
}
