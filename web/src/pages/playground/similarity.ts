/** How alike texts are: cosines of their vectors. Pure. */

export const TEXTS_MAX = 32

/** One text a line; empty lines are none. */
export const linesIn = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

export function cosine(one: readonly number[], other: readonly number[]): number {
  let dot = 0
  let first = 0
  let second = 0
  for (let i = 0; i < one.length; i++) {
    const a = one[i]!
    const b = other[i] ?? 0
    dot += a * b
    first += a * a
    second += b * b
  }
  return first === 0 || second === 0 ? 0 : Math.max(-1, Math.min(1, dot / Math.sqrt(first * second)))
}

export function similarities(vectors: readonly (readonly number[])[]): number[][] {
  return vectors.map((one) => vectors.map((other) => cosine(one, other)))
}
