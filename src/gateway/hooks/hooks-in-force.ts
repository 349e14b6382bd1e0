/** The hooks of all projects that have some, made of a snapshot. */
import type { SafetyPolicy } from '../../safety/policy.ts'
import type { SnapshotSafety } from '../snapshot.ts'
import { createProjectHooks, type ProjectHooks } from './project-hooks.ts'

/** By project; null = no project has any. */
export type HooksInForce = ReadonlyMap<string, ProjectHooks> | null

/** Snapshots come with every change of anything; a policy that is still the same is not made anew. */
export function createHooksKeeper() {
  let made = new Map<string, { written: string; hooks: ProjectHooks }>()
  return (safety: readonly SnapshotSafety[] | undefined): HooksInForce => {
    if (safety === undefined || safety.length === 0) {
      made = new Map()
      return null
    }
    made = new Map(safety.map(({ projectId, policy }) => [projectId, kept(made.get(projectId), policy)]))
    return new Map([...made].map(([projectId, { hooks }]) => [projectId, hooks]))
  }
}

function kept(before: { written: string; hooks: ProjectHooks } | undefined, policy: SafetyPolicy) {
  const written = JSON.stringify(policy)
  return before?.written === written ? before : { written, hooks: createProjectHooks(policy) }
}
