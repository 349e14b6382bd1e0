/**
 * The figures of usage: what the Usage, Overview and Keys pages show, each in one call. All is read from roll-ups, never
 * from records, so that a year answers as fast as a day.
 */
import { and, inArray, sql } from 'drizzle-orm'
import type { Caller } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { latencyOf, type Member, sumsOf } from './read-roll-ups.ts'
import type { Series } from './roll-up.ts'
import type { Range } from './slices.ts'
import { usageSeries } from './tables.ts'
import { DAY_MS, type Step, shiftDays, startOfDay, stepStarts, wholeMinutes, type Zone, zoneOf } from './time-steps.ts'
import {
  type CountSeries,
  type Figures,
  figuresOf,
  inOrder,
  latencyOfGroup,
  mergedLatency,
  NOTHING_MEASURED,
  partOf,
  seriesByGroup,
  sumOfSeries,
} from './usage-figures.ts'
import { EVERYTHING, type UsageFilter, usageWhere } from './usage-filter.ts'
import { PLAYGROUND, type UsageKeys } from './usage-keys.ts'
import { checkedSteps, previousOf } from './usage-range.ts'

export const GROUPINGS = ['none', 'model', 'key', 'person', 'project', 'route'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** Workers bring their records every quarter of a second; this is that, and room for one that failed once. */
const DELIVERY_MS = 1_000
const KEY_DAYS = 30

export type UsageQuestion = {
  /** Milliseconds since the epoch. Told in whole minutes: the beginning is put back, the end put off. */
  from: number
  to: number
  step: Step
  timeZone: string
  groupBy: Grouping
  filter: UsageFilter
  /** Groups told by name; the rest is one. */
  top: number
  comparePrevious: boolean
}

export type UsageGroup = {
  /** Null = all the rest. */
  id: string | null
  /** Null where nobody knows one. */
  name: string | null
  /** How many groups this is. */
  count: number
  /** Whether what it names was deleted; for keys only. */
  isGone: boolean
  figures: Figures
  series: CountSeries
}

export type UsageAnswer = Range & {
  step: Step
  timeZone: string
  /** Requests that ended before this are in. */
  countedTo: number
  starts: number[]
  figures: Figures
  series: CountSeries
  groups: UsageGroup[]
  previous: (Range & { figures: Figures }) | null
}

export type OverviewAnswer = {
  countedTo: number
  today: Range & { figures: Figures; starts: number[]; tokens: number[] }
  lastWeek: Range & { figures: Figures; starts: number[]; tokens: number[] }
}

export type KeyUsage = { keyId: string; figures: Figures }

export type Usage = ReturnType<typeof createUsage>

export function createUsage({ db, clock, keys }: { db: Db; clock: Clock; keys: UsageKeys }) {
  return {
    /**
     * Everything that a usage page shows.
     * @throws TimeZoneUnknown
     * @throws RangeEmpty
     * @throws TooManySteps
     * @throws OrganizationUnknown
     */
    async figures(caller: Caller, question: UsageQuestion): Promise<UsageAnswer> {
      const { step, groupBy, filter } = question
      const zone = zoneOf(question.timeZone)
      const { range, starts } = checkedSteps(question, step, zone)
      const nowMs = clock.nowMs()
      const series = await seriesFor(caller, filter)
      const grouped = await groupsOf(series, groupBy)
      const told = await chosen(grouped, range, question.top)
      const members = membersOf(told.map((ids) => ids.flatMap((id) => grouped.get(id)?.series ?? [])))
      // Two statements may see a record apart that arrives between them: percentiles then lack it until the next call.
      const rows = await sumsOf(db, members, starts, range.to)
      const latency = await latencyOf(db, members, range)
      const bySeries = seriesByGroup(rows, told.length, starts.length)
      const all = sumOfSeries(bySeries, starts.length)
      const groups = told.map((ids, index) => ({
        ...nameOf(ids, grouped),
        figures: figuresOf(bySeries[index]!, latencyOfGroup(latency, index)),
        series: bySeries[index]!,
      }))
      return {
        ...range,
        step,
        timeZone: question.timeZone,
        countedTo: countedTo(nowMs),
        starts,
        figures: figuresOf(all, mergedLatency(latency.values())),
        series: all,
        groups: groupBy === 'none' ? [] : inOrder(groups),
        previous: question.comparePrevious ? await figuresFor(series, previousOf(range, zone, nowMs)) : null,
      }
    },

    /**
     * Today until now, and the same weekday last week: its figures until the same time of day, its tokens all day.
     * @throws TimeZoneUnknown
     * @throws OrganizationUnknown
     */
    async overview(
      caller: Caller,
      filter: Pick<UsageFilter, 'organizationId' | 'projectId'>,
      timeZone: string,
    ): Promise<OverviewAnswer> {
      const zone = zoneOf(timeZone)
      const nowMs = clock.nowMs()
      const today = wholeMinutes({ from: startOfDay(nowMs, zone), to: nowMs + 1 })
      const lastWeek = { from: shiftDays(today.from, -7, zone), to: shiftDays(today.to, -7, zone) }
      const wholeDay = { from: lastWeek.from, to: startOfDay(lastWeek.from + 1.5 * DAY_MS, zone) }
      const series = await seriesFor(caller, { ...EVERYTHING, ...filter })
      return {
        countedTo: countedTo(nowMs),
        today: { ...(await figuresFor(series, today)), ...(await tokensOf(series, today, zone)) },
        lastWeek: { ...(await figuresFor(series, lastWeek)), ...(await tokensOf(series, wholeDay, zone)) },
      }
    },

    /** What each of these keys used in the last 30 days. Keys that are not there, or not for him, used nothing. */
    async byKey(caller: Caller, keyIds: readonly string[]): Promise<Range & { keys: KeyUsage[] }> {
      const nowMs = clock.nowMs()
      const range = wholeMinutes({ from: nowMs - KEY_DAYS * DAY_MS, to: nowMs + 1 })
      const ids = [...new Set(keyIds)]
      const series = ids.length === 0 ? [] : await seriesFor(caller, EVERYTHING, ids)
      const members = membersOf(ids.map((id) => series.filter(({ keyId }) => keyId === id)))
      const rows = await sumsOf(db, members, [range.from], range.to)
      const latency = await latencyOf(db, members, range)
      const figures = seriesByGroup(rows, ids.length, 1).map((one, index) =>
        figuresOf(one, latencyOfGroup(latency, index)),
      )
      return { ...range, keys: ids.map((keyId, index) => ({ keyId, figures: figures[index]! })) }
    },
  }

  type SeriesSeen = Pick<Series, 'id' | 'projectId' | 'keyId' | 'model' | 'route' | 'outcome'>
  type Grouped = Map<string, { name: string | null; isGone: boolean; series: SeriesSeen[] }>

  async function seriesFor(caller: Caller, filter: UsageFilter, keyIds?: string[]): Promise<SeriesSeen[]> {
    // select … from usage_series where organization_id in (…) and …: some thousands at most.
    return db
      .select({
        id: sql<string>`${usageSeries.id}::text`,
        projectId: usageSeries.projectId,
        keyId: usageSeries.keyId,
        model: usageSeries.model,
        route: usageSeries.route,
        outcome: usageSeries.outcome,
      })
      .from(usageSeries)
      .where(
        and(
          usageWhere(db, usageSeries, caller, filter),
          keyIds === undefined ? undefined : inArray(usageSeries.keyId, keyIds),
        ),
      )
  }

  async function groupsOf(series: readonly SeriesSeen[], groupBy: Grouping): Promise<Grouped> {
    const wantsKeys = groupBy === 'key' || groupBy === 'person' || groupBy === 'project'
    const facts = wantsKeys ? await keys.factsOf(series.map(({ keyId }) => keyId)) : null
    const groups: Grouped = new Map()
    for (const one of series) {
      const named = groupNameOf(one, groupBy, facts?.get(one.keyId))
      const group = groups.get(named.id)
      if (!group) groups.set(named.id, { name: named.name, isGone: named.isGone, series: [one] })
      else {
        group.series.push(one)
        // What a key that is still there calls its project or owner goes before what a deleted one called it.
        if (group.isGone && !named.isGone) Object.assign(group, { name: named.name, isGone: false })
      }
    }
    return groups
  }

  function groupNameOf(
    series: SeriesSeen,
    groupBy: Grouping,
    key: Awaited<ReturnType<UsageKeys['factsOf']>> extends Map<string, infer Facts> ? Facts | undefined : never,
  ): { id: string; name: string | null; isGone: boolean } {
    const isGone = key?.isGone ?? true
    switch (groupBy) {
      case 'none':
        return { id: '', name: null, isGone: false }
      case 'model':
        return { id: series.model, name: series.model, isGone: false }
      case 'route':
        return { id: series.route, name: series.route, isGone: false }
      case 'key':
        return key?.kind === 'console'
          ? { id: PLAYGROUND, name: 'Playground', isGone: false }
          : { id: series.keyId, name: key?.name ?? null, isGone }
      case 'project':
        return { id: series.projectId, name: key?.projectName ?? null, isGone }
      case 'person':
        return { id: key?.ownerId ?? 'unknown', name: key?.ownerName ?? null, isGone }
      default:
        return groupBy satisfies never
    }
  }

  /** Groups that are told as one: each of the largest alone, then all the rest together. */
  async function chosen(grouped: Grouped, range: Range, most: number): Promise<string[][]> {
    const ids = [...grouped.keys()]
    // One that would stand alone in the rest has its own name instead.
    if (ids.length <= most + 1) return ids.map((id) => [id])
    const members = membersOf(ids.map((id) => grouped.get(id)?.series ?? []))
    const used = seriesByGroup(await sumsOf(db, members, [range.from], range.to), ids.length, 1)
    const sizes = ids.map((id, index) => ({ id, figures: figuresOf(used[index]!, NOTHING_MEASURED) }))
    const ranked = inOrder(sizes).map(({ id }) => id)
    const named = ranked.length === most + 1 ? ranked.length : most
    const rest = ranked.slice(named)
    return [...ranked.slice(0, named).map((id) => [id]), ...(rest.length > 0 ? [rest] : [])]
  }

  async function figuresFor(series: readonly SeriesSeen[], range: Range): Promise<Range & { figures: Figures }> {
    const members = membersOf([series])
    const rows = await sumsOf(db, members, [range.from], range.to)
    const latency = await latencyOf(db, members, range)
    return { ...range, figures: figuresOf(seriesByGroup(rows, 1, 1)[0]!, mergedLatency(latency.values())) }
  }

  async function tokensOf(series: readonly SeriesSeen[], range: Range, zone: Zone) {
    const starts = stepStarts(range.from, range.to, '15m', zone)
    const [counts] = seriesByGroup(await sumsOf(db, membersOf([series]), starts, range.to), 1, starts.length)
    return { starts, tokens: starts.map((_, step) => (counts!.tokensIn[step] ?? 0) + (counts!.tokensOut[step] ?? 0)) }
  }
}

function membersOf(groups: readonly (readonly Pick<Series, 'id' | 'outcome'>[])[]): Member[] {
  return groups.flatMap((series, group) =>
    series.map(({ id, outcome }) => ({ seriesId: id, part: partOf(group, outcome) })),
  )
}

function nameOf(
  ids: readonly string[],
  grouped: ReadonlyMap<string, { name: string | null; isGone: boolean }>,
): Pick<UsageGroup, 'id' | 'name' | 'count' | 'isGone'> {
  const [id = ''] = ids
  const group = ids.length === 1 ? grouped.get(id) : undefined
  return group
    ? { id, name: group.name, count: 1, isGone: group.isGone }
    : { id: null, name: null, count: ids.length, isGone: false }
}

function countedTo(nowMs: number): number {
  return Math.floor((nowMs - DELIVERY_MS) / 1_000) * 1_000
}
