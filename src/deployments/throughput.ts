/**
 * What the replicas do right now, from the engines' own counters.
 *
 *   every 10 s, and when somebody looks ──GET /stats──► engine ──► tokens since the last look ──► series by the minute
 *
 * Looks are shared: many pages that poll at once cost an engine one answer a second. Engines that keep no such figures
 * (llama.cpp's own server) have none here.
 */
import type { EngineStats } from '../engines/engine-wire.ts'
import type { Engines, EngineView } from '../engines/engines.ts'
import type { Clock } from '../platform/clock.ts'
import { createMinuteSeries, type LastHour, type Peak } from './minute-series.ts'

export type ReplicaLoad = {
  stats: EngineStats
  /** Over the last seconds. */
  tokensPerSecond: number
  lastHour: LastHour
}

export type TotalLoad = { tokensPerSecond: number; peakToday: Peak | null; lastHour: LastHour }

type Look = { atMs: number; tokens: number }
type Watched = {
  looks: Look[]
  stats: EngineStats | null
  series: ReturnType<typeof createMinuteSeries>
  task: EngineView['task']
}

const LOOK_EVERY_MS = 10_000
/** Two pages that look within this time see the same. */
const FRESH_MS = 1_000
/** "Now" is an average over about this long. */
const NOW_MS = 5_000

export type Throughput = ReturnType<typeof createThroughput>

export function createThroughput({ engines, clock }: { engines: Pick<Engines, 'list' | 'stats'>; clock: Clock }) {
  const watched = new Map<string, Watched>()
  const total = createMinuteSeries(clock.nowMs())
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | null = null
  let timer: NodeJS.Timeout | null = null

  async function look(): Promise<void> {
    const running = engines.list()
    for (const engineId of watched.keys())
      if (!running.some((engine) => engine.engineId === engineId)) watched.delete(engineId)
    await Promise.all(running.filter(({ state }) => state === 'ready').map(lookAt))
    lookedAtMs = clock.nowMs()
  }

  async function lookAt({ engineId, task }: EngineView): Promise<void> {
    const stats = await engines.stats(engineId)
    const atMs = clock.nowMs()
    let entry = watched.get(engineId)
    if (!entry) {
      entry = { looks: [], stats: null, series: createMinuteSeries(atMs), task }
      watched.set(engineId, entry)
    }
    entry.stats = stats
    if (stats === null) return
    const tokens = task === 'embedding' ? stats.promptTokens : stats.generatedTokens
    const last = entry.looks.at(-1)
    // Counters begin anew in a process that was restarted. What an engine made before it was first seen is nobody's minute.
    const made = last === undefined ? 0 : tokens < last.tokens ? tokens : tokens - last.tokens
    if (last !== undefined && tokens < last.tokens) entry.looks = [{ atMs: last.atMs, tokens: 0 }]
    entry.looks = [...entry.looks.filter((one) => atMs - one.atMs <= 2 * LOOK_EVERY_MS), { atMs, tokens }]
    entry.series.add(made, atMs)
    if (task !== 'embedding') total.add(made, atMs)
  }

  function speedNow({ looks, stats }: Watched): number {
    const newest = looks.at(-1)
    if (newest === undefined || stats === null) return 0
    const before = looks.findLast((one) => newest.atMs - one.atMs >= NOW_MS) ?? looks[0]
    const elapsedMs = newest.atMs - (before?.atMs ?? newest.atMs)
    return before === undefined || elapsedMs <= 0 ? 0 : ((newest.tokens - before.tokens) / elapsedMs) * 1000
  }

  return {
    /** Looks by itself from now on. */
    start(): void {
      timer ??= setInterval(() => void this.refresh(), LOOK_EVERY_MS).unref()
    },

    stop(): void {
      if (timer !== null) clearInterval(timer)
      timer = null
    },

    /** Resolves when what is told is at most a second old. */
    refresh(): Promise<void> {
      if (clock.nowMs() - lookedAtMs < FRESH_MS) return Promise.resolve()
      looking ??= look().finally(() => {
        looking = null
      })
      return looking
    },

    /** Null for an engine that was not seen yet, or tells no figures. */
    of(engineId: string): ReplicaLoad | null {
      const entry = watched.get(engineId)
      if (!entry?.stats) return null
      return {
        stats: entry.stats,
        tokensPerSecond: speedNow(entry),
        lastHour: entry.series.lastHour(clock.nowMs()),
      }
    },

    /** Written tokens of all replicas together; what embedding models read is not in it. */
    total(): TotalLoad {
      const nowMs = clock.nowMs()
      return {
        tokensPerSecond: [...watched.values()]
          .filter(({ task }) => task !== 'embedding')
          .reduce((sum, entry) => sum + speedNow(entry), 0),
        peakToday: total.peakToday(nowMs),
        lastHour: total.lastHour(nowMs),
      }
    },
  }
}
