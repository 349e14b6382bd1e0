/** An engine that could make room. */
export type Candidate = { model: string; memoryBytes: number; lastUsedAtMs: number; busy: boolean }

/**
 * Which models to unload so that `missingBytes` more are free: least recently used first, never one that is answering.
 * @returns the victims in the order to unload them; null when even all of them would not be enough
 */
export function chooseVictims(candidates: Candidate[], missingBytes: number): Candidate[] | null {
  const victims: Candidate[] = []
  let freed = 0
  for (const candidate of candidates.filter((one) => !one.busy).sort((a, b) => a.lastUsedAtMs - b.lastUsedAtMs)) {
    if (freed >= missingBytes) break
    victims.push(candidate)
    freed += candidate.memoryBytes
  }
  return freed >= missingBytes ? victims : null
}
