/**
 * Prompts leave the engines and the disk with the key or project that made them. Run at start, after each change of keys
 * or projects, and hourly for keys that expired meanwhile: it compares what may be there with what is, so a missed word
 * costs an hour at most.
 */
import type { Engines } from '../engines/engines.ts'
import type { Log } from '../platform/log.ts'

const EVERY_MS = 60 * 60_000

/** What a key leaves behind: prefixes under its project's salt and its own share. */
type KeyTrace = { id: string; salt: string; share: string; contentOnDisk: boolean }

export function createContentSweep(deps: {
  keys: () => Promise<KeyTrace[]>
  engines: Pick<Engines, 'forgetPrefixes' | 'sweepPrefixes'>
  log: Log
}) {
  let before: KeyTrace[] = []

  async function sweep(): Promise<void> {
    const now = await deps.keys()
    for (const { salt, share } of tracesToForget(before, now)) await deps.engines.forgetPrefixes(salt, share)
    before = now
    const folders = deps.engines.sweepPrefixes(now.filter((key) => key.contentOnDisk))
    if (folders > 0)
      deps.log.info({ folders }, 'spilled prefixes without a living key or a willing project were deleted')
  }

  const hourly = setInterval(
    () => void sweep().catch((error) => deps.log.error({ err: error }, 'spilled prefixes were not swept')),
    EVERY_MS,
  )
  hourly.unref()
  return { sweep, stop: () => clearInterval(hourly) }
}

/** Keys that were there and are gone, and projects that no longer allow content on disk (share null: all of the project). */
export function tracesToForget(
  before: readonly KeyTrace[],
  now: readonly KeyTrace[],
): { salt: string; share: string | null }[] {
  const living = new Map(now.map((key) => [key.id, key]))
  const gone = before.filter((key) => !living.has(key.id)).map(({ salt, share }) => ({ salt, share }))
  const unwilling = new Set(
    before.filter((key) => key.contentOnDisk && living.get(key.id)?.contentOnDisk === false).map((key) => key.salt),
  )
  return [...gone, ...[...unwilling].map((salt) => ({ salt, share: null }))]
}
