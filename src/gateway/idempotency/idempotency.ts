/**
 * Requests that carry an `Idempotency-Key`: run once, answered as often as they are asked. The worker's side of
 * `claim-wire.ts`; a request without the header never gets here.
 *
 *   claim ──► begin    ──► the story goes on, and what its client gets is recorded (`recorded-answer.ts`)
 *         ├─► answered ──► the recorded bytes, whole
 *         ├─► running  ──► asked again until it ends, for a while: a client that tries again after a broken connection
 *         │                wants that answer, and most give up after two refusals
 *         └─► reused · spent ──► refused
 *
 * Of a claim that nobody could be told of, the story does not begin; an end that control does not hear at once is told
 * again for as long as this process lives, and the claim is renewed until then.
 */
import { createHash, hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import type { Log } from '../../platform/log.ts'
import { ClientLeft } from '../errors.ts'
import type { SnapshotKey } from '../snapshot.ts'
import { CLAIM_RENEW_MS, type Claim, type ClaimEnd, type ClaimVerdict } from './claim-wire.ts'
import {
  IdempotencyAnswerNotKept,
  IdempotencyInProgress,
  IdempotencyKeyInvalid,
  IdempotencyKeyReused,
  IdempotencyUnavailable,
} from './errors.ts'
import { RecordedAnswer } from './recorded-answer.ts'

export type Idempotency = {
  /**
   * @param name what the header says
   * @returns the claim, to be ended whatever happens, or an answer that was given before
   * @throws IdempotencyKeyInvalid · IdempotencyKeyReused · IdempotencyInProgress · IdempotencyAnswerNotKept ·
   *   IdempotencyUnavailable · ClientLeft
   */
  claim(request: Asked, signal: AbortSignal): Promise<RecordedAnswer | Replay>
  /** Ends of which control has not heard yet. */
  untold(): number
  stop(): Promise<void>
}

export type Asked = { name: string | string[]; requestId: string; key: SnapshotKey; path: string; body: Buffer }

export type Replay = { kind: 'replay'; requestId: string; status: number; contentType: string; body: Buffer }

/** How control is told. Each rejects when control is away. */
export type ClaimPort = {
  claim(claim: Claim): Promise<ClaimVerdict>
  renew(requestIds: readonly string[]): Promise<void>
  end(end: ClaimEnd): Promise<void>
}

export type IdempotencyDeps = {
  port: ClaimPort
  log: Log
  /** Whether content of a key may reach a disk now. */
  mayKeep(keyId: string): boolean
  /** Told of each that was answered, or refused, by what another one had come to. */
  onReplayed?: ((outcome: 'answered' | 'refused') => void) | undefined
  /** Longest wait for another request of the same key. */
  waitMs?: number
  /** Longest that the end of an answer waits for its claim to be told. */
  tellMs?: number
}

const CHARACTERS_MAX = 255
const WAIT_MS = 15_000
const PAUSE_MS_FIRST = 50
const PAUSE_MS_MAX = 500
/** What a client is told to wait which has waited for us already. */
const RETRY_AFTER_MS = 1_000
const TELL_MS = 2_000
const TELL_AGAIN_MS = 500
/** Answers that wait for control; beyond it an answer is given up, and its claim is told as spent. */
const UNTOLD_BYTES_MAX = 32 * 1024 * 1024
/** More than an answer that is kept ever unpacks to. */
const UNPACKED_BYTES_MAX = 8 * 1024 * 1024

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

export function createIdempotency(deps: IdempotencyDeps): Idempotency {
  const { port, log, mayKeep, onReplayed = () => {}, waitMs = WAIT_MS, tellMs = TELL_MS } = deps
  const running = new Set<string>()
  let untold = 0
  let untoldBytes = 0
  let stopped = false
  let timer: NodeJS.Timeout | null = null

  const renewSoon = () => {
    if (timer !== null || stopped) return
    timer = setTimeout(async () => {
      await port.renew([...running]).catch(() => {}) // the lease bears several of these
      timer = null
      if (running.size > 0) renewSoon()
    }, CLAIM_RENEW_MS)
    timer.unref()
  }

  const ask = async (claim: Claim): Promise<ClaimVerdict> => {
    try {
      return await port.claim(claim)
    } catch (cause) {
      throw new IdempotencyUnavailable({}, { cause })
    }
  }

  const tellUntilHeard = async (end: ClaimEnd): Promise<void> => {
    let told = end
    const bytes = end.kind === 'answered' ? end.answer.packed.length : 0
    if (untoldBytes + bytes > UNTOLD_BYTES_MAX) told = { kind: 'spent', requestId: end.requestId, why: 'large' }
    untold++
    untoldBytes += bytes
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await port.end(told)
          return
        } catch (error) {
          if (attempt === 1)
            log.warn({ err: error, requestId: end.requestId }, 'control does not hear the end of a claim')
          if (stopped) return
          await sleep(TELL_AGAIN_MS, undefined, { ref: false })
        }
      }
    } finally {
      untold--
      untoldBytes -= bytes
      running.delete(end.requestId)
    }
  }

  const begin = (claim: Claim): RecordedAnswer => {
    running.add(claim.requestId)
    renewSoon()
    return new RecordedAnswer({
      requestId: claim.requestId,
      mayKeep: () => mayKeep(claim.keyId),
      async end(outcome) {
        const end: ClaimEnd =
          outcome.kind === 'answered'
            ? {
                kind: 'answered',
                requestId: claim.requestId,
                answer: { ...outcome.head, packed: (await packed(outcome.body)).toString('base64') },
              }
            : { ...outcome, requestId: claim.requestId }
        await Promise.race([tellUntilHeard(end), sleep(tellMs, undefined, { ref: false })])
      },
    })
  }

  return {
    async claim({ name, requestId, key, path, body }, signal) {
      if (
        typeof name !== 'string' ||
        name.length > CHARACTERS_MAX ||
        !/^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/.test(name)
      )
        throw new IdempotencyKeyInvalid({ charactersMax: CHARACTERS_MAX })
      const claim: Claim = {
        keyId: key.id,
        organizationId: key.organizationId,
        projectId: key.projectId,
        nameSha256: hash('sha256', name, 'hex'),
        bodySha256: createHash('sha256').update(`${path}\n`).update(body).digest('hex'),
        requestId,
      }
      const deadlineMs = Date.now() + waitMs
      for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)) {
        const verdict = await ask(claim)
        const first = verdict.kind === 'begin' ? requestId : verdict.requestId
        switch (verdict.kind) {
          case 'begin':
            return begin(claim)
          case 'answered': {
            const { packed, ...head } = verdict.answer
            onReplayed('answered')
            return { kind: 'replay', requestId: first, ...head, body: await unpacked(packed) }
          }
          case 'reused':
            onReplayed('refused')
            throw new IdempotencyKeyReused({ first })
          case 'spent':
            onReplayed('refused')
            throw new IdempotencyAnswerNotKept({ first, why: verdict.why })
          case 'running':
            if (Date.now() >= deadlineMs || stopped)
              throw new IdempotencyInProgress({ first, waitedMs: waitMs, retryAfterMs: RETRY_AFTER_MS })
            await sleep(pauseMs, undefined, { signal }).catch(() => {
              throw new ClientLeft()
            })
            break
          default:
            verdict satisfies never
        }
      }
    },
    untold: () => untold,
    /** Tells what is untold once more, and gives up what nobody hears: those claims lapse. */
    async stop() {
      for (let waited = 0; untold > 0 && waited < TELL_MS; waited += 50) await sleep(50)
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}

/** Beside the main thread. Quality 4 shrinks a stream to a tenth in a few milliseconds. */
function packed(body: Buffer): Promise<Buffer> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: body.length }
  return compress(body, { params })
}

function unpacked(text: string): Promise<Buffer> {
  return decompress(Buffer.from(text, 'base64'), { maxOutputLength: UNPACKED_BYTES_MAX })
}
