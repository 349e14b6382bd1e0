/**
 * A desk: the work on one session, saved or not. It holds the document, what is being typed, and the answers that are on
 * their way; it outlives the page, so that an answer goes on coming while somebody looks at another page.
 */
import { useSyncExternalStore } from 'react'
import { chatBody, completionBody, type Endpoint, type RequestBody } from './chat-request.ts'
import {
  type Answer,
  alsoAsk,
  ask,
  askAgain,
  type Doc,
  giveResults,
  goTo,
  putAnswer,
  putCounts,
  type Stamp,
  type Turn,
  uncounted,
} from './document-turns.ts'
import { type Draft, forgetDraft, keepDraft } from './drafts.ts'
import { LiveAnswer } from './live-answer.ts'
import { countsOf, type Session } from './playground-api.ts'
import { runAnswer } from './run-answer.ts'
import type { Mode } from './search.ts'

export type DeskState = {
  mode: Mode
  doc: Doc
  asking: string
  /** As it was last seen on the server; null = never saved. */
  session: Session | null
  /** Somebody saved this one while there is work here that began from an older one. */
  newer: Session | null
  /** By `liveKey`. */
  running: ReadonlyMap<string, LiveAnswer>
}

export type Desk = ReturnType<typeof createDesk>

export const liveKey = (turnId: string, model: string): string => `${turnId} ${model}`

const KEEP_AFTER_MS = 400
const COUNT_AFTER_MS = [1_000, 2_000, 4_000]

export const stamp: Stamp = {
  id: () =>
    `t_${[...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`,
  at: () => new Date().toISOString(),
}

export function createDesk(given: {
  key: string
  projectId: string
  mode: Mode
  session: Session | null
  draft: Draft | null
  doc: Doc
}) {
  const { projectId } = given
  let key = given.key
  let state: DeskState = {
    mode: given.mode,
    doc: given.doc,
    asking: given.draft?.asking ?? '',
    ...baseOf(given.session, given.draft),
    running: new Map(),
  }
  let keeping: ReturnType<typeof setTimeout> | null = null
  /** By request: what was found of those that lacked it; null = it is looked for, or was not found. */
  const counts = new Map<string, Answer['tokens']>()
  const listeners = new Set<() => void>()

  function set(change: Partial<DeskState>): void {
    state = { ...state, ...change }
    for (const listener of listeners) listener()
    keeping ??= setTimeout(keep, KEEP_AFTER_MS)
  }

  function keep(): void {
    if (keeping !== null) clearTimeout(keeping)
    keeping = null
    if (!isChanged(state) && state.asking === '') forgetDraft(key)
    else keepDraft(key, { doc: withLive(state, null), asking: state.asking, revision: state.session?.revision ?? null })
  }

  function bodyFor(turn: Turn, model: string): { endpoint: Endpoint; body: RequestBody } {
    return state.mode === 'completion'
      ? { endpoint: '/v1/completions', body: completionBody(state.doc, turn, model) }
      : { endpoint: '/v1/chat/completions', body: chatBody(state.doc, turn, model) }
  }

  /** Asks each of the models at a turn that waits for them. */
  function run(turn: Turn, models: readonly string[]): void {
    // Before anything begins: a body that cannot be made throws here.
    const asked = models.map((model) => ({ live: new LiveAnswer(model), ...bodyFor(turn, model) }))
    const running = new Map(state.running)
    for (const { live } of asked) running.set(liveKey(turn.id, live.model), live)
    set({ running })
    for (const { live, endpoint, body } of asked) {
      void runAnswer(live, projectId, endpoint, body).then((answer) => {
        const left = new Map(state.running)
        left.delete(liveKey(turn.id, live.model))
        set({ running: left, doc: putAnswer(state.doc, turn.id, answer) })
        countMissing()
      })
    }
  }

  /** A stream that was cut brings no counts; its usage record does, a moment later, or whenever it is opened again. */
  function countMissing(): void {
    const { session, running } = state
    const asked = new Set([...running.values()].map((live) => live.requestId))
    // The records of what others asked are theirs.
    const others = new Set(session === null || session.mine ? [] : uncounted(session.document))
    for (const requestId of uncounted(state.doc)) {
      if (asked.has(requestId) || others.has(requestId)) continue
      const known = counts.get(requestId)
      if (known) set({ doc: putCounts(state.doc, requestId, known) })
      if (known !== undefined) continue
      counts.set(requestId, null)
      void count(requestId)
    }
  }

  async function count(requestId: string): Promise<void> {
    for (const waitMs of COUNT_AFTER_MS) {
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      const tokens = await countsOf(requestId)
      if (tokens === null) continue
      // It was refused before anything was read.
      if (tokens.in === 0 && tokens.out === 0) return
      counts.set(requestId, tokens)
      set({ doc: putCounts(state.doc, requestId, tokens) })
      return
    }
  }

  addEventListener('pagehide', keep)
  countMissing()

  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get: () => state,
    /** As it would be saved now: answers on their way with what is there. */
    whole: () => withLive(state, 'stopped'),
    change: (how: (doc: Doc) => Doc) => set({ doc: how(state.doc) }),
    type: (asking: string) => set({ asking }),
    ask(text: string, instead: Turn | null = null): void {
      const from = state.mode === 'completion' && instead === null ? { ...state.doc, shown: null } : state.doc
      const { doc, waits } = ask(from, text, stamp, instead)
      set({ doc, ...(instead === null && state.mode === 'chat' ? { asking: '' } : {}) })
      run(waits, doc.models)
    },
    again(turn: Turn, model: string): void {
      const { doc, waits } = askAgain(state.doc, turn, model, stamp)
      set({ doc })
      run(waits, [model])
    },
    /** Asks a model that has joined later. */
    also(turn: Turn, model: string): void {
      set({ doc: alsoAsk(state.doc, turn, model) })
      run(turn, [model])
    },
    results(turn: Turn, model: string, results: readonly { id: string; text: string }[]): void {
      const { doc, waits } = giveResults(state.doc, turn, model, results, stamp)
      set({ doc })
      run(waits, [model])
    },
    show: (turnId: string) => set({ doc: goTo(state.doc, turnId) }),
    stop(model?: string): void {
      for (const live of state.running.values()) if (model === undefined || live.model === model) live.stopping.abort()
    },
    /** Begins anew with the same models and parameters. */
    clear(): void {
      for (const live of state.running.values()) live.stopping.abort()
      set({ doc: { ...state.doc, turns: [], shown: null, inputs: [] }, asking: '' })
    },
    /**
     * What the server has is the base from now on.
     * @param sent what was saved; what changed here meanwhile stays. Null = what is here gives way.
     */
    saved(session: Session, sent: Doc | null): void {
      forgetDraft(key)
      key = session.id
      const isSame = sent === null || sent === state.doc
      set({ session, newer: null, ...(isSame ? { doc: session.document } : {}) })
      countMissing()
    },
    /** What the server has now: taken over where nothing here would be lost, else offered. */
    meet(session: Session): void {
      const { session: known } = state
      if (known !== null && session.revision <= known.revision) {
        if (session !== known && session.revision === known.revision) set({ session })
        return
      }
      if (isChanged(state)) set({ newer: session })
      else {
        set({ session, doc: session.document })
        countMissing()
      }
    },
  }
}

