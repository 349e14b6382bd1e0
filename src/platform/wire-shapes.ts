/** Shapes that every house's routes share: a page of a list, an error, a value that may be null. */
import { Type } from 'typebox'
import type { PageOf } from './paging.ts'
import { PLAIN_NAME_PATTERN } from './plain-name.ts'

/**
 * The shape, or null. A text, number or truth value gets both types at once: of a union, its first branch would make null
 * of a body into "", 0 or false, since values are coerced to what a shape wants.
 */
export function orNull<Shape extends Type.TSchema>(shape: Shape): Type.TUnion<[Shape, Type.TNull]> {
  const { type } = shape as { type?: unknown }
  const isCoerced = typeof type === 'string' && ['string', 'number', 'integer', 'boolean'].includes(type)
  if (!isCoerced || 'const' in shape) return Type.Union([shape, Type.Null()])
  return { ...shape, type: [type, 'null'] } as unknown as Type.TUnion<[Shape, Type.TNull]>
}

/** One of these words. */
export const oneOf = <Word extends string>(words: readonly Word[], options: Type.TSchemaOptions = {}) =>
  Type.Enum([...words], options)

/** What somebody calls a thing: one line of plain text. */
export const nameShape = (options: { maxLength?: number; description?: string } = {}) =>
  Type.String({ minLength: 1, maxLength: 100, pattern: PLAIN_NAME_PATTERN, ...options })

export const Time = Type.String({ format: 'date-time', description: 'UTC.' })

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Rows wanted.' })),
  after: Type.Optional(Type.String({ maxLength: 64, description: '`next` of the page before.' })),
}

export const pageShape = <Shape extends Type.TSchema>(row: Shape) =>
  Type.Object({
    data: Type.Array(row),
    next: orNull(Type.String({ description: 'Give it as `after` to get the next page; null on the last.' })),
  })

/** A page of rows as a page of what the wire shows of them. */
export function pageOnWire<Row, Wire>(
  { data, next }: PageOf<Row>,
  onWire: (row: Row) => Wire,
): { data: Wire[]; next: string | null } {
  return { data: data.map(onWire), next }
}

export const ErrorShape = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: Type.String(),
    param: orNull(Type.String()),
    code: Type.String({ description: 'Stable; see the list of errors.' }),
  }),
})
