/** The life of a pull. The only place that says which state may follow which. */
export type PullState = 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled'

export const NEXT: Record<PullState, readonly PullState[]> = {
  queued: ['running', 'paused', 'cancelled'],
  // Back to queued: the process ended in the middle.
  running: ['done', 'failed', 'paused', 'cancelled', 'queued'],
  paused: ['queued', 'cancelled'],
  failed: ['queued', 'cancelled'],
  done: [],
  cancelled: [],
}

export const OPEN_STATES: readonly PullState[] = ['queued', 'running', 'paused']

/** States from which a pull may become `to`; for the condition of the UPDATE that moves it. */
export function statesBefore(to: PullState): PullState[] {
  return (Object.keys(NEXT) as PullState[]).filter((from) => NEXT[from].includes(to))
}
