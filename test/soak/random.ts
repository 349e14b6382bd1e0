/** Everything random of a soak follows from one seed, which it prints. */
export type Random = {
  /** 0 to 1. */
  share(): number
  /** An integer, both ends included. */
  between(low: number, high: number): number
  oneOf<Value>(values: readonly Value[]): Value
  bytes(length: number): Buffer
}

/** mulberry32 */
export function randomFrom(seed: number): Random {
  let state = seed
  const share = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number) => low + Math.floor(share() * (high - low + 1))
  return {
    share,
    between,
    oneOf: (values) => values[between(0, values.length - 1)] as (typeof values)[number],
    bytes: (length) => Buffer.from(Uint8Array.from({ length }, () => between(0, 255))),
  }
}
