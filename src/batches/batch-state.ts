/** The states of a batch, which are OpenAI's, and the only place where one follows another. Pure module. */

export type BatchStatus =
  | 'validating'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelling'
  | 'cancelled'

export const BATCH_STATUSES = [
  'validating',
  'in_progress',
  'finalizing',
  'completed',
  'failed',
  'expired',
  'cancelling',
  'cancelled',
] as const satisfies readonly BatchStatus[]

export const NEXT: Record<BatchStatus, readonly BatchStatus[]> = {
  validating: ['in_progress', 'failed', 'expired', 'cancelling'],
  in_progress: ['finalizing', 'failed', 'expired', 'cancelling'],
  finalizing: ['completed'],
  cancelling: ['cancelled'],
  completed: [],
  failed: [],
  expired: [],
  cancelled: [],
}

/** Those from which a batch goes on by itself. */
export const OPEN = BATCH_STATUSES.filter((status) => NEXT[status].length > 0)

export const isOpen = (status: BatchStatus): boolean => NEXT[status].length > 0
export const mayCancel = (status: BatchStatus): boolean => NEXT[status].includes('cancelling')

/** Those from which `to` may be reached: what an update of a row is bound to. */
export const before = (to: BatchStatus): BatchStatus[] => BATCH_STATUSES.filter((status) => NEXT[status].includes(to))

/** How a batch may end, and what is said of the lines that were not answered then; null = there are none. */
export type Ending = 'completed' | 'failed' | 'expired' | 'cancelled'

export const UNANSWERED: Record<Ending, { code: string; message: string } | null> = {
  completed: null,
  failed: {
    code: 'batch_failed',
    message: 'This request was not made: the batch failed before. Its `errors` say why.',
  },
  expired: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
  cancelled: { code: 'batch_cancelled', message: 'This request was not answered before the batch was cancelled.' },
}
