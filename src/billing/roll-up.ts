/**
 * Roll-ups: usage added up by the minute, quarter of an hour, hour, day and four weeks, apart for everything that a page filters or
 * groups by. A *series* is one such combination (organisation, project, key, model, adapter, route, how it ended); a
 * *slot* is one series in one stretch of time.
 *
 * They are written in the transaction that writes the records, so they are never behind and never ahead: a record that
 * was there already is in them already. The alternative, a job that counts later, is fresher on paper only and needs a
 * mark of how far it came.
 *
 * Pure module.
 */
import { createHash } from 'node:crypto'
import { addToBin, type LatencyBins, latencyBin } from './latency-bins.ts'
import { LEVEL_MS, LEVELS, type Level } from './slices.ts'
import type { UsageRecord } from './usage-record.ts'

/** How a request ended. `cut`: the client left before the answer was whole. `failed`: anything else that went wrong. */
export const OUTCOMES = ['ok', 'failed', 'cut'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** The same rule as the generated column `usage_record.outcome`. */
export function outcomeOf({ status, errorCode, cutBy }: Pick<UsageRecord, 'status' | 'errorCode' | 'cutBy'>): Outcome {
  if (cutBy === 'client' || status === 499) return 'cut'
  return status >= 400 || errorCode !== null || cutBy !== null ? 'failed' : 'ok'
}

export type Series = {
  /** 64 bits of a hash over the rest, as a decimal number: whoever sees the combination first can name it. */
  id: string
  organizationId: string
  projectId: string
  keyId: string
  model: string
  /** Empty = none. */
  adapter: string
  route: string
  outcome: Outcome
}

/** What is added up. */
export const SUMS = ['requests', 'tokensIn', 'tokensCached', 'tokensOut', 'tokensReasoning'] as const
export type Sums = Record<(typeof SUMS)[number], number>

export type Slot = Sums & {
  series: string
  /** Beginning, milliseconds since the epoch. */
  at: number
  firstToken: LatencyBins
  total: LatencyBins
}

export type RolledUp = {
  /** Each once. */
  series: Series[]
  slots: Record<Level, Slot[]>
}

/** Adds records up on every level. All lists are in the order of their keys, which keeps two writers from a deadlock. */
export function rollUp(records: readonly UsageRecord[]): RolledUp {
  const series = new Map<string, Series>()
  const slots = byLevel(() => new Map<string, Slot>())
  for (const record of records) {
    const its = seriesOf(record)
    series.set(its.id, its)
    for (const level of LEVELS) addRecord(slots[level], its.id, level, record)
  }
  return {
    series: [...series.values()].sort((a, b) => compare(a.id, b.id)),
    slots: byLevel((level) => [...slots[level].values()].sort((a, b) => compare(a.series, b.series) || a.at - b.at)),
  }
}

function byLevel<Value>(of: (level: Level) => Value): Record<Level, Value> {
  return Object.fromEntries(LEVELS.map((level) => [level, of(level)])) as Record<Level, Value>
}

function seriesOf(record: UsageRecord): Series {
  const { organizationId, projectId, keyId, model, route } = record
  const named = {
    organizationId,
    projectId,
    keyId,
    model,
    adapter: record.adapter ?? '',
    route,
    outcome: outcomeOf(record),
  }
  const hash = createHash('sha256')
    .update(JSON.stringify(Object.values(named)))
    .digest()
  return { id: hash.readBigInt64BE().toString(), ...named }
}

function addRecord(slots: Map<string, Slot>, series: string, level: Level, record: UsageRecord): void {
  const at = Math.floor(record.startedAtMs / LEVEL_MS[level]) * LEVEL_MS[level]
  const name = `${series} ${at}`
  const slot = slots.get(name) ?? emptySlot(series, at)
  slots.set(name, slot)
  slot.requests++
  slot.tokensIn += record.tokensIn
  slot.tokensCached += record.tokensCached
  slot.tokensOut += record.tokensOut
  slot.tokensReasoning += record.tokensReasoning
  if (record.firstTokenMs !== null) addToBin(slot.firstToken, latencyBin(record.firstTokenMs), 1)
  addToBin(slot.total, latencyBin(record.totalMs), 1)
}

function emptySlot(series: string, at: number): Slot {
  return {
    series,
    at,
    requests: 0,
    tokensIn: 0,
    tokensCached: 0,
    tokensOut: 0,
    tokensReasoning: 0,
    firstToken: {},
    total: {},
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
