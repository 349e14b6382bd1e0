/** Where a page of sessions ends: they are listed by their last save, so an id alone is no place to go on from. Pure module. */
import { CursorMalformed } from '../platform/paging.ts'

export type SessionCursor = { updatedAt: Date; id: string }

export function cursorText({ updatedAt, id }: SessionCursor): string {
  return `${updatedAt.getTime()}.${id}`
}

/** @throws CursorMalformed */
export function cursorFrom(text: string): SessionCursor {
  const [, ms, id] = /^(\d{1,15})\.(play_[0-9a-z]{22})$/.exec(text) ?? []
  if (ms === undefined || id === undefined) throw new CursorMalformed({ cursor: text })
  return { updatedAt: new Date(Number(ms)), id }
}
