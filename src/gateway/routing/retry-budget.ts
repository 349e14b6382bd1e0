/**
 * How many attempts more than requests one worker may make. When all engines fail, each retry is load that keeps them
 * from recovering: the bound per request alone would turn a thousand requests into four thousand.
 *
 * Within 10 s, a fifth of the requests, and ten a second whatever comes (Finagle's figures,
 * https://twitter.github.io/finagle/guide/Clients.html#retries).
 *
 * Pure module, but for the clock it is handed.
 */

export type RetryBudget = {
  /** Counts a request. */
  request(): void
  /** Takes one retry. @returns false = there is none left, and the attempt's end stands */
  take(): boolean
}

export type RetryBudgetRules = { share: number; perSecondMin: number; windowS: number }

export const RETRY_BUDGET: RetryBudgetRules = { share: 0.2, perSecondMin: 10, windowS: 10 }

export function createRetryBudget(nowMs: () => number, rules: RetryBudgetRules = RETRY_BUDGET): RetryBudget {
  const { share, perSecondMin, windowS } = rules
  const requests = new Array<number>(windowS).fill(0)
  const retries = new Array<number>(windowS).fill(0)
  let second = Math.floor(nowMs() / 1_000)

  const slotNow = (): number => {
    const now = Math.floor(nowMs() / 1_000)
    for (let passed = Math.min(now - second, windowS); passed > 0; passed--) {
      const slot = (now - passed + 1) % windowS
      requests[slot] = 0
      retries[slot] = 0
    }
    second = Math.max(second, now)
    return second % windowS
  }
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

  return {
    request() {
      const slot = slotNow()
      requests[slot] = (requests[slot] ?? 0) + 1
    },
    take() {
      const slot = slotNow()
      if (sum(retries) + 1 > sum(requests) * share + perSecondMin * windowS) return false
      retries[slot] = (retries[slot] ?? 0) + 1
      return true
    },
  }
}
