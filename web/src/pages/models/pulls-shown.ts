/** Which pulls a page shows as under way. Pure. */
import type { PullOnWire } from '../../../../src/deployments/schema.ts'

const ENDED_SHOWN_MS = 10 * 60_000

/**
 * Open ones, those that came to their end lately, and those that failed and were not begun again.
 * @param live from the stream of events: newer than `failed`
 */
export function pullsShown(
  live: readonly PullOnWire[],
  failed: readonly PullOnWire[],
  nowMs: number,
): readonly PullOnWire[] {
  const all = [...live, ...failed.filter((pull) => !live.some((one) => one.id === pull.id))]
  return all
    .filter((pull) => {
      if (pull.state === 'cancelled') return false
      if (pull.state === 'done') return nowMs - Date.parse(pull.updated_at) < ENDED_SHOWN_MS
      if (pull.state === 'failed') return !all.some((other) => isLaterPull(other, pull))
      return true
    })
    .sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at))
}

const isLaterPull = (other: PullOnWire, pull: PullOnWire) =>
  other.model === pull.model && other.id !== pull.id && Date.parse(other.created_at) > Date.parse(pull.created_at)

/** Whether somebody may set it going again. A running one may fall back to the queue too, but by itself. */
export function canGoOn({ state, allowed }: Pick<PullOnWire, 'state' | 'allowed'>): boolean {
  return (state === 'paused' || state === 'failed') && allowed.includes('queued')
}

/** From where, in short: the repository of a hub, without the file; anything else as the server says it. */
export function originOf({ source, from }: Pick<PullOnWire, 'source' | 'from'>): string {
  return source === 'hub' ? from.replace(/^hub /, '').split('/').slice(0, 2).join('/') : from
}

/** 0 to 1; null until the source has said how much it is. */
export function shareOf({ bytes_done, bytes_total }: Pick<PullOnWire, 'bytes_done' | 'bytes_total'>): number | null {
  return bytes_total === 0 ? null : Math.min(1, bytes_done / bytes_total)
}
