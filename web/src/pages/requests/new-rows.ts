/** What came since a list was asked for. Pure. */
type Row = { id: string }

/** How many of the newest are not in the list; `more` = all of them, so that there may be more. */
export function countNew(
  newest: { data: readonly Row[]; next: string | null } | undefined,
  listed: readonly Row[],
): { count: number; more: boolean } {
  if (!newest) return { count: 0, more: false }
  const known = new Set(listed.map(({ id }) => id))
  const count = newest.data.filter(({ id }) => !known.has(id)).length
  return { count, more: count > 0 && count === newest.data.length && newest.next !== null }
}
