import type { BatchInConsole } from '../../../../src/batches/console-schema.ts'

export const BATCH_STATUSES = [
  'validating',
  'in_progress',
  'finalizing',
  'completed',
  'failed',
  'expired',
  'cancelling',
  'cancelled',
] as const satisfies readonly BatchInConsole['status'][]

export type BatchesSearch = { status?: (typeof BATCH_STATUSES)[number] }

/** What the address of this page may say. What it does not know is left out. */
export function parseBatchesSearch(raw: Record<string, unknown>): BatchesSearch {
  const status = BATCH_STATUSES.find((one) => one === raw.status)
  return status ? { status } : {}
}
