/** Where time comes from; passed in, so that tests say what time it is. */
export type Clock = { nowMs(): number }

export const systemClock: Clock = { nowMs: () => Date.now() }
