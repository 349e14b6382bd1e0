/**
 * Who runs next, and where: gives free sequences to waiting requests, fairly between shares, each beginning where the longest
 * known prefix ends.
 *
 *   next of the share with least ─► a sequence is free, or is taken back ─► choose-prefix: reuse, copy, load, wait ─► placed
 */
import { performance } from 'node:perf_hooks'
import type { EndRequest, LoopCounters, LoopOptions } from './batch-loop.ts'
import { choosePrefix, type Placement, type PrefixSource } from './choose-prefix.ts'
import type { FairShares } from './fair-shares.ts'
import { asEngineError, createSamplers, promptTokens, type Running } from './running-request.ts'
import type { Sequences } from './sequences.ts'
import type { SequenceSpill } from './spill-sequences.ts'

/** Computing again more than this costs the others more than the newcomer gains. Tokens. */
const PREEMPTED_TOKENS_MAX = 2048

export type AdmissionParts = {
  options: LoopOptions
  sequences: Sequences
  waiting: Running[]
  shares: FairShares
  spill: SequenceSpill
  counters: LoopCounters
  end: EndRequest
}

export class Admission {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Places waiting requests until nobody can be placed, or others must get on first. */
  async admit(): Promise<void> {
    const { options, sequences, end } = this.#parts
    const skipped = new Set<Running>()
    let tries = options.sequences * 2
    while (tries-- > 0) {
      const one = this.#nextWaiting(skipped)
      if (one === null) return
      if (!sequences.all.some((sequence) => sequence.running === null) && !this.#preemptFor(one)) return
      try {
        one.samplers ??= createSamplers(options.raw, one.request, options)
      } catch (error) {
        end(one, asEngineError(error))
        continue
      }
      const placement = this.#choose(one)
      if (placement.kind === 'none') return
      if (placement.kind === 'wait') {
        const donor = sequences.all[placement.for]?.running
        if (donor) {
          donor.awaited = true
          if (!options.canCut) donor.stopAt = Math.min(donor.stopAt, placement.upTo)
        }
        skipped.add(one)
        continue
      }
      if (placement.fromDisk && sequences.copiesPending) {
        skipped.add(one)
        continue
      }
      await this.#place(one, placement)
    }
  }

  /** The share with the fewest running requests goes first, then the one served least, then who came first. */
  #nextWaiting(skipped: ReadonlySet<Running>): Running | null {
    const { sequences, waiting, shares } = this.#parts
    const held = new Map<string, number>()
    for (const { running } of sequences.all) {
      if (running !== null) held.set(running.request.share, (held.get(running.request.share) ?? 0) + 1)
    }
    let best: Running | null = null
    for (const one of waiting) {
      if (skipped.has(one)) continue
      if (best === null) {
        best = one
        continue
      }
      const [a, b] = [one.request.share, best.request.share]
      const difference =
        (held.get(a) ?? 0) - (held.get(b) ?? 0) || shares.served(a) - shares.served(b) || one.order - best.order
      if (difference < 0) best = one
    }
    return best
  }

