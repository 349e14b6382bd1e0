/** Which colour a group of a chart has, and what is drawn as "other". Pure. */
import type { UsageGroupOnWire, UsageOnWire } from '../../../../src/billing/usage-schema.ts'
import type { ChartSeries, SeriesColour } from '../../ui/chart-plot.ts'

const COLOURS = ['s1', 's2', 's3', 's4', 's5'] as const
export type Colours = ReadonlyMap<string, SeriesColour>

/**
 * The largest five have a colour, the rest is grey. One that had a colour keeps it for as long as it is among them, so that
 * a picture that is refreshed does not change its colours.
 */
export function coloursFor(groups: readonly Pick<UsageGroupOnWire, 'id'>[], before: Colours): Colours {
  const ids = groups.flatMap(({ id }) => (id === null ? [] : [id])).slice(0, COLOURS.length)
  const kept = ids.flatMap((id) => (before.has(id) ? [before.get(id)!] : []))
  const free = COLOURS.filter((colour) => !kept.includes(colour))
  return new Map(ids.map((id) => [id, before.get(id) ?? free.shift()!]))
}

/** A series for each colour, in its order, then all others as one. Steps that have not begun are not counted yet. */
export function tokenSeries(
  { groups, starts, counted_to }: Pick<UsageOnWire, 'groups' | 'starts' | 'counted_to'>,
  colours: Colours,
  nameOf: (group: UsageGroupOnWire) => string,
  other: string,
): ChartSeries[] {
  const counted = countedSteps(starts, counted_to)
  const coloured = groups
    .filter(({ id }) => id !== null && colours.has(id))
    .map((group) => ({ group, colour: colours.get(group.id!)! }))
    .sort((a, b) => a.colour.localeCompare(b.colour))
    .map(({ group, colour }): ChartSeries => ({ id: group.id!, name: nameOf(group), colour, values: tokensOf(group) }))
  const rest = groups.filter(({ id }) => id === null || !colours.has(id))
  const values = rest.map(tokensOf)
  const all = starts.map((_, step) => (step < counted ? values.reduce((sum, one) => sum + (one[step] ?? 0), 0) : null))
  return rest.length === 0 ? coloured : [...coloured, { id: 'other', name: other, colour: 's6', values: all }]

  function tokensOf({ series }: UsageGroupOnWire): (number | null)[] {
    return starts.map((_, step) =>
      step < counted ? (series.tokens_in[step] ?? 0) + (series.tokens_out[step] ?? 0) : null,
    )
  }
}

/** How many steps have begun. */
export function countedSteps(starts: readonly string[], countedTo: string): number {
  const now = Date.parse(countedTo)
  const first = starts.findIndex((start) => Date.parse(start) > now)
  return first < 0 ? starts.length : first
}
