/** The trail as a file: one line an event, made as the reader takes them, so that a long trail needs no memory. */
import { csvLine } from '../platform/csv.ts'
import { auditEventOnWire } from './audit-schema.ts'
import type { NamedAuditEvent } from './read-audit.ts'

export const EXPORT_FORMATS = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export const EXPORT_TYPES: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
}

const CSV_HEADS = [
  'sequence',
  'at',
  'action',
  'target',
  'target_name',
  'actor_kind',
  'actor_id',
  'actor_name',
  'actor_email',
  'address',
  'organization_id',
  'before',
  'after',
  'id',
  'previous_hash',
  'hash',
]

export async function* auditFile(
  format: ExportFormat,
  batches: AsyncIterable<NamedAuditEvent[]>,
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(CSV_HEADS)
  const lineOf = format === 'csv' ? csvOf : jsonlOf
  for await (const events of batches) yield events.map(lineOf).join('')
}

function jsonlOf(event: NamedAuditEvent): string {
  return `${JSON.stringify(auditEventOnWire(event))}\n`
}

function csvOf(event: NamedAuditEvent): string {
  const { actor, actorName, targetName, before, after } = event
  return csvLine([
    event.sequence,
    event.at.toISOString(),
    event.action,
    event.target,
    targetName?.name ?? null,
    actor.kind,
    actor.id,
    actorName?.name ?? null,
    actorName?.email ?? null,
    event.address,
    event.organizationId,
    before === null ? null : JSON.stringify(before),
    after === null ? null : JSON.stringify(after),
    event.id,
    event.previousHash,
    event.hash,
  ])
}