  /**
   * All sequences are taken and the newcomer's share has none: the share with most of them gives back one with little in
   * it, which is computed again later (prompt and answer so far; its sampler lives on). Without this, one key that keeps
   * every sequence busy with long answers would make everybody else wait for the end of one.
   */
  #preemptFor(one: Running): boolean {
    const { sequences, waiting } = this.#parts
    const victim = this.#victimFor(one)
    if (victim === null) return false
    const sequence = victim.sequence!
    victim.preemptions++
    victim.prompt = Uint32Array.from([...victim.request.prompt, ...victim.generated])
    victim.next = null
    victim.sequence = null
    sequence.running = null
    sequences.cache(sequence)
    waiting.unshift(victim)
    return true
  }

  #victimFor(one: Running): Running | null {
    const held = new Map<string, Running[]>()
    for (const { running } of this.#parts.sequences.all) {
      if (running === null) continue
      const list = held.get(running.request.share)
      if (list === undefined) held.set(running.request.share, [running])
      else list.push(running)
    }
    if (held.has(one.request.share)) return null
    let victim: Running | null = null
    let most = 1
    for (const list of held.values()) {
      if (list.length <= most) continue
      const can = list.filter(({ sequence }) => sequence!.tokens.length <= PREEMPTED_TOKENS_MAX)
      if (can.length === 0) continue
      most = list.length
      // What it costs to compute again, and more each time, so that it is not always the same one.
      const cost = ({ sequence, preemptions }: Running) => sequence!.tokens.length * (1 + preemptions) ** 2
      victim = can.reduce((least, next) => (cost(next) < cost(least) ? next : least))
    }
    return victim
  }

  #choose(one: Running): Placement {
    const { sequences, options } = this.#parts
    const { canCopy, canCut } = options
    const prompt = promptTokens(one)
    const sources: PrefixSource[] = []
    for (const { holder, length } of sequences.index.longestFirst(one.scope, prompt)) {
      const sequence = sequences.all[holder]!
      const busy = sequence.running !== null
      if (busy && (!canCopy || sequence.forget)) continue
      const position = sequence.tokens.length
      const planned = busy && sequence.running!.next === null ? sequence.running!.prompt.length : position
      sources.push({ sequence: holder, shared: length, position, planned, busy })
    }
    const idle = sequences.all
      .filter((sequence) => sequence.running === null)
      .map((sequence) => ({
        sequence: sequence.id,
        position: sequence.tokens.length,
        lastUsed: sequence.lastUsed,
        covered: sequences.index.isCovered(sequence.id),
      }))
    const diskShared = one.request.disk ? (options.spill?.longest(one.scope, prompt) ?? 0) : 0
    const placement = choosePrefix({ promptTokens: prompt.length, sources, idle, diskShared, canCut })
    const copiesIdle = placement.kind === 'place' && placement.copyFrom !== null && !canCopy
    return copiesIdle ? { ...placement, keep: 0, copyFrom: null } : placement
  }

  async #place(one: Running, placement: Extract<Placement, { kind: 'place' }>): Promise<void> {
    const { sequences, waiting, spill, counters, options } = this.#parts
    const { raw } = options
    waiting.splice(waiting.indexOf(one), 1)
    const sequence = sequences.all[placement.into]!
    let keep = placement.keep
    const loses = placement.copyFrom !== null || placement.fromDisk || keep < sequence.tokens.length / 2
    if (loses && sequence.running === null) await spill.save(sequence)
    if (placement.copyFrom !== null) {
      const donor = sequences.all[placement.copyFrom]!
      await raw.copySequence(donor.id, sequence.id)
      sequences.copiesPending = true
      sequence.tokens = donor.tokens.slice()
    } else if (placement.fromDisk) {
      sequences.empty(sequence)
      sequence.tokens = (await options.spill!.load(raw, one.scope, promptTokens(one), sequence.id)) ?? []
      // A file that turned out broken leaves nothing: the prompt is computed as if it had never been there.
      keep = Math.min(keep, sequence.tokens.length)
    }
    if (keep === 0) {
      if (sequence.tokens.length > 0 || placement.fromDisk) raw.clearSequence(sequence.id)
    } else if (keep < sequence.tokens.length && !raw.cutSequence(sequence.id, keep)) {
      raw.clearSequence(sequence.id)
      keep = 0
    }
    sequence.tokens.length = keep
    Object.assign(sequence, { scope: one.scope, salt: one.request.salt, share: one.request.share })
    Object.assign(sequence, { disk: one.request.disk, running: one, saved: false, forget: false })
    sequences.index.set(sequence.id, one.scope, promptTokens(one))
    one.sequence = sequence
    if (one.startedAt === 0) {
      one.startedAt = performance.now()
      one.cachedTokens = Math.min(keep, one.request.prompt.length)
      counters.promptTokens += one.request.prompt.length
      counters.cachedTokens += one.cachedTokens
    }
  }
}
