/**
 * One usage record per request that reached a route: what was consumed, who counted it, how it ended.
 * The gateway's journal carries it from worker to database.
 *
 * Pure module: the gateway worker imports it.
 */

/** Who counted: the engine itself, an upstream's `usage`, the gateway from the stream, or nobody (0 is a fact). */
export type CountSource = 'engine' | 'upstream' | 'counted' | 'estimated' | 'none'

/** Who ended the answer early; null = it came to its own end. */
export type CutBy = 'client' | 'engine' | 'gateway' | 'upstream' | 'timeout' | null

export type UsageRecord = {
  /** `req_…`: the request id that the client saw; unique, so that a repeated delivery changes nothing. */
  id: string
  /** Milliseconds since the epoch. */
  startedAtMs: number
  organizationId: string
  projectId: string
  keyId: string
  /** The model that answered, or was asked last. */
  model: string
  /** As the client named it, where that was another name; null = the same. Absent in records of before there were others. */
  requestedModel?: string | null
  adapter: string | null
  /** The deployment that answered, and the engine of it; null = none was reached. */
  deploymentId: string | null
  engineId: string | null
  /** `/v1/chat/completions` … */
  route: string
  stream: boolean
  /** HTTP status that the client saw; 499 = the client left first. */
  status: number
  /** Stable error code; null = none. */
  errorCode: string | null
  tokensIn: number
  /** Subset of tokensIn that a shared prefix saved. */
  tokensCached: number
  tokensOut: number
  /** Subset of tokensOut. */
  tokensReasoning: number
  tokensInSource: CountSource
  tokensOutSource: CountSource
  /** Finish reason of the first choice as sent; null = none came. */
  finish: string | null
  cutBy: CutBy
  /** Phases, ms. null = the phase was not reached or not reported. */
  gatewayMs: number
  queueMs: number | null
  prefillMs: number | null
  decodeMs: number | null
  firstTokenMs: number | null
  totalMs: number
  /** How often another replica or a restarted engine was tried before the first byte. */
  retries: number
}

/** Counts of an answer that is still coming. */
export interface RunningCounts {
  counts(): Partial<UsageRecord>
}

/** Where a worker leaves its records: `src/gateway/journal/`. */
export interface UsageSink {
  /**
   * To be called before an engine is asked.
   * @throws UsageUnrecordable where nothing can be written down, so that nothing may be consumed
   */
  open(record: UsageRecord): void
  /** A piece of an answer has come and is not yet handed on. */
  progressed(record: UsageRecord, answer: RunningCounts): void
  /**
   * To be called exactly once after `open`, before the last bytes of the answer are handed on.
   * @returns null when it is as safe as the setting wants; otherwise resolves when it is
   */
  close(record: UsageRecord): Promise<void> | null
}
