/** Wire shapes of /api/batches, as the console shows them. */
import { type Static, Type } from 'typebox'
import type { StoredFile } from '../files/files.ts'
import { oneOf, orNull, PageQuery, pageShape, Time } from '../platform/wire-shapes.ts'
import { BATCH_STATUSES } from './batch-state.ts'
import type { BatchView } from './batches.ts'
import { BatchProblem } from './schema.ts'

const FileOfBatch = Type.Object({ id: Type.String(), name: Type.String(), size_bytes: Type.Integer() })

export const BatchInConsole = Type.Object(
  {
    id: Type.String(),
    project_id: Type.String(),
    endpoint: Type.String(),
    model: orNull(Type.String({ description: 'Null until its lines are checked.' })),
    status: oneOf(BATCH_STATUSES),
    completion_window: Type.String({ description: 'Hours: `24h`.' }),
    created_at: Time,
    expires_at: Time,
    in_progress_at: orNull(Time),
    ended_at: orNull(Type.String({ format: 'date-time', description: 'UTC; null = it goes on.' })),
    request_counts: Type.Object({
      total: Type.Integer({ description: '0 until its lines are checked.' }),
      completed: Type.Integer(),
      failed: Type.Integer(),
    }),
    tokens: Type.Object({
      input: Type.Integer({ description: 'Of all answers; 0 until it has ended.' }),
      cached: Type.Integer({ description: 'Part of `input`.' }),
      output: Type.Integer(),
    }),
    key: Type.Object({ id: Type.String(), name: orNull(Type.String({ description: 'Null = it is gone.' })) }),
    input_file: Type.Object({
      id: Type.String(),
      name: Type.String(),
      size_bytes: orNull(Type.Integer({ description: 'Null = the file is gone.' })),
    }),
    output_file: orNull(FileOfBatch),
    error_file: orNull(FileOfBatch),
    errors: Type.Array(BatchProblem, { description: 'Why it failed; the first hundred.' }),
    metadata: orNull(Type.Record(Type.String(), Type.String())),
    allowed: Type.Array(oneOf(['cancel', 'download'] as const), { description: 'What the caller may do with it now.' }),
  },
  { $id: 'BatchInConsole' },
)
export type BatchInConsole = Static<typeof BatchInConsole>

export const BatchPage = pageShape(BatchInConsole)
export type BatchPage = Static<typeof BatchPage>

export const BatchPageQuery = Type.Object({
  project_id: Type.String({ maxLength: 64 }),
  status: Type.Optional(oneOf(BATCH_STATUSES)),
  ...PageQuery,
})

export function batchInConsole(view: BatchView): BatchInConsole {
  return {
    id: view.id,
    project_id: view.projectId,
    endpoint: view.endpoint,
    model: view.model,
    status: view.status,
    completion_window: view.completionWindow,
    created_at: view.createdAt.toISOString(),
    expires_at: view.expiresAt.toISOString(),
    in_progress_at: view.inProgressAt?.toISOString() ?? null,
    ended_at: (view.completedAt ?? view.failedAt ?? view.expiredAt ?? view.cancelledAt)?.toISOString() ?? null,
    request_counts: { total: view.linesTotal, completed: view.linesCompleted, failed: view.linesFailed },
    tokens: { input: view.tokensIn, cached: view.tokensCached, output: view.tokensOut },
    key: { id: view.keyId, name: view.keyName },
    input_file: {
      id: view.inputFileId,
      name: view.inputFilename,
      size_bytes: view.inputFile?.sizeBytes ?? null,
    },
    output_file: fileOf(view.outputFile),
    error_file: fileOf(view.errorFile),
    errors: view.problems ?? [],
    metadata: view.metadata,
    allowed: view.allowed,
  }
}

function fileOf(file: StoredFile | null) {
  return file === null ? null : { id: file.id, name: file.filename, size_bytes: file.sizeBytes }
}
