/** Wire shapes of batches: OpenAI's. */
import { type Static, Type } from 'typebox'
import { ExpiresAfter } from '../files/schema.ts'
import { oneOf, orNull } from '../platform/wire-shapes.ts'
import { BATCH_STATUSES, isOpen } from './batch-state.ts'
import type { Batch } from './batches.ts'
import { ENDPOINTS } from './check-lines.ts'

const since = (what: string) => orNull(Type.Integer({ description: `${what} Seconds since 1970; null = not.` }))

export const BatchProblem = Type.Object({
  code: Type.String({ description: 'Stable, such as `duplicate_custom_id`.' }),
  message: Type.String(),
  param: orNull(Type.String()),
  line: orNull(Type.Integer({ description: 'From 1; null = it is about the whole.' })),
})

export const BatchShape = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('batch'),
    endpoint: Type.String(),
    model: orNull(Type.String({ description: 'What every line names; null until they are checked.' })),
    errors: orNull(
      Type.Object({ object: Type.Literal('list'), data: Type.Array(BatchProblem) }, { description: 'Why it failed.' }),
    ),
    input_file_id: Type.String(),
    completion_window: Type.String(),
    status: oneOf(BATCH_STATUSES),
    output_file_id: orNull(Type.String({ description: 'Answers; there once it has ended, if there are any.' })),
    error_file_id: orNull(Type.String({ description: 'Lines that failed, or were not asked.' })),
    created_at: Type.Integer({ description: 'Seconds since 1970.' }),
    in_progress_at: since('When the first line could be asked.'),
    expires_at: since('When its window ends.'),
    finalizing_at: since('When the last line was answered.'),
    completed_at: since('When its files were there.'),
    failed_at: since('When it failed.'),
    expired_at: since('When its window had ended.'),
    cancelling_at: since('When somebody cancelled it.'),
    cancelled_at: since('When it had stopped.'),
    request_counts: Type.Object({
      total: Type.Integer({ description: '0 until the lines are checked.' }),
      completed: Type.Integer(),
      failed: Type.Integer(),
    }),
    usage: Type.Object(
      {
        input_tokens: Type.Integer(),
        input_tokens_details: Type.Object({ cached_tokens: Type.Integer() }),
        output_tokens: Type.Integer(),
        output_tokens_details: Type.Object({ reasoning_tokens: Type.Integer() }),
        total_tokens: Type.Integer(),
      },
      { description: 'Of all answers; 0 until it has ended.' },
    ),
    metadata: orNull(Type.Record(Type.String(), Type.String())),
  },
  { $id: 'Batch' },
)
export type BatchOnWire = Static<typeof BatchShape>

export const BatchList = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(BatchShape),
  first_id: orNull(Type.String()),
  last_id: orNull(Type.String()),
  has_more: Type.Boolean(),
})

export const BatchQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  after: Type.Optional(Type.String({ maxLength: 64, description: 'Id of the last batch of the page before.' })),
})

export const BatchWanted = Type.Object({
  input_file_id: Type.String({ maxLength: 64, description: 'A file of the same project with purpose `batch`.' }),
  endpoint: oneOf(ENDPOINTS, { description: 'What every line must name as its `url`.' }),
  completion_window: Type.String({ maxLength: 10, description: 'Hours: `24h`, up to `336h`.' }),
  metadata: Type.Optional(
    orNull(
      Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 512 }), {
        maxProperties: 16,
        description: 'The client’s own.',
      }),
    ),
  ),
  output_expires_after: Type.Optional(orNull(ExpiresAfter)),
})

export function batchOnWire(row: Batch): BatchOnWire {
  const hasEnded = !isOpen(row.status)
  return {
    id: row.id,
    object: 'batch',
    endpoint: row.endpoint,
    model: row.model,
    errors: row.problems === null ? null : { object: 'list', data: row.problems },
    input_file_id: row.inputFileId,
    completion_window: row.completionWindow,
    status: row.status,
    output_file_id: hasEnded ? row.outputFileId : null,
    error_file_id: hasEnded ? row.errorFileId : null,
    created_at: secondsOf(row.createdAt),
    in_progress_at: orNone(row.inProgressAt),
    expires_at: secondsOf(row.expiresAt),
    finalizing_at: orNone(row.finalizingAt),
    completed_at: orNone(row.completedAt),
    failed_at: orNone(row.failedAt),
    expired_at: orNone(row.expiredAt),
    cancelling_at: orNone(row.cancellingAt),
    cancelled_at: orNone(row.cancelledAt),
    request_counts: { total: row.linesTotal, completed: row.linesCompleted, failed: row.linesFailed },
    usage: {
      input_tokens: row.tokensIn,
      input_tokens_details: { cached_tokens: row.tokensCached },
      output_tokens: row.tokensOut,
      output_tokens_details: { reasoning_tokens: row.tokensReasoning },
      total_tokens: row.tokensIn + row.tokensOut,
    },
    metadata: row.metadata,
  }
}

function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1_000)
}

function orNone(at: Date | null): number | null {
  return at === null ? null : secondsOf(at)
}
