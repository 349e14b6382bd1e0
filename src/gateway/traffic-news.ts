/** What the traffic through a gateway tells of itself, for metrics. Pure module: a type. */
import type { QueueNews } from './queue/room-queue.ts'
import type { LimitKind } from './rate-limits/lease-wire.ts'
import type { ScopeLimits } from './snapshot.ts'

export type TrafficNews = QueueNews & {
  /** A limit refused a request. `unavailable`: nobody could count, since control is away. */
  limited(scope: ScopeLimits['scope'] | 'none', of: LimitKind | 'unavailable'): void
  /** A request with an idempotency key was answered, or refused, by what another of that key had come to. */
  replayed(outcome: 'answered' | 'refused'): void
}
