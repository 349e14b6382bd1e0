/**
 * One usage record per request that reached a route: what was consumed, who counted it, how it ended.
 * The columns are final; the exact journal that will carry them from worker to database is a later piece, and
 * `UsageSink` is the seam where it goes.
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
  /** As the client named it. */
  model: string
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

/** Where a worker leaves its records. `open` is called before the engine is, `close` exactly once after. */
export interface UsageSink {
  open(record: UsageRecord): void
  close(record: UsageRecord): void
  /** Resolves when all closed records are safe. */
  flush(): Promise<void>
}
