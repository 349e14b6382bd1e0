/**
 * The trail of changes as a chain: each event's hash covers its content and the hash before it, so that a changed,
 * added or missing event shows. Whoever can write the database can forge a whole new chain; noting the head's hash
 * elsewhere from time to time is what shows that too.
 * Pure module.
 */
import { createHash } from 'node:crypto'

export type AuditActor = { kind: 'person' | 'key' | 'machine'; id: string }

/** What happened, before it has a place in the chain. `before` and `after` never hold a secret. */
export type AuditEntry = {
  actor: AuditActor
  /** Stable, noun first: `key.created`. */
  action: string
  /** Id of what was changed. */
  target: string
  /** Whose trail it belongs to; null = the installation's. */
  organizationId: string | null
  /** Where the request came from; null = this machine, or unknown. */
  address: string | null
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
}

export type AuditEvent = Required<AuditEntry> & {
  id: string
  /** 1, 2, 3 … */
  sequence: number
  at: Date
  previousHash: string
  hash: string
}

export type ChainEnd = { sequence: number; hash: string }

/** Before the first event. */
export const CHAIN_START: ChainEnd = { sequence: 0, hash: '0'.repeat(64) }

/** Gives an entry its place after `end`. */
export function appendTo(end: ChainEnd, entry: AuditEntry, id: string, at: Date): AuditEvent {
  const unsealed = {
    ...entry,
    before: entry.before ?? null,
    after: entry.after ?? null,
    id,
    sequence: end.sequence + 1,
    at,
    previousHash: end.hash,
  }
  return { ...unsealed, hash: hashOf(unsealed) }
}

export type ChainVerdict =
  | { intact: true; end: ChainEnd }
  /** `event`: the first one that does not follow. */
  | { intact: false; event: string; why: string }

/** Whether `events`, in order, follow `end` without a break. */
export function checkChain(end: ChainEnd, events: readonly AuditEvent[]): ChainVerdict {
  for (const event of events) {
    if (event.sequence !== end.sequence + 1)
      return {
        intact: false,
        event: event.id,
        why: `It is number ${event.sequence}, and ${end.sequence + 1} should come here: an event was taken out or added.`,
      }
    if (event.previousHash !== end.hash)
      return { intact: false, event: event.id, why: 'It does not continue the event before it.' }
    if (event.hash !== hashOf(event))
      return { intact: false, event: event.id, why: 'Its content is not what was written then.' }
    end = event
  }
  return { intact: true, end: { sequence: end.sequence, hash: end.hash } }
}

function hashOf(event: Omit<AuditEvent, 'hash'>): string {
  const { id, sequence, at, organizationId, actor, action, target, address, before, after, previousHash } = event
  const content = [
    id,
    sequence,
    at.toISOString(),
    organizationId,
    actor.kind,
    actor.id,
    action,
    target,
    address,
    before,
    after,
  ]
  return createHash('sha256').update(previousHash).update('\n').update(canonicalJson(content)).digest('hex')
}

/** JSON with sorted names: the database gives objects back with its own order of names. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
