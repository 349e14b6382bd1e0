/**
 * Where a new request begins: which sequence it runs in and what of its prompt is already computed. Pure.
 *
 * Computing a prompt token costs milliseconds, copying a whole sequence costs a few for all of it. So the longest
 * beginning in memory wins: reused in place where nothing of worth is lost by it, copied where its holder is busy or
 * would lose a different ending. A request that arrives while another one is still computing the same beginning waits for it:
 * eight simultaneous questions on one document compute the document once.
 */

/** A shared beginning shorter than this is not worth a copy or a wait. Tokens. */
export const SHARED_MIN = 16
/** A file must beat memory by this much: loading reads and checks the whole of it. Tokens. */
const DISK_GAIN_MIN = 32

export type PrefixSource = {
  sequence: number
  /** Tokens it has in common with the prompt. */
  shared: number
  /** Tokens it holds in memory now. */
  position: number
  /** Tokens it will hold when its own prompt is computed; equals `position` when that is done. */
  planned: number
  busy: boolean
}

export type IdleSequence = {
  sequence: number
  /** Tokens it holds; 0 = empty. */
  position: number
  /** Larger = more recently used. */
  lastUsed: number
  /** Another sequence begins with all of its tokens. */
  covered: boolean
}

export type PrefixQuestion = {
  promptTokens: number
  sources: readonly PrefixSource[]
  /** Sequences that no request runs in. */
  idle: readonly IdleSequence[]
  /** Longest common beginning with a file on disk; 0 = none. */
  diskShared: number
  /** Whether a sequence's end can be cut off. Recurrent and sliding-window models can only go on from where they are. */
  canCut: boolean
}

export type Placement =
  /** Ask again when this sequence holds `upTo` tokens. */
  | { kind: 'wait'; for: number; upTo: number }
  /** Run in `into`, the first `keep` tokens of it being right (after the copy or load, if any). */
  | { kind: 'place'; into: number; keep: number; copyFrom: number | null; fromDisk: boolean }
  /** Every sequence is busy. */
  | { kind: 'none' }

export function choosePrefix(question: PrefixQuestion): Placement {
  const { sources, idle, canCut, promptTokens, diskShared } = question
  if (idle.length === 0) return { kind: 'none' }
  // At least one token must be computed, else there are no logits to choose the next one from.
  const limit = promptTokens - 1
  const usable = (source: PrefixSource) => {
    if (!canCut) return source.position <= Math.min(source.shared, limit) ? source.position : 0
    return Math.min(source.shared, source.position, limit)
  }

  let best: PrefixSource | null = null
  let bestKeep = 0
  for (const source of sources) {
    const keep = usable(source)
    // Of two equal ones the idle one: it can be reused without a copy.
    if (keep > bestKeep || (keep === bestKeep && best?.busy === true && !source.busy)) {
      best = source
      bestKeep = keep
    }
  }

  const soon = longestSoon(sources, limit)
  if (soon !== null && soon.upTo >= Math.max(bestKeep, diskShared) + SHARED_MIN) {
    return { kind: 'wait', for: soon.sequence, upTo: soon.upTo }
  }

  const victim = leastUseful(idle)
  const diskKeep = Math.min(diskShared, limit)
  if (diskKeep >= bestKeep + DISK_GAIN_MIN && (canCut || diskKeep === diskShared)) {
    return { kind: 'place', into: victim.sequence, keep: diskKeep, copyFrom: null, fromDisk: true }
  }
  if (best === null || bestKeep < SHARED_MIN) {
    const same = sources.find((source) => source.sequence === victim.sequence)
    const keep = same === undefined ? 0 : usable(same)
    return { kind: 'place', into: victim.sequence, keep, copyFrom: null, fromDisk: false }
  }
  const inPlace = !best.busy && !worthKeeping(best, bestKeep, idle, victim)
  const into = inPlace ? best.sequence : victim.sequence
  const copyFrom = into === best.sequence ? null : best.sequence
  return { kind: 'place', into, keep: bestKeep, copyFrom, fromDisk: false }
}

/** The longest beginning that a busy sequence is about to have computed. */
function longestSoon(sources: readonly PrefixSource[], limit: number): { sequence: number; upTo: number } | null {
  let found: { sequence: number; upTo: number } | null = null
  for (const source of sources) {
    if (!source.busy || source.planned <= source.position) continue
    const upTo = Math.min(source.shared, source.planned, limit)
    if (upTo <= source.position) continue
    if (found === null || upTo > found.upTo) found = { sequence: source.sequence, upTo }
  }
  return found
}

/**
 * Whether an idle sequence's own ending should survive, at the price of another sequence's content. A short tail is
 * the answer that the next turn of the same conversation replaces; a long one is another conversation.
 */
function worthKeeping(best: PrefixSource, keep: number, idle: readonly IdleSequence[], victim: IdleSequence): boolean {
  if (best.position - keep <= Math.max(SHARED_MIN, best.position / 10)) return false
  const own = idle.find((one) => one.sequence === best.sequence)
  return (
    victim.sequence !== best.sequence &&
    (victim.position === 0 || victim.covered || victim.lastUsed < (own?.lastUsed ?? 0))
  )
}

/** Empty first, then one whose content another sequence has too, then the least recently used. */
function leastUseful(idle: readonly IdleSequence[]): IdleSequence {
  const rank = (one: IdleSequence) => (one.position === 0 ? 0 : one.covered ? 1 : 2)
  return idle.reduce((least, one) => {
    const difference = rank(one) - rank(least)
    return difference < 0 || (difference === 0 && one.lastUsed < least.lastUsed) ? one : least
  })
}
