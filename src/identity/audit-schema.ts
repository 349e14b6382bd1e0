/** Wire shapes of the trail of changes. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { AuditVerdict } from './audit.ts'
import type { AuditEvent } from './audit-chain.ts'

const Change = orNull(Type.Record(Type.String(), Type.Unknown()))

export const AuditEventShape = Type.Object({
  id: Type.String(),
  sequence: Type.Integer(),
  at: Time,
  organization_id: orNull(Type.String()),
  actor: Type.Object({ kind: oneOf(['person', 'key', 'machine']), id: Type.String() }),
  action: Type.String(),
  target: Type.String(),
  address: orNull(Type.String()),
  before: Change,
  after: Change,
  previous_hash: Type.String(),
  hash: Type.String(),
})
export const AuditPage = pageShape(AuditEventShape)

export const AuditVerdictShape = Type.Object({
  intact: Type.Boolean(),
  events: Type.Integer({ description: 'Events that were checked and follow one another.' }),
  head: orNull(
    Type.String({ description: "The last event's hash. Noted elsewhere, it proves later what the trail was now." }),
  ),
  event: orNull(Type.String({ description: 'The first event that does not follow.' })),
  why: orNull(Type.String()),
})

export function auditEventOnWire(event: AuditEvent): Static<typeof AuditEventShape> {
  const { organizationId, previousHash, at, ...rest } = event
  return { ...rest, at: at.toISOString(), organization_id: organizationId, previous_hash: previousHash }
}

export function auditVerdictOnWire(verdict: AuditVerdict): Static<typeof AuditVerdictShape> {
  return verdict.intact ? { ...verdict, event: null, why: null } : { ...verdict, head: null }
}
