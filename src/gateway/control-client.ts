/** What the worker says to control over its admin socket, save the snapshot stream. The contract is in snapshot.ts. */
import { Pool } from 'undici'
import type { SentContent } from '../billing/request-detail.ts'
import type { UsageRecord } from '../billing/usage-record.ts'
import type { InputItemsAsked, InputItemsFound, ItemsFound, ResponseAsked } from '../responses/stored-response.ts'
import type { KeptResponses } from './dialects/responses/responses.ts'
import type { ClaimVerdict } from './idempotency/claim-wire.ts'
import type { ClaimPort } from './idempotency/idempotency.ts'
import type { LeaseAnswer, LeaseMessage } from './rate-limits/lease-wire.ts'
import type { KeyUse, SnapshotRoute } from './snapshot.ts'

export type ControlClient = {
  /** Says that keys and routes of this version are in force here. Not worth a retry: the next version says it again. */
  seen(version: number): Promise<void>
  /** Loads a model. Resolves with the route, or with control's refusal as it came; rejects when control is away. */
  wake(model: string, timeoutMs: number): Promise<{ route: SnapshotRoute } | Refusal>
  /** @returns the status; rejects when control is away */
  deliver(records: readonly UsageRecord[]): Promise<number>
  /** @returns whether they are noted; rejects when control is away */
  noteKeyUses(uses: readonly KeyUse[]): Promise<boolean>
  /** @returns the status; rejects when control is away */
  deliverContents(contents: readonly SentContent[]): Promise<number>
  /** Reports what is spent of limits, and asks for more. Rejects when control is away. */
  exchangeLimits(message: LeaseMessage): Promise<LeaseAnswer>
  /** Who may run a request that carries an idempotency key. */
  readonly idempotency: ClaimPort
  /** What the Responses API keeps. All reject when control is away. */
  readonly responses: ControlResponses
  /** For the snapshot stream. */
  readonly pool: Pool
  readonly worker: string
  close(): Promise<void>
}

export type ControlResponses = KeptResponses & {
  /** @returns null = there is none for this project */
  read(asked: ResponseAsked): Promise<Record<string, unknown> | null>
  /** @returns whether there was one */
  remove(asked: ResponseAsked): Promise<boolean>
  inputItems(asked: InputItemsAsked): Promise<InputItemsFound>
}

/** Longest that a client waits for control about what is kept. */
const RESPONSES_MS = 5_000

/** Control's own words, for the client. */
export type Refusal = { status: number; contentType: string; body: Buffer }

export function createControlClient(socketPath: string, worker: string): ControlClient {
  const pool = new Pool('http://control', {
    socketPath,
    connections: null,
    pipelining: 1,
    connectTimeout: 2_000,
    allowH2: false,
  })

  const post = (path: string, body: unknown, timeoutMs: number) => postJson(path, JSON.stringify(body), timeoutMs)
  const postJson = async (path: string, body: string, timeoutMs: number) => {
    const response = await pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    })
    const bytes = Buffer.from(await response.body.arrayBuffer())
    return {
      status: response.statusCode,
      contentType: String(response.headers['content-type'] ?? 'application/json'),
      body: bytes,
    }
  }

  const postClaim = async (path: string, body: unknown) => {
    const answer = await post(`/internal/idempotency/${path}`, body, 5_000)
    if (answer.status >= 300) throw new Error(`control answered ${answer.status} about an idempotency key`)
    return answer.body
  }

  const askResponses = async <Answer>(path: string, body: unknown): Promise<Answer> => {
    const answer = await post(`/internal/responses/${path}`, body, RESPONSES_MS)
    if (answer.status !== 200) throw new Error(`control answered ${answer.status} about responses`)
    return JSON.parse(answer.body.toString('utf8')) as Answer
  }

  return {
    pool,
    worker,
    idempotency: {
      claim: async (claim) => JSON.parse((await postClaim('claim', claim)).toString('utf8')) as ClaimVerdict,
      renew: async (requestIds) => void (await postClaim('renew', { requestIds })),
      end: async (end) => void (await postClaim('end', end)),
    },
    responses: {
      itemsBefore: (asked) => askResponses<ItemsFound>('items', asked),
      keep: async (stored) => {
        const { status } = await postJson('/internal/responses', stored, RESPONSES_MS)
        return status === 201
      },
      read: async (asked) => (await askResponses<{ response: Record<string, unknown> | null }>('read', asked)).response,
      remove: async (asked) => (await askResponses<{ removed: boolean }>('remove', asked)).removed,
      inputItems: async (asked) => (await askResponses<{ page: InputItemsFound }>('input-items', asked)).page,
    },
    async seen(version) {
      await post(`/internal/snapshot/${version}/seen`, { worker }, 5_000)
    },
    async wake(model, timeoutMs) {
      const answer = await post('/internal/wake', { model }, timeoutMs)
      if (answer.status !== 200) return answer
      return JSON.parse(answer.body.toString('utf8')) as { route: SnapshotRoute }
    },
    async deliver(records) {
      return (await post('/internal/usage', { worker, records }, 10_000)).status
    },
    async noteKeyUses(uses) {
      return (await post('/internal/key-uses', { worker, uses }, 5_000)).status < 300
    },
    async deliverContents(contents) {
      return (await post('/internal/content', { worker, contents }, 10_000)).status
    },
    async exchangeLimits(message) {
      const answer = await post('/internal/limits', message, 2_000)
      if (answer.status !== 200) throw new Error(`control answered ${answer.status} about limits`)
      return JSON.parse(answer.body.toString('utf8')) as LeaseAnswer
    },
    close: () => pool.destroy(),
  }
}
