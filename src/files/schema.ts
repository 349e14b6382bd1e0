/** Wire shapes of files: OpenAI's. */
import { type Static, Type } from 'typebox'
import { oneOf } from '../platform/wire-shapes.ts'
import type { StoredFile } from './files.ts'
import { EXPIRES_S_MAX, EXPIRES_S_MIN, FILE_PURPOSES } from './purposes.ts'

const unixTime = (description: string) => Type.Integer({ description: `${description} Seconds since 1970.` })

export const FileShape = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('file'),
    bytes: Type.Integer(),
    created_at: unixTime('When it had arrived.'),
    expires_at: Type.Optional(unixTime('When it goes by itself; absent = it stays.')),
    filename: Type.String(),
    purpose: oneOf(FILE_PURPOSES),
    status: Type.Literal('processed', { description: 'Always this: a file is there once it has arrived.' }),
  },
  { $id: 'File' },
)
export type FileOnWire = Static<typeof FileShape>

export const FileList = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(FileShape),
  first_id: Type.Union([Type.String(), Type.Null()]),
  last_id: Type.Union([Type.String(), Type.Null()]),
  has_more: Type.Boolean(),
})

export const FileQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 10_000 })),
  after: Type.Optional(Type.String({ maxLength: 64, description: 'Id of the last file of the page before.' })),
  order: Type.Optional(oneOf(['asc', 'desc'] as const, { default: 'desc', description: 'By age.' })),
  purpose: Type.Optional(Type.String({ maxLength: 40 })),
})

export const FileDeleted = Type.Object({
  id: Type.String(),
  object: Type.Literal('file'),
  deleted: Type.Literal(true),
})

/** `expires_after` of an upload and of a batch's results. */
export const ExpiresAfter = Type.Object({
  anchor: Type.Literal('created_at'),
  seconds: Type.Integer({ minimum: EXPIRES_S_MIN, maximum: EXPIRES_S_MAX }),
})

export function fileOnWire({ id, sizeBytes, createdAt, expiresAt, filename, purpose }: StoredFile): FileOnWire {
  return {
    id,
    object: 'file',
    bytes: sizeBytes,
    created_at: Math.floor(createdAt.getTime() / 1_000),
    ...(expiresAt === null ? {} : { expires_at: Math.floor(expiresAt.getTime() / 1_000) }),
    filename,
    purpose,
    status: 'processed',
  }
}
