/** Wire shapes of the trail of changes. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { AuditVerdict } from './audit.ts'
import type { AuditFilter, NamedAuditEvent } from './read-audit.ts'

const Change = orNull(Type.Record(Type.String(), Type.Unknown()))

export const AuditEventShape = Type.Object({
  id: Type.String(),
  sequence: Type.Integer(),
  at: Time,
  organization_id: orNull(Type.String()),
  actor: Type.Object({
    kind: oneOf(['person', 'key', 'machine']),
    id: Type.String(),
    name: orNull(Type.String({ description: 'What it is called now; null = it is gone, or the command line.' })),
    email: orNull(Type.String()),
  }),
  action: Type.String({ description: 'What was done, noun first: `key.created`.' }),
  target: Type.String({ description: 'Id of what was changed.' }),
  target_name: orNull(Type.String({ description: 'What it is called now; null = it is gone, or has no name.' })),
  address: orNull(Type.String({ description: 'Where the request came from; null = this machine, or unknown.' })),
  before: Change,
  after: Change,
  previous_hash: Type.String(),
  hash: Type.String(),
})
export const AuditPage = pageShape(AuditEventShape)

const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

/** What lists and files can be narrowed by. */
export const AuditQuery = {
  organization_id: Type.Optional(Type.String({ maxLength: 64, description: 'Without it: the installation itself.' })),
  action: Type.Optional(
    Type.String({
      maxLength: 64,
      pattern: '^[a-z_]+(\\.[a-z_]+)?$',
      description: '`key.created`, or `key` for all that happened to keys.',
    }),
  ),
  actor: Type.Optional(Type.String({ maxLength: 64, description: 'Id of a person or key, or `machine`.' })),
  target: Type.Optional(Type.String({ maxLength: 64, description: 'Id of what was changed.' })),
  event: Type.Optional(Type.String({ maxLength: 64, description: 'Id of the one event that is wanted.' })),
  from: time('From this time on.'),
  to: time('Before this time.'),
}
const AuditQueryShape = Type.Object(AuditQuery)

export function auditFilterFrom(query: Static<typeof AuditQueryShape>): AuditFilter {
  return {
    organizationId: query.organization_id ?? null,
    action: query.action ?? null,
    actor: query.actor ?? null,
    target: query.target ?? null,
    event: query.event ?? null,
    from: query.from === undefined ? null : new Date(query.from),
    to: query.to === undefined ? null : new Date(query.to),
  }
}

export const AuditVerdictShape = Type.Object({
  intact: Type.Boolean(),
  events: Type.Integer({ description: 'Events that were checked and follow one another.' }),
  head: orNull(
    Type.String({ description: "The last event's hash. Noted elsewhere, it proves later what the trail was now." }),
  ),
  event: orNull(Type.String({ description: 'The first event that does not follow.' })),
  why: orNull(Type.String()),
})

export function auditEventOnWire(event: NamedAuditEvent): Static<typeof AuditEventShape> {
  const { organizationId, previousHash, at, actor, actorName, targetName, ...rest } = event
  return {
    ...rest,
    actor: { ...actor, name: actorName?.name ?? null, email: actorName?.email ?? null },
    target_name: targetName?.name ?? null,
    at: at.toISOString(),
    organization_id: organizationId,
    previous_hash: previousHash,
  }
}

export function auditVerdictOnWire(verdict: AuditVerdict): Static<typeof AuditVerdictShape> {
  return verdict.intact ? { ...verdict, event: null, why: null } : { ...verdict, head: null }
}
