/** One request's way into the queue: how long it may wait, where it stands, and what its client is told when that is over. */
import type { IncomingHttpHeaders } from 'node:http'
import { FieldInvalid } from '../errors.ts'
import { EngineBusy } from './errors.ts'
import type { QueuePlace, RoomQueue } from './room-queue.ts'

const HEADER = 'x-tradewind-queue-timeout-ms'

/** How a request waits for room at the engines of a model. The model is the one that an engine serves, not an alias. */
export type RoomSeeker = {
  /** Waits its turn where others wait already. @throws EngineBusy · ClientLeft */
  behindOthers(model: string): Promise<void>
  /**
   * An engine was full, and so are all others of its model.
   * @param restMs how long it wants to be left alone, 0 = it does not say
   * @returns whether it is worth trying again; false = there was no time to wait at all
   * @throws EngineBusy where it waited in vain, or too many wait · ClientLeft
   */
  afterRefusal(model: string, restMs: number): Promise<boolean>
}

export type RoomSeekerDeps = {
  queue: RoomQueue
  keyId: string
  share: string
  signal: AbortSignal
  /** How long it may wait, from its arrival; 0 = not at all. */
  timeoutMs: number
  /** By `performance.now()`. */
  arrivedAt: number
  /** Told of each wait. */
  onWaited(ms: number): void
}

/**
 * @param ceilingMs what a request may ask for at most; more is cut to it
 * @throws FieldInvalid
 */
export function queueTimeoutOf(
  headers: IncomingHttpHeaders,
  { defaultMs, ceilingMs }: { defaultMs: number; ceilingMs: number },
): number {
  const said = headers[HEADER]
  if (said === undefined) return defaultMs
  if (typeof said !== 'string' || !/^\d{1,9}$/.test(said))
    throw new FieldInvalid({ param: HEADER, trouble: 'must be a whole number of milliseconds; 0 waits for nothing' })
  return Math.min(Number(said), ceilingMs)
}

export function createRoomSeeker(deps: RoomSeekerDeps): RoomSeeker {
  const { queue, keyId, share, signal, timeoutMs, arrivedAt, onWaited } = deps
  let at: { model: string; place: QueuePlace } | null = null

  const placeAt = (model: string): QueuePlace => {
    if (at?.model !== model)
      at = { model, place: queue.place({ model, keyId, share, signal, deadlineMs: arrivedAt + timeoutMs }) }
    return at.place
  }

  const wait = async (model: string, restMs: number): Promise<boolean> => {
    const place = placeAt(model)
    const before = place.waitedMs
    const outcome = await place.waitForRoom(restMs)
    onWaited(place.waitedMs - before)
    if (outcome === 'room') return true
    if (outcome === 'deadline' && place.waitedMs === 0) return false
    throw new EngineBusy({
      model,
      waitedMs: Math.round(place.waitedMs),
      crowded: outcome === 'crowded',
      retryAfterMs: place.retryAfterMs(),
    })
  }

  return {
    async behindOthers(model) {
      if (timeoutMs > 0 && queue.isBusy(model)) await wait(model, 0)
    },
    async afterRefusal(model, restMs) {
      return timeoutMs > 0 && (await wait(model, restMs))
    },
  }
}
