/**
 * Weeks of usage for a demonstration, handed to the product as a worker hands over its records: through
 * `/internal/usage` on the admin socket, each with a time of its own that lies in the past. Nobody asked these requests;
 * they belong into a database that is thrown away afterwards, and nowhere else.
 */
import assert from 'node:assert/strict'
import type { ClosedRequest } from '../../src/billing/request-detail.ts'
import { newId } from '../../src/platform/ids.ts'
import type { Product } from '../product.ts'

export type PastKey = {
  id: string
  projectId: string
  model: string
  /** Requests on a working day. */
  aDay: number
  /** Typical tokens of one. */
  tokensIn: number
  tokensOut: number
  /** At night, by a program, instead of by day. */
  nightly?: boolean
}

const HOUR_MS = 3_600_000
const BATCH = 500

/** How much of a day's work falls into each hour, in Berlin: people come at eight and go at six. */
const BY_DAY = [1, 1, 1, 1, 1, 2, 4, 9, 22, 38, 46, 44, 30, 36, 45, 42, 34, 22, 12, 8, 6, 4, 3, 2]
const BY_NIGHT = [0, 30, 60, 30, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const WEEKEND_SHARE = 0.28

/** @param until the past ends here, milliseconds since the epoch */
export async function bringPast(
  product: Product,
  { organizationId, keys, days, until }: { organizationId: string; keys: PastKey[]; days: number; until: number },
): Promise<number> {
  const chance = chanceFrom(20_261_124)
  const records: ClosedRequest[] = []
  for (const key of keys) {
    const share = key.nightly ? BY_NIGHT : BY_DAY
    const whole = share.reduce((sum, one) => sum + one, 0)
    for (let at = until - days * 24 * HOUR_MS; at < until; at += HOUR_MS) {
      const berlin = new Date(at + HOUR_MS)
      const isWeekend = berlin.getUTCDay() % 6 === 0
      // More came each week: the comparison with the period before has something to say.
      const growth = 1 - 0.35 * ((until - at) / (days * 24 * HOUR_MS))
      const expected =
        key.aDay * growth * (isWeekend ? WEEKEND_SHARE : 1) * ((share[berlin.getUTCHours()] ?? 0) / whole)
      const count = Math.floor(expected * (0.7 + 0.6 * chance()) + chance())
      for (let index = 0; index < count; index++) {
        const startedAtMs = Math.floor(at + chance() * HOUR_MS)
        if (startedAtMs < until) records.push(recordOf(key, organizationId, startedAtMs, chance))
      }
    }
  }
  records.sort((a, b) => a.startedAtMs - b.startedAtMs)
  for (let from = 0; from < records.length; from += BATCH) {
    const batch = records.slice(from, from + BATCH)
    const { status, body } = await product.ask('POST', '/internal/usage', { worker: 'demo', records: batch })
    assert.equal(status, 204, JSON.stringify(body))
  }
  return records.length
}

function recordOf(
  { id, projectId, model, tokensIn, tokensOut }: PastKey,
  organizationId: string,
  startedAtMs: number,
  chance: () => number,
): ClosedRequest {
  const fate = chance()
  const failed = fate < 0.006
  const left = !failed && fate < 0.016
  const input = Math.max(4, Math.round(tokensIn * (0.4 + 1.2 * chance())))
  const output = failed ? 0 : Math.max(1, Math.round(tokensOut * (0.3 + 1.4 * chance()) * (left ? 0.3 : 1)))
  const firstTokenMs = 45 + input * 0.35 * (0.6 + 0.8 * chance()) + (chance() < 0.04 ? 900 * chance() : 0)
  const decodeMs = output * (9 + 5 * chance())
  return {
    id: newId('req', startedAtMs),
    startedAtMs,
    organizationId,
    projectId,
    keyId: id,
    model,
    adapter: null,
    deploymentId: null,
    engineId: null,
    route: '/v1/chat/completions',
    stream: true,
    status: failed ? 503 : 200,
    errorCode: failed ? 'engine_overloaded' : null,
    tokensIn: failed ? 0 : input,
    tokensCached: failed ? 0 : Math.floor(input * 0.3 * chance()),
    tokensOut: output,
    tokensReasoning: 0,
    tokensInSource: failed ? 'none' : 'engine',
    tokensOutSource: failed ? 'none' : 'engine',
    finish: failed || left ? null : 'stop',
    cutBy: left ? 'client' : null,
    gatewayMs: 0.4 + chance(),
    queueMs: failed ? null : 1 + 20 * chance() * chance(),
    prefillMs: failed ? null : firstTokenMs - 3,
    decodeMs: failed ? null : decodeMs,
    firstTokenMs: failed ? null : firstTokenMs,
    totalMs: failed ? 4 : firstTokenMs + decodeMs,
    retries: 0,
  }
}

/** The same numbers from 0 to 1 each time, so that two runs draw the same charts. */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}
