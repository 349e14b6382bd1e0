/**
 * What a worker says to control about requests that carry an `Idempotency-Key`, and what it is answered.
 *
 *   POST /internal/idempotency/claim  Claim  ──► ClaimVerdict    before an engine is asked
 *   POST /internal/idempotency/renew  { requestIds } ──► 204      every few seconds, of all that run
 *   POST /internal/idempotency/end    ClaimEnd ──► 204            before the last bytes go out; a repeat changes nothing
 *
 * A claim is a lease: one that is not renewed belonged to a worker that is gone, and whoever comes next takes it over.
 *
 * Pure module: types and times.
 */

/** How long a claim holds without a word of its worker. */
export const CLAIM_LEASE_MS = 15_000
export const CLAIM_RENEW_MS = 4_000
/** How long a key stands for its first request. */
export const CLAIM_LIFE_MS = 24 * 60 * 60_000

export type Claim = {
  keyId: string
  organizationId: string
  projectId: string
  /** SHA-256 of what the client sent: it may have put anything there. */
  nameSha256: string
  /** SHA-256 of path and body. */
  bodySha256: string
  requestId: string
}

export type ClaimVerdict =
  /** It is this request's: go on. */
  | { kind: 'begin' }
  /** Another request of that key runs. */
  | { kind: 'running'; requestId: string }
  /** The key was used with another body. */
  | { kind: 'reused'; requestId: string }
  | { kind: 'answered'; requestId: string; answer: KeptAnswer }
  /** It has run, and its answer is not to be had. */
  | { kind: 'spent'; requestId: string; why: SpentWhy }

/**
 * `forbidden`: its project lets no content reach a disk · `large`: more than is kept · `failed`: an engine worked on it and
 * it came to no whole answer · `removed`: it was kept, and had to go
 */
export type SpentWhy = 'forbidden' | 'large' | 'failed' | 'removed'

export type KeptAnswer = {
  status: number
  contentType: string
  /** Brotli, in base64. */
  packed: string
}

export type ClaimEnd = { requestId: string } & (
  | { kind: 'released' }
  | { kind: 'answered'; answer: KeptAnswer }
  | { kind: 'spent'; why: SpentWhy }
)
