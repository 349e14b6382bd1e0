/**
 * What a client knows of its requests, and what the product has on file of them, compared.
 *
 * Pure module.
 */
import type { RequestOnWire } from '../../src/billing/request-schema.ts'

/** One request, as its client saw it end. */
export type Sent = {
  /** `x-request-id` of the answer; null = no head came, so that nobody can say what the server made of it. */
  id: string | null
  status: number | null
  /** Whether the answer came to its own end: a whole body, or a stream's `[DONE]`. */
  whole: boolean
  /** As the answer itself says; null = it does not. */
  tokensOut: number | null
}

export type Verdict = {
  sent: number
  /** Answered with 200, to the end. */
  acknowledged: number
  /** Begun with 200, and cut. */
  cut: number
  /** How many were refused, by status. */
  refused: Record<string, number>
  /** Without a head. */
  unheard: number
  records: number
  /** Ids that a client was answered with, and that are not on file. */
  lost: string[]
  /** Ids that are on file more than once. */
  doubled: string[]
  /** Acknowledged, and on file as something else: other counts, or cut. */
  untrue: string[]
  /** On file, and more of them than requests whose clients heard nothing. */
  invented: string[]
}

export function compare(sent: readonly Sent[], records: readonly RequestOnWire[]): Verdict {
  const begun = sent.filter(({ id, status }) => id !== null && status === 200)
  const acknowledged = begun.filter(({ whole }) => whole)
  const unheard = sent.filter(({ id }) => id === null).length
  const byId = Map.groupBy(records, ({ id }) => id)
  const known = new Set(sent.map(({ id }) => id))
  const strangers = records.filter(({ id }) => !known.has(id)).map(({ id }) => id)
  return {
    sent: sent.length,
    acknowledged: acknowledged.length,
    cut: begun.length - acknowledged.length,
    refused: countBy(sent.flatMap(({ status }) => (status === null || status === 200 ? [] : [String(status)]))),
    unheard,
    records: records.length,
    lost: begun.flatMap(({ id }) => (byId.has(id as string) ? [] : [id as string])),
    doubled: [...byId].flatMap(([id, found]) => (found.length > 1 ? [id] : [])),
    untrue: acknowledged.flatMap(({ id, tokensOut }) => {
      const record = byId.get(id as string)?.[0]
      if (record === undefined) return []
      const isTrue = record.status === 200 && record.cut_by === null && record.tokens_out === tokensOut
      return isTrue ? [] : [id as string]
    }),
    invented: strangers.length > unheard ? strangers : [],
  }
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
