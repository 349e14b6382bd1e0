/**
 * The sequences of the context: what each holds, who runs in it, and how an idle one is found again by its tokens.
 *
 * A sequence outlives its request: what it computed stays as a cached prefix until somebody takes its place.
 */
import { performance } from 'node:perf_hooks'
import type { Token } from '../token-engine.ts'
import type { RawContext } from './nlc-raw.ts'
import { PrefixIndex } from './prefix-index.ts'
import type { Running } from './running-request.ts'

export type Sequence = {
  readonly id: number
  /** Tokens whose state it holds. */
  tokens: Token[]
  scope: string | null
  salt: string
  /** The share whose request ran here last, and whether that request let its prefix go to disk. */
  share: string
  disk: boolean
  running: Running | null
  lastUsed: number
  lastUsedAt: number
  /** Whether disk holds these very tokens, or must not. */
  saved: boolean
  /** Salts and shares to forget while a request was still running here. */
  forget: boolean
}

export class Sequences {
  readonly all: readonly Sequence[]
  readonly index = new PrefixIndex<number>()
  /** A copy was noted down and moves with the next decode: until then no sequence may be saved or loaded. */
  copiesPending = false
  readonly #raw: RawContext
  #clock = 0

  constructor(raw: RawContext, count: number) {
    this.#raw = raw
    this.all = Array.from({ length: count }, (_, id) => emptySequence(id))
  }

  /** An idle sequence stays findable by what it holds. */
  cache(sequence: Sequence): void {
    sequence.lastUsed = ++this.#clock
    sequence.lastUsedAt = performance.now()
    if (sequence.forget || sequence.scope === null || sequence.tokens.length === 0) this.empty(sequence)
    else this.index.set(sequence.id, sequence.scope, sequence.tokens)
  }

  empty(sequence: Sequence): void {
    this.index.delete(sequence.id)
    if (sequence.scope !== null) this.#raw.clearSequence(sequence.id)
    Object.assign(sequence, { ...emptySequence(sequence.id), lastUsed: sequence.lastUsed })
  }

  /** Forgets cached tokens for which `matches` holds; a running request's are forgotten when it ends. */
  forget(matches: (cached: { scope: string; salt: string; share: string }) => boolean): void {
    for (const sequence of this.all) {
      const { scope, salt, share } = sequence
      if (scope === null || !matches({ scope, salt, share })) continue
      if (sequence.running !== null) sequence.forget = true
      else this.empty(sequence)
    }
  }
}

function emptySequence(id: number): Sequence {
  return {
    id,
    tokens: [],
    scope: null,
    salt: '',
    share: '',
    disk: false,
    running: null,
    lastUsed: 0,
    lastUsedAt: 0,
    saved: false,
    forget: false,
  }
}
