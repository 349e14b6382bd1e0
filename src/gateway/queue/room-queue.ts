/**
 * Where a request waits while every engine of its model is full, instead of being sent away: in its worker, in fair order
 * among keys, up to its deadline.
 *
 *   refused for want of room ──► waits ──► a request here ends ─┐
 *                                      └─► the pause is over ───┴──► the next in order tries ──► room, or waits on, first again
 *
 * Other workers' requests end unseen, so a pause ends too: it doubles as long as tries are in vain, and is short again
 * after one that was not. One tries at a time, so that an engine which is full hears of one request and not of all.
 *
 * Our own engines have a queue of their own that is fair and never full; this one is for engines that turn requests away:
 * others' servers, and upstreams.
 */
import { ClientLeft } from '../errors.ts'
import { FairOrder } from './fair-order.ts'

export type RoomQueue = {
  /** A place in the queue of a model. `deadlineMs` by `performance.now()`. Takes nothing until it waits. */
  place(request: QueuedRequest): QueuePlace
  /** Whether somebody waits for room at a model: who comes now waits behind them. */
  isBusy(model: string): boolean
  /** An engine of a model is asked. @returns what to call at the end, with whether it took the request */
  began(model: string): (wasTaken: boolean) => void
  waiting(): number
  /** Nobody waits any longer. */
  stop(): void
}

export type QueuedRequest = { model: string; keyId: string; share: string; deadlineMs: number; signal: AbortSignal }

export type QueuePlace = {
  /**
   * Waits for its turn to try. Call it again when the try was in vain: it has its place still.
   * @param restMs how long the engine wants to be left alone, 0 = it does not say
   * @returns `room`: it is worth trying · `deadline` · `crowded`: too many wait already
   * @throws ClientLeft
   */
  waitForRoom(restMs: number): Promise<'room' | 'deadline' | 'crowded'>
  /** How long it has waited in all, in milliseconds. */
  readonly waitedMs: number
  /** When another try is likely to find room, in milliseconds, from how long requests took here; at least 100. */
  retryAfterMs(): number
}

export type RoomQueueLimits = {
  /** Of all models, in this worker. */
  waitingMax: number
  /** Of one key. */
  waitingPerKeyMax: number
}

export type QueueNews = { waited(outcome: 'room' | 'deadline' | 'crowded' | 'left', ms: number): void }

const PAUSE_MS_FIRST = 50
const PAUSE_MS_MAX = 1_000
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 60_000
/** How much the last request weighs in how long they take. */
const NEWEST = 0.2

type Waiting = { share: string; go(): void }

/** One model in this worker. */
type Line = {
  order: FairOrder<Waiting>
  running: number
  /** How long its requests take; null = none has ended. */
  serviceMs: number | null
  pauseMs: number
  timer: NodeJS.Timeout | null
  /** Engines want to be left alone until then. */
  restUntilMs: number
}

export function createRoomQueue(
  limits: RoomQueueLimits,
  news: QueueNews = { waited() {} },
  nowMs: () => number = () => performance.now(),
): RoomQueue {
  const lines = new Map<string, Line>()
  const ofKeys = new Map<string, number>()
  /** Of each that waits: what tells it that there is no time left. */
  const giveUp = new Set<() => void>()
  let waiting = 0
  let stopped = false

  const lineOf = (model: string): Line => {
    let line = lines.get(model)
    if (line === undefined) {
      const order = new FairOrder<Waiting>()
      line = { order, running: 0, serviceMs: null, pauseMs: PAUSE_MS_FIRST, timer: null, restUntilMs: 0 }
      lines.set(model, line)
    }
    return line
  }

  const grantSoon = (line: Line) => {
    if (line.timer !== null || line.order.size === 0 || stopped) return
    line.timer = setTimeout(
      () => {
        line.timer = null
        grant(line)
        line.pauseMs = PAUSE_MS_FIRST // until somebody comes back, that try was not in vain
        grantSoon(line)
      },
      Math.max(line.pauseMs, line.restUntilMs - nowMs()),
    )
  }

  const grant = (line: Line) => line.order.take()?.go()

  return {
    place({ model, keyId, share, deadlineMs, signal }) {
      let waitedMs = 0
      let pauseMs = PAUSE_MS_FIRST
      let wasGranted = false
      const line = lineOf(model)
      return {
        get waitedMs() {
          return waitedMs
        },
        retryAfterMs() {
          const perPlace = (line.serviceMs ?? 1_000) / Math.max(1, line.running)
          const guess = Math.max(perPlace * (line.order.size + 1), line.restUntilMs - nowMs())
          return Math.ceil(Math.min(RETRY_MS_MAX, Math.max(RETRY_MS_MIN, guess)))
        },
        waitForRoom(restMs) {
          const startedMs = nowMs()
          const inLineOfKey = ofKeys.get(keyId) ?? 0
          if (signal.aborted) return Promise.reject(new ClientLeft())
          if (stopped || startedMs + restMs >= deadlineMs) return Promise.resolve('deadline')
          if (waiting >= limits.waitingMax || inLineOfKey >= limits.waitingPerKeyMax) {
            news.waited('crowded', waitedMs)
            return Promise.resolve('crowded')
          }
          waiting++
          ofKeys.set(keyId, inLineOfKey + 1)
          line.restUntilMs = Math.max(line.restUntilMs, startedMs + restMs)
          return new Promise((resolve, reject) => {
            const leave = () => end('left')
            const late = () => end('deadline')
            giveUp.add(late)
            const timer = setTimeout(late, deadlineMs - startedMs)
            const end = (outcome: 'room' | 'deadline' | 'left') => {
              clearTimeout(timer)
              giveUp.delete(late)
              signal.removeEventListener('abort', leave)
              line.order.remove(item)
              waiting--
              const left = (ofKeys.get(keyId) ?? 1) - 1
              if (left === 0) ofKeys.delete(keyId)
              else ofKeys.set(keyId, left)
              waitedMs += nowMs() - startedMs
              if (outcome !== 'room' || !wasGranted) news.waited(outcome, waitedMs)
              if (outcome === 'left') reject(new ClientLeft())
              else {
                wasGranted ||= outcome === 'room'
                resolve(outcome)
              }
            }
            const item: Waiting = { share, go: () => end('room') }
            signal.addEventListener('abort', leave, { once: true })
            if (wasGranted) {
              line.order.giveBack(item)
              pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
              line.pauseMs = pauseMs
              if (line.timer !== null) clearTimeout(line.timer)
              line.timer = null
            } else line.order.add(item)
            grantSoon(line)
          })
        },
      }
    },
    isBusy: (model) => (lines.get(model)?.order.size ?? 0) > 0,
    began(model) {
      const line = lineOf(model)
      const startedMs = nowMs()
      line.running++
      let ended = false
      return (wasTaken) => {
        if (ended) return
        ended = true
        line.running--
        if (!wasTaken) return
        const tookMs = nowMs() - startedMs
        line.serviceMs = line.serviceMs === null ? tookMs : line.serviceMs + NEWEST * (tookMs - line.serviceMs)
        if (nowMs() >= line.restUntilMs) grant(line)
      }
    },
    waiting: () => waiting,
    stop() {
      stopped = true
      for (const line of lines.values()) {
        if (line.timer !== null) clearTimeout(line.timer)
        line.timer = null
      }
      for (const late of [...giveUp]) late()
    },
  }
}
