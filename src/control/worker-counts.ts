/** What gateway workers count, each on its own socket, and what of it control shows. */

import { BREAKER_METRIC, JOURNAL_METRIC, workerMetricsSocket } from '../gateway/worker-metrics.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import { SocketSilent, socketRequest } from '../platform/socket-request.ts'
import type { BrokenReplicas } from '../routing/routing.ts'

/** For `AggregatorRegistry.aggregate` of prom-client. */
type Metric = { name: string; values: { labels: Record<string, string>; value: number }[] }

type BreakerState = 'open' | 'half_open' | 'resting'

/** One worker's counters; null where it is just starting again. */
export async function workerMetrics(folder: DataFolder, worker: string): Promise<object[] | null> {
  try {
    return (await socketRequest(workerMetricsSocket(folder, worker), 'GET', '/metrics.json', { timeoutMs: 1_000 }))
      .body as object[]
  } catch (error) {
    if (error instanceof SocketSilent) return null
    throw error
  }
}

/** Whether every worker can write its usage journal. One that says nothing may be starting, and refuses nothing. */
export async function journalIsWritable(folder: DataFolder, workers: readonly string[]): Promise<boolean> {
  const counted = await Promise.all(workers.map((worker) => workerMetrics(folder, worker)))
  return counted.every((metrics) => {
    const writable = (metrics as Metric[] | null)?.find(({ name }) => name === JOURNAL_METRIC)
    return writable?.values.every(({ value }) => value === 1) ?? true
  })
}

/** Which replicas workers leave alone now. A worker that says nothing leaves none alone. */
export async function brokenReplicas(folder: DataFolder, workers: readonly string[]): Promise<BrokenReplicas> {
  const counted = await Promise.all(workers.map((worker) => workerMetrics(folder, worker)))
  const broken = new Map<string, { workers: number; state: BreakerState }>()
  for (const metrics of counted) {
    const breaker = (metrics as Metric[] | null)?.find(({ name }) => name === BREAKER_METRIC)
    for (const { labels } of breaker?.values ?? []) {
      const { engine = '', state } = labels
      const known = broken.get(engine)
      const worst = known?.state === 'open' ? 'open' : (state as BreakerState)
      broken.set(engine, { workers: (known?.workers ?? 0) + 1, state: worst })
    }
  }
  return broken
}
