/**
 * Tells control which keys are used, so that a page can show it.
 *
 * A secret that this worker has not seen used is told at once, since a person may be watching for a new key's first call;
 * after that every 10 s at most, so that a busy key costs nothing. Apart from usage records: those come when an answer has
 * ended, which may be minutes later, and not at all for a list of models or for a model that is not there.
 *
 * Held in memory: at most one use a secret waits while control is away, and the end of the worker loses those. What was
 * consumed is in the usage records, which are kept.
 */
import type { Clock } from '../platform/clock.ts'
import type { KeyUse, SnapshotKey } from './snapshot.ts'

export type KeyUses = {
  /** That a request with this key was let in now. */
  note(key: SnapshotKey): void
  /** Tells what waits, and ends. */
  stop(): Promise<void>
}

export type KeyUsesDeps = {
  /** @returns whether control has them; rejects when it is away */
  deliver(uses: readonly KeyUse[]): Promise<boolean>
  clock: Clock
}

const TOLD_EVERY_MS = 10_000
/** How long a use waits for others to go with it. */
const TOGETHER_MS = 50
const RETRY_MS = 1_000
/** Secrets remembered as told. Beyond it all are forgotten, which costs one early word each. */
const REMEMBERED_MAX = 10_000

export function createKeyUses({ deliver, clock }: KeyUsesDeps): KeyUses {
  const toldAtMs = new Map<string, number>()
  const waiting = new Map<string, KeyUse>()
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null
  let stopped = false

  const tellLater = (ms: number) => {
    if (stopped || timer !== null || running !== null) return
    timer = setTimeout(tell, ms)
    timer.unref()
  }
  const tell = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (waiting.size === 0) return
    running ??= tellAll().then((told) => {
      running = null
      if (waiting.size > 0) tellLater(told ? TOGETHER_MS : RETRY_MS)
    })
  }
  const tellAll = async (): Promise<boolean> => {
    const uses = [...waiting.values()]
    waiting.clear()
    const told = await deliver(uses).catch(() => false)
    // One that was used again meanwhile waits already, with its newer time.
    if (!told) for (const use of uses) if (!waiting.has(use.sha256)) waiting.set(use.sha256, use)
    return told
  }

  return {
    note({ id, sha256 }) {
      const atMs = clock.nowMs()
      const lastMs = toldAtMs.get(sha256)
      if (lastMs !== undefined && atMs < lastMs + TOLD_EVERY_MS && !waiting.has(sha256)) return
      if (toldAtMs.size >= REMEMBERED_MAX) toldAtMs.clear()
      toldAtMs.set(sha256, atMs)
      waiting.set(sha256, { keyId: id, sha256, atMs })
      tellLater(TOGETHER_MS)
    },
    async stop() {
      stopped = true
      await running
      tell()
      await running
    },
  }
}
