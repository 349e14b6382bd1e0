/**
 * What changes here, told to browsers that listen (`GET /api/events`, server-sent events).
 *
 *   pulls, replicas, starter ──tell──► feed ──► one queue a listener ──► its connection
 *
 * A listener first gets the whole state, then what changes. There is no memory of past events: a browser that comes back
 * gets the state again, which cannot miss anything, while a replay must give up at some length. Each event holds the
 * whole of its subject as it is now, so of two that wait for a slow connection only the later one is kept: a queue is
 * never longer than there are subjects.
 */
import type { Clock } from '../platform/clock.ts'

/** What a listener may be told. */
export type Audience = { models: boolean; replicas: boolean }

export type FeedEvent = {
  /** `event:` on the wire. */
  name: 'state' | 'pull' | 'replica' | 'replica-gone' | 'starter' | 'models' | 'end'
  /** Later events of the same subject take the place of earlier ones that still wait. */
  subject: string
  to: keyof Audience
  data: unknown
}

/** A connection, as the feed needs it. */
export type Listener = {
  /** @returns false where it holds enough for now; `drained` is then called once it can take more */
  write(text: string): boolean
  onDrained(drained: () => void): void
  end(): void
}

export type FeedDeps = {
  clock: Clock
  /** All that a listener of this audience is told at first. */
  stateFor: (audience: Audience) => Promise<unknown>
}

/** A connection that takes nothing for this long is given up; its browser comes again by itself. */
const STUCK_MS_MAX = 60_000
/** How long a browser waits before it comes again. */
const RETRY_MS = 2_000

export type EventFeed = ReturnType<typeof createEventFeed>

export function createEventFeed({ clock, stateFor }: FeedDeps) {
  const open = new Set<Queue>()

  class Queue {
    audience: Audience
    readonly #listener: Listener
    readonly #waiting = new Map<string, string>()
    /** Held back until the whole state is written, and while the connection takes no more. */
    #heldSinceMs: number | null
    #hasState = false

    constructor(listener: Listener, audience: Audience) {
      this.#listener = listener
      this.audience = audience
      this.#heldSinceMs = clock.nowMs()
      listener.onDrained(() => this.#flush())
    }

    begin(state: unknown): void {
      this.#hasState = true
      this.#heldSinceMs = null
      this.#write(`retry: ${RETRY_MS}\n${onWire('state', state)}`)
      this.#flush()
    }

    push({ name, subject, to, data }: FeedEvent): void {
      if (!this.audience[to]) return
      this.#waiting.delete(subject)
      this.#waiting.set(subject, onWire(name, data))
      if (this.#heldSinceMs === null) this.#flush()
    }

    beat(): void {
      if (this.#heldSinceMs === null) this.#write(': beat\n\n')
      else if (clock.nowMs() - this.#heldSinceMs > STUCK_MS_MAX) this.end()
    }

    /** @param why told to the browser, which then need not come again */
    end(why?: string): void {
      if (!open.delete(this)) return
      if (why !== undefined) this.#listener.write(onWire('end', { why }))
      this.#listener.end()
    }

    #flush(): void {
      if (!this.#hasState) return
      this.#heldSinceMs = null
      for (const [subject, text] of this.#waiting) {
        this.#waiting.delete(subject)
        if (!this.#write(text)) return
      }
    }

    #write(text: string): boolean {
      const isFree = this.#listener.write(text)
      if (!isFree) this.#heldSinceMs = clock.nowMs()
      return isFree
    }
  }

  return {
    /** Whoever calls writes the state as soon as it is known; what happens meanwhile comes after it. */
    async connect(listener: Listener, audience: Audience) {
      const queue = new Queue(listener, audience)
      open.add(queue)
      const connection = {
        /** Keeps the connection alive through proxies, and gives it up where it is stuck. */
        beat: () => queue.beat(),
        /** What it may be told from now on; more than before brings the whole state again. */
        async allow(next: Audience): Promise<void> {
          const gained = (next.models && !queue.audience.models) || (next.replicas && !queue.audience.replicas)
          queue.audience = next
          if (gained && open.has(queue)) queue.begin(await stateFor(next))
        },
        end: (why?: string) => queue.end(why),
      }
      try {
        const state = await stateFor(audience)
        if (open.has(queue)) queue.begin(state)
      } catch (error) {
        queue.end()
        throw error
      }
      return connection
    },

    tell(event: FeedEvent): void {
      for (const queue of open) queue.push(event)
    },

    listeners: (): number => open.size,

    /** Ends all connections; browsers come again by themselves. */
    close(): void {
      for (const queue of [...open]) queue.end()
    },
  }
}

function onWire(name: FeedEvent['name'], data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
