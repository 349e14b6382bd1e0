/** Wire shapes of invitations. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { Accepted } from './accept-invitation.ts'
import { INVITATION_DAYS, type Invitation, type MailOutcome } from './invitations.ts'
import { ORGANIZATION_ROLES } from './rules.ts'

const MAIL_OUTCOMES = ['sent', 'no-server', 'failed'] as const satisfies readonly MailOutcome[]
const id = Type.String({ maxLength: 64 })

const fields = {
  id: Type.String(),
  organization_id: Type.String(),
  organization_name: Type.String(),
  project_id: orNull(Type.String()),
  project_name: orNull(Type.String()),
  email: Type.String(),
  role: oneOf(ORGANIZATION_ROLES),
  created_at: Time,
  created_by: Type.String({ description: "A person's id, or `machine`." }),
  created_by_name: orNull(Type.String()),
  expires_at: Time,
}
export const InvitationShape = Type.Object(fields)
export const InvitationPage = pageShape(InvitationShape)

export const InvitationWanted = Type.Object(
  {
    organization_id: id,
    project_id: Type.Optional(
      orNull(
        Type.String({ maxLength: 64, description: 'Null = the role is one of the whole organisation. Default: null.' }),
      ),
    ),
    email: Type.String({ minLength: 3, maxLength: 254 }),
    role: oneOf(ORGANIZATION_ROLES),
    valid_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90, default: INVITATION_DAYS })),
  },
  { additionalProperties: false },
)
export const NewInvitationShape = Type.Object({
  ...fields,
  url: Type.String({ description: 'The link. Shown this once.' }),
  mail: oneOf(MAIL_OUTCOMES, {
    description:
      'Whether it was mailed: `sent`; `no-server` = this installation sends no mail; `failed` = its server did not take it. Without `sent`, hand the link on yourself.',
  }),
})
export const InvitationRevoked = Type.Object({ id: Type.String() })

export const TokenShape = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 200, description: 'From the link.' }) },
  { additionalProperties: false },
)
export const InvitationSeen = Type.Object({
  organization_name: Type.String(),
  project_name: orNull(Type.String({ description: 'Where the role is one in a single project.' })),
  inviter_name: orNull(Type.String({ description: 'Null = the command line of the installation.' })),
  email: Type.String({ description: 'Whom it was made for; a new person signs in with it.' }),
  role: oneOf(ORGANIZATION_ROLES),
})

export const Acceptance = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 200 }),
    name: Type.Optional(Type.String({ maxLength: 200, description: 'Of a new person; unused for who is signed in.' })),
    password: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'Of a new person: 12 to 128 characters. Unused for who is signed in.',
      }),
    ),
  },
  { additionalProperties: false },
)
export const AcceptedShape = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  is_new: Type.Boolean({ description: 'Whether this made the person.' }),
  signed_in: Type.Boolean({ description: 'Whether the answer carries a session, or one was there.' }),
  organization_id: Type.String(),
  project_id: orNull(Type.String()),
  role: oneOf(ORGANIZATION_ROLES),
})

export function invitationOnWire(row: Invitation): Static<typeof InvitationShape> {
  return {
    id: row.id,
    organization_id: row.organizationId,
    organization_name: row.organizationName,
    project_id: row.projectId,
    project_name: row.projectName,
    email: row.email,
    role: row.role,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdBy,
    created_by_name: row.createdByName,
    expires_at: row.expiresAt.toISOString(),
  }
}

export function invitationSeenOnWire(row: Invitation): Static<typeof InvitationSeen> {
  const { organizationName, projectName, createdByName, email, role } = row
  return { organization_name: organizationName, project_name: projectName, inviter_name: createdByName, email, role }
}

export function acceptedOnWire(accepted: Accepted, signedIn: boolean): Static<typeof AcceptedShape> {
  return {
    user_id: accepted.userId,
    email: accepted.email,
    is_new: accepted.isNew,
    signed_in: signedIn,
    organization_id: accepted.organizationId,
    project_id: accepted.projectId,
    role: accepted.role,
  }
}
