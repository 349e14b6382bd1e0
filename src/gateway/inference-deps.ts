/** What answering a request to a model takes. */
import type { UsageRecord, UsageSink } from '../billing/usage-record.ts'
import type { Clock } from '../platform/clock.ts'
import type { ContentOutbox } from './content-outbox.ts'
import type { ControlClient } from './control-client.ts'
import type { EnginePools } from './engine-pools.ts'
import { Starting } from './errors.ts'
import type { AskWithin } from './hooks/moderator.ts'
import type { Idempotency } from './idempotency/idempotency.ts'
import type { KeyUses } from './key-uses.ts'
import type { GatewayLimits } from './limits.ts'
import type { RoomQueue } from './queue/room-queue.ts'
import type { RateLimiter } from './rate-limits/rate-limiter.ts'
import type { HeldBytes } from './read-body.ts'
import type { RoutingDeps } from './routing/ask-engines.ts'
import type { Shadows } from './routing/shadow.ts'
import type { KeyKind } from './snapshot.ts'
import type { InForce, Snapshots } from './snapshot-client.ts'
import type { Tracing } from './tracing/tracing.ts'

export type InferenceDeps = Omit<RoutingDeps, 'limits'> & {
  shadows: Shadows
  snapshots: Snapshots
  pools: EnginePools
  usage: UsageSink
  content: ContentOutbox
  keyUses: KeyUses
  limits: GatewayLimits
  rateLimits: RateLimiter
  held: HeldBytes
  /** Null or absent = no spans are made. */
  tracing?: Tracing | null
  idempotency: Idempotency
  queue: RoomQueue
  /** Asks a guard model for a project's hooks. */
  askGuard: AskWithin
  /** Keeps responses. */
  control: Pick<ControlClient, 'responses'>
  clock: Clock
  /** Told of each closed record, for metrics. */
  onRecord(record: UsageRecord, keyKind: KeyKind): void
}

/** @throws Starting before keys and routes are here */
export function inForce(deps: InferenceDeps): InForce {
  const current = deps.snapshots.current()
  if (current === null) throw new Starting({})
  return current
}
