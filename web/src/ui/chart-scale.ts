/** The maths of charts: round figures for an axis, labels that keep clear of each other, room that words need. Pure. */

export type Axis = {
  /** What the upper edge stands for. */
  top: number
  /** Values with a line, from 0 up. */
  ticks: number[]
}

/**
 * Round steps from 0 to at least `max`: the highest line is never below the highest value.
 * @param count about how many lines above 0, one more at most
 * @param whole what is counted cannot be halved
 */
export function axisTo(max: number, count: number, whole: boolean): Axis {
  if (!(max > 0) || !Number.isFinite(max)) return { top: 1, ticks: [0] }
  let best = { lines: 0, step: 0, top: Number.POSITIVE_INFINITY }
  for (const step of roundSteps(max, whole)) {
    const lines = Math.ceil(max / step - 1e-9)
    if (lines > count + 1) continue
    const top = step * lines
    // What leaves the least empty above the highest value; of two alike, the one with about as many lines as wished.
    const isAlike = Math.abs(top - best.top) < top * 1e-6
    if (isAlike ? Math.abs(lines - count) < Math.abs(best.lines - count) : top < best.top) best = { lines, step, top }
  }
  const ticks = Array.from({ length: best.lines + 1 }, (_, index) => Number((index * best.step).toPrecision(12)))
  return { top: ticks.at(-1)!, ticks }
}

/** From fine to coarse; the last is at least `max`. */
function roundSteps(max: number, whole: boolean): number[] {
  const size = 10 ** Math.floor(Math.log10(max))
  return [0.1, 0.2, 0.25, 0.4, 0.5, 1, 2, 2.5, 4, 5, 10]
    .map((one) => Number((one * size).toPrecision(12)))
    .filter((step) => !whole || (step >= 1 && Number.isInteger(step)))
    .concat(whole && size < 1 ? [1] : [])
}

/** A figure of an axis: 0, 40, 2,000, 200 k, 2.5 M. */
export function tickNumber(value: number, figure: (value: number, digits?: number) => string): string {
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (value >= (size === 1e3 ? 1e4 : size)) return `${figure(value / size, 2)} ${unit}`
  return figure(value, value < 1 ? 4 : 2)
}

/**
 * Moves places apart until each keeps `gap` from the next, as little as possible, within 0 and `room`.
 * @returns one place for each, in the order of `wanted`
 */
export function spread(wanted: readonly number[], gap: number, room: number): number[] {
  if (wanted.length < 2) return wanted.map((at) => clamp(at, 0, room))
  const tight = Math.min(gap, room / (wanted.length - 1))
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]! || a - b)
  // Blocks of labels that touch; each stands where its members would on average.
  const blocks: { members: number[]; first: number }[] = []
  const firstOf = (members: readonly number[]) => {
    const sum = members.reduce((total, member, at) => total + wanted[member]! - at * tight, 0)
    return clamp(sum / members.length, 0, room - (members.length - 1) * tight)
  }
  for (const index of order) {
    let members = [index]
    let first = firstOf(members)
    for (
      let above = blocks.at(-1);
      above && above.first + above.members.length * tight > first;
      above = blocks.at(-1)
    ) {
      members = [...above.members, ...members]
      first = firstOf(members)
      blocks.pop()
    }
    blocks.push({ members, first })
  }
  const places: number[] = Array(wanted.length)
  for (const { members, first } of blocks)
    for (const [at, index] of members.entries()) places[index] = first + at * tight
  return places
}

/** Widths of letters at 12 px, the first that matches. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[\u2e80-\uffff]/u, 12],
  [/[MW@%mw]/, 10.4],
  [/[ijl.,:'| ]/, 3.8],
  [/[ftr-]/, 5],
  [/[A-Z0-9$]/, 8],
]
const WIDTH_ELSE = 7.2

/** About how wide words of 12 px are, in px: nothing is measured, so nothing is laid out twice. */
export function widthOf(words: string): number {
  let width = 0
  for (const letter of words) width += WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? WIDTH_ELSE
  return Math.ceil(width)
}

/** Under the first and the last moment words keep within the axis; elsewhere they stand in the middle. */
export function sideOf(share: number): 'begin' | 'end' | '' {
  return share < 0.03 ? 'begin' : share > 0.97 ? 'end' : ''
}

const WORDS_APART = 12

/**
 * How wide an axis must be for each of its words to be shown, px. Where not all have room, every second one goes, then
 * three of four.
 * @param words from left to right; `share` is where on the axis
 */
export function shownFrom(words: readonly { share: number; label: string }[]): number[] {
  const needed = (every: number) => {
    let most = 0
    for (let at = every; at < words.length; at += every) {
      const [one, next] = [words[at - every]!, words[at]!]
      const room = widthOf(one.label) * AFTER[sideOf(one.share)] + widthOf(next.label) * (1 - AFTER[sideOf(next.share)])
      most = Math.max(most, Math.ceil((room + WORDS_APART) / (next.share - one.share)))
    }
    return most
  }
  const [all, half] = [needed(1), needed(2)]
  return words.map((_, at) => (at % 2 === 1 ? all : at % 4 === 2 ? half : 0))
}

/** Which part of words is to the right of their place. */
const AFTER = { begin: 1, end: 0, '': 0.5 }

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}
