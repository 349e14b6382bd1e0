/**
 * Many patterns at once, one step a character: a state is the set of all places where some pattern may now be.
 *
 * States are made when they are first needed and kept, so that a character costs one look into a table. What a hostile
 * pattern can do is make many of them; beyond a number they are made and not kept, which is slower and no more.
 *
 * Pure module.
 */
import type { CharRange, Node } from '../../safety/pattern.ts'

/** Of one form; several may belong to one rule. */
export type Accept = number

export type State = {
  /** Forms that end here. */
  readonly accepts: readonly Accept[]
  readonly places: readonly number[]
  readonly ascii: (State | null | undefined)[]
  readonly others: Map<number, State | null>
}

type Place = { ranges: readonly CharRange[]; ignoresCase: boolean; next: number }
type Fork = { to: number[] }
type End = { accept: Accept }
type Step = { place: Place } | { fork: Fork } | { end: End }

const STATES_KEPT_MAX = 3_000
/** Transitions of one state on characters beyond ASCII. */
const OTHERS_KEPT_MAX = 512

export class Automaton {
  readonly start: State
  readonly #steps: Step[] = []
  readonly #states = new Map<string, State>()

  /** @param forms each with what it accepts as */
  constructor(forms: readonly { node: Node; ignoresCase: boolean; accept: Accept }[]) {
    const starts = forms.map(({ node, ignoresCase, accept }) => {
      const end = this.#add({ end: { accept } })
      return this.#write(node, ignoresCase, end)
    })
    this.start = this.#stateOf(starts)
  }

  /** @returns null = nothing can match any more */
  step(state: State, unit: number): State | null {
    if (unit < 128) {
      const known = state.ascii[unit]
      if (known !== undefined) return known
      const next = this.#next(state, unit)
      state.ascii[unit] = next
      return next
    }
    const known = state.others.get(unit)
    if (known !== undefined) return known
    const next = this.#next(state, unit)
    if (state.others.size < OTHERS_KEPT_MAX) state.others.set(unit, next)
    return next
  }

  #next(state: State, unit: number): State | null {
    const reached: number[] = []
    for (const at of state.places) {
      const step = this.#steps[at]
      if (step !== undefined && 'place' in step && takes(step.place, unit)) reached.push(step.place.next)
    }
    return reached.length === 0 ? null : this.#stateOf(reached)
  }

  #stateOf(from: readonly number[]): State {
    const places = new Set<number>()
    const accepts = new Set<Accept>()
    const seen = new Set<number>()
    const open = [...from]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      const step = this.#steps[at] as Step
      if ('fork' in step) open.push(...step.fork.to)
      else if ('end' in step) accepts.add(step.end.accept)
      else places.add(at)
    }
    const sorted = [...places].sort((a, b) => a - b)
    const name = `${sorted.join(',')}|${[...accepts].sort((a, b) => a - b).join(',')}`
    const known = this.#states.get(name)
    if (known !== undefined) return known
    const state: State = { accepts: [...accepts].sort((a, b) => a - b), places: sorted, ascii: [], others: new Map() }
    if (this.#states.size < STATES_KEPT_MAX) this.#states.set(name, state)
    return state
  }

  #add(step: Step): number {
    return this.#steps.push(step) - 1
  }

  /** Writes a node that leads on to `next`. @returns where it begins */
  #write(node: Node, ignoresCase: boolean, next: number): number {
    switch (node.kind) {
      case 'class':
        return this.#add({ place: { ranges: node.ranges, ignoresCase, next } })
      case 'sequence':
        return node.nodes.reduceRight((after, one) => this.#write(one, ignoresCase, after), next)
      case 'choice':
        return this.#add({ fork: { to: node.nodes.map((one) => this.#write(one, ignoresCase, next)) } })
      case 'repeat':
        return this.#repeat(node, ignoresCase, next)
      default:
        return node satisfies never
    }
  }

  #repeat({ node, min, max }: Extract<Node, { kind: 'repeat' }>, ignoresCase: boolean, next: number): number {
    let begin = next
    if (max === null) {
      const fork: Fork = { to: [next] }
      begin = this.#add({ fork })
      fork.to.push(this.#write(node, ignoresCase, begin))
    } else {
      for (let time = min; time < max; time++) {
        begin = this.#add({ fork: { to: [next, this.#write(node, ignoresCase, begin)] } })
      }
    }
    for (let time = 0; time < min; time++) begin = this.#write(node, ignoresCase, begin)
    return begin
  }
}

function takes({ ranges, ignoresCase }: Place, unit: number): boolean {
  if (isWithin(ranges, unit)) return true
  if (!ignoresCase) return false
  const character = String.fromCharCode(unit)
  return [character.toLowerCase(), character.toUpperCase()].some(
    (other) => other.length === 1 && other !== character && isWithin(ranges, other.charCodeAt(0)),
  )
}

function isWithin(ranges: readonly CharRange[], unit: number): boolean {
  return ranges.some(([from, to]) => unit >= from && unit <= to)
}
