/** Wire shapes of /api/playground, and the functions that make them of what the door knows. */
import { type Static, Type } from 'typebox'
import { nameShape, oneOf, orNull, PageQuery, pageShape, Time } from '../platform/wire-shapes.ts'
import { DocumentShape, SESSION_KINDS } from './document.ts'
import type { Session, SessionRow } from './playground.ts'

export const VISIBILITIES = ['private', 'project'] as const

const Title = nameShape({ maxLength: 200 })
const Visibility = oneOf(VISIBILITIES, {
  description: '`private`: whoever made it, nobody else. `project`: whoever may read sessions of the project.',
})
const PersonId = Type.String({ description: "A person's id, or `machine`." })
const PersonName = orNull(Type.String({ description: 'Null for `machine`, and for who is gone.' }))

const rowFields = {
  id: Type.String(),
  project_id: Type.String(),
  organization_id: Type.String(),
  title: Type.String(),
  kind: oneOf(SESSION_KINDS),
  visibility: Visibility,
  models: Type.Array(Type.String()),
  turn_count: Type.Integer(),
  document_bytes: Type.Integer(),
  revision: Type.Integer({ description: 'One more with each save.' }),
  created_at: Time,
  created_by: PersonId,
  created_by_name: PersonName,
  updated_at: Time,
  updated_by: PersonId,
  updated_by_name: PersonName,
  mine: Type.Boolean({ description: 'Whether the caller made it.' }),
  allowed: Type.Array(oneOf(['update', 'share', 'delete']), {
    description: 'What the caller may do with it; `share` is to change who sees it.',
  }),
}

export const PlaygroundSessionRow = Type.Object(rowFields, { $id: 'PlaygroundSessionRow' })
export const PlaygroundSession = Type.Object({ ...rowFields, document: DocumentShape }, { $id: 'PlaygroundSession' })
export const PlaygroundSessionPage = pageShape(PlaygroundSessionRow)

export const SessionQuery = Type.Object(
  {
    ...PageQuery,
    project_id: Type.String({ maxLength: 64 }),
    whose: Type.Optional(
      oneOf(['mine', 'all'], { description: '`all`: mine, and those shared with the project. Default.' }),
    ),
    kind: Type.Optional(oneOf(SESSION_KINDS)),
    search: Type.Optional(
      Type.String({ maxLength: 200, pattern: '^[^\\u0000]*$', description: 'Part of the title, in any case.' }),
    ),
  },
  { additionalProperties: false },
)

export const SessionWanted = Type.Object(
  {
    project_id: Type.String({ maxLength: 64 }),
    title: Title,
    kind: oneOf(SESSION_KINDS),
    visibility: Type.Optional(Visibility),
    document: DocumentShape,
  },
  { additionalProperties: false },
)

export const SessionChange = Type.Object(
  {
    revision: Type.Integer({ minimum: 1, description: 'The one that the change began from.' }),
    title: Type.Optional(Title),
    visibility: Type.Optional(Visibility),
    document: Type.Optional(DocumentShape),
  },
  { additionalProperties: false },
)

export const SessionCopy = Type.Object({ title: Type.Optional(Title) }, { additionalProperties: false })

/** Of 409: what is there now, so that the page can show both. */
export const SessionConflict = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: Type.String(),
    param: orNull(Type.String()),
    code: Type.String(),
  }),
  newer: PlaygroundSession,
})

export function sessionRowOnWire(row: SessionRow): Static<typeof PlaygroundSessionRow> {
  return {
    id: row.id,
    project_id: row.projectId,
    organization_id: row.organizationId,
    title: row.title,
    kind: row.kind,
    visibility: row.visibility,
    models: row.models,
    turn_count: row.turnCount,
    document_bytes: row.documentBytes,
    revision: row.revision,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdBy,
    created_by_name: row.createdByName,
    updated_at: row.updatedAt.toISOString(),
    updated_by: row.updatedBy,
    updated_by_name: row.updatedByName,
    mine: row.mine,
    allowed: row.allowed,
  }
}

export function sessionOnWire(session: Session): Static<typeof PlaygroundSession> {
  return { ...sessionRowOnWire(session), document: session.document }
}
