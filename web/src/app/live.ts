/**
 * What changes on the server, as it does: one stream of events for the whole console, kept in a small store. Pages read
 * pulls, replicas and the starter from it; lists that an event says are stale are asked for again.
 */
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import type { PullOnWire, ReplicaOnWire } from '../../../src/deployments/schema.ts'
import { meQuery } from './session.ts'

export type Pull = PullOnWire
export type Replica = ReplicaOnWire
export type Starter = { state: string; model: string | null; problem: { code: string; message: string } | null }

export type Live = {
  /** False until the first state came, and while the connection is away. */
  connected: boolean
  /** Open ones, and those that ended since this page was opened. */
  pulls: readonly Pull[]
  /** null = this person may not see what runs. */
  replicas: readonly Replica[] | null
  starter: Starter | null
}

/** After an answer that was no stream, such as that of a gateway whose control starts again. */
const REOPEN_MS = 2_000

const NOTHING: Live = { connected: false, pulls: [], replicas: null, starter: null }

let live: Live = NOTHING
let wasLost = false
const listeners = new Set<() => void>()

function set(change: Partial<Live>): void {
  live = { ...live, ...change }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => live)
}

/**
 * Opens the stream for as long as the frame is there and seen. A browser has six connections for one address: tabs in the
 * background, and pages that it keeps for Back, would hold one each, and the seventh page would never come.
 */
export function useLiveStream(): void {
  const queries = useQueryClient()
  useEffect(() => {
    let source: EventSource | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    const open = () => {
      source = new EventSource('/api/events')
      listen(source, queries, () => {
        timer = setTimeout(open, REOPEN_MS)
        // A browser does not tell why: it may be the session that ended.
        void queries.invalidateQueries({ queryKey: meQuery.queryKey })
      })
    }
    const close = () => {
      clearTimeout(timer)
      source?.close()
      source = null
    }
    const follow = () => {
      close()
      if (document.visibilityState === 'visible') open()
      else wasLost = true // what happens meanwhile is not told
    }
    follow()
    document.addEventListener('visibilitychange', follow)
    addEventListener('pagehide', close)
    addEventListener('pageshow', followIfKept)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      removeEventListener('pagehide', close)
      removeEventListener('pageshow', followIfKept)
      close()
      set(NOTHING)
    }

    function followIfKept({ persisted }: PageTransitionEvent): void {
      if (persisted) follow()
    }
  }, [queries])
}

/** @param onGivenUp the browser does not try again by itself: it does so only while no answer came at all */
function listen(source: EventSource, queries: QueryClient, onGivenUp: () => void): void {
  const on = <Data>(name: string, take: (data: Data) => void) =>
    source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as Data))

  on<Omit<Live, 'connected'>>('state', (state) => {
    set({ ...state, connected: true })
    if (!wasLost) return
    wasLost = false
    // What could not be asked meanwhile is asked for now.
    void queries.refetchQueries({ type: 'active', predicate: (query) => query.isStale() || query.state.error !== null })
  })
  on<Pull>('pull', (pull) => set({ pulls: replaced(live.pulls, pull) }))
  on<Replica>('replica', (replica) => live.replicas && set({ replicas: replaced(live.replicas, replica) }))
  on<{ id: string }>('replica-gone', ({ id }) =>
    set({ replicas: live.replicas?.filter((replica) => replica.id !== id) ?? null }),
  )
  on<Starter>('starter', (starter) => set({ starter }))
  on('models', () => void queries.invalidateQueries({ queryKey: ['models'] }))
  on('end', () => {
    source.close()
    void queries.invalidateQueries({ queryKey: meQuery.queryKey })
  })
  source.onerror = () => {
    wasLost = true
    set({ connected: false })
    if (source.readyState === EventSource.CLOSED) onGivenUp()
  }
}

function replaced<Item extends { id: string }>(items: readonly Item[], item: Item): Item[] {
  return items.some(({ id }) => id === item.id)
    ? items.map((one) => (one.id === item.id ? item : one))
    : [...items, item]
}