/** Whether there is something here that is not saved. */
export function isChanged({ doc, session, running }: DeskState): boolean {
  if (running.size > 0) return true
  if (session === null) return doc.turns.length > 0 || doc.inputs.length > 0 || doc.system_prompt !== ''
  return doc !== session.document && differs(doc, session.document)
}

/** Compared once for each two of them: a document may be a megabyte, and this is asked at every key. */
const compared = new WeakMap<Doc, { with: Doc; differs: boolean }>()

function differs(doc: Doc, saved: Doc): boolean {
  const known = compared.get(doc)
  if (known?.with === saved) return known.differs
  const found = inOrder(doc) !== inOrder(saved)
  compared.set(doc, { with: saved, differs: found })
  return found
}

/** The server keeps fields in an order of its own. Counts that were found later are no work of anybody's. */
function inOrder(doc: Doc): string {
  return JSON.stringify(doc, (name, value: unknown) =>
    name === 'tokens'
      ? null
      : typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
  )
}

/** A draft that began from an older revision meets the newer one; it must not be saved over it unseen. */
function baseOf(session: Session | null, draft: Draft | null): Pick<DeskState, 'session' | 'newer'> {
  if (session === null || draft === null || draft.revision === session.revision) return { session, newer: null }
  return { session: { ...session, revision: draft.revision ?? 0 }, newer: session }
}

/** @param finish of answers that are on their way: null where the page may be left before they are there */
function withLive({ doc, running }: DeskState, finish: 'stopped' | null): Doc {
  let whole = doc
  for (const [key, live] of running) whole = putAnswer(whole, key.slice(0, key.indexOf(' ')), live.answer(finish))
  return whole
}

export function useDesk<Part>(desk: Desk, part: (state: DeskState) => Part): Part {
  return useSyncExternalStore(desk.subscribe, () => part(desk.get()))
}

export function useLiveAnswer(live: LiveAnswer | undefined): void {
  useSyncExternalStore(live?.subscribe ?? nothing, live?.getVersion ?? zero)
}

const nothing = () => () => {}
const zero = () => 0
