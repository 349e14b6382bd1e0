/** What routing tells of itself, for metrics. Pure module: types and a listener that hears nothing. */
import type { FailedAttempt } from '../../billing/request-detail.ts'

export type AttemptOutcome = FailedAttempt['failed'] | 'answered' | 'cut' | 'left'

/** How a copy ended: `skipped` where as many as may be ran already, or it could not be asked. */
export type ShadowOutcome = 'answered' | 'failed' | 'skipped'

export type RoutingNews = {
  attempt(outcome: AttemptOutcome, model: string): void
  /** Another model than the first choice answered for an alias. */
  fallback(alias: string): void
  /** A request was not tried again, since the worker's budget is spent. */
  retryDenied(): void
  /** @param tokensOut that the copy's answer had */
  shadow(outcome: ShadowOutcome, alias: string, tokensOut: number): void
}

export const UNHEARD_NEWS: RoutingNews = { attempt() {}, fallback() {}, retryDenied() {}, shadow() {} }
