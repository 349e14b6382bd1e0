/**
 * Whose line is next: the project with the fewest lines in flight, and of equals the one that was served longest ago; in it
 * the batch with the fewest, and of equals the older. So a batch of a hundred thousand lines takes no more of a model than
 * another project's batch of ten. Pure module.
 */
export type Candidate = {
  id: string
  projectId: string
  model: string
  inFlight: number
  /** When a line of it was last begun, in any unit that rises. */
  servedAt: number
}

/** @param candidates those that have a line to be asked now, where their model has room */
export function chooseBatch<One extends Candidate>(
  candidates: readonly One[],
  /** Every batch that has lines in flight. */
  all: readonly Candidate[],
): One | null {
  const projects = new Map<string, { inFlight: number; servedAt: number }>()
  for (const { projectId, inFlight, servedAt } of all) {
    const sum = projects.get(projectId) ?? { inFlight: 0, servedAt: 0 }
    projects.set(projectId, { inFlight: sum.inFlight + inFlight, servedAt: Math.max(sum.servedAt, servedAt) })
  }
  const rank = (one: One) => {
    const project = projects.get(one.projectId) ?? { inFlight: 0, servedAt: 0 }
    return [project.inFlight, project.servedAt, one.inFlight, one.servedAt]
  }
  return [...candidates].sort((a, b) => compare(rank(a), rank(b)) || (a.id < b.id ? -1 : 1))[0] ?? null
}

function compare(a: number[], b: number[]): number {
  for (const [at, value] of a.entries()) if (value !== b[at]) return value - (b[at] ?? 0)
  return 0
}
