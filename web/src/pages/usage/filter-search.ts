/** What usage and requests can be limited to, alike: as their addresses say it, and as the server is asked. Pure. */
import type { Static } from 'typebox'
import type { FilterQuery, OutcomeShape } from '../../../../src/billing/usage-schema.ts'
import type { Query } from '../../api/client.ts'
import type { Place } from '../../app/session.ts'

export type Outcome = Static<typeof OutcomeShape>
export const OUTCOMES: readonly Outcome[] = ['ok', 'cut', 'failed']

/** What a figure can be split by. */
export const DIMENSIONS = ['model', 'key', 'person', 'project', 'route'] as const
export type Dimension = (typeof DIMENSIONS)[number]

export type FilterSearch = {
  model?: string
  key?: string
  person?: string
  route?: string
  outcome?: Outcome
  /** All projects of the organisation, not this one alone. */
  scope?: 'organization'
  /** One project of them. `project` is the frame's, which this does not leave. */
  of?: string
}

const TEXTS = ['model', 'key', 'person', 'route'] as const

export function parseFilter(raw: Record<string, unknown>): FilterSearch {
  const filter: FilterSearch = {}
  for (const name of TEXTS) {
    const value = raw[name]
    if (typeof value === 'string' && value !== '') filter[name] = value
  }
  const outcome = OUTCOMES.find((one) => one === raw.outcome)
  if (outcome) filter.outcome = outcome
  if (raw.scope === 'organization') {
    filter.scope = 'organization'
    if (typeof raw.of === 'string' && raw.of !== '') filter.of = raw.of
  }
  return filter
}

/** Alone what limits: a copy of it for another address. */
export function filterOf({ model, key, person, route, outcome, scope, of }: FilterSearch): FilterSearch {
  return Object.fromEntries(
    Object.entries({ model, key, person, route, outcome, scope, of }).filter(([, value]) => value !== undefined),
  )
}

/** Whether anything but the scope limits. */
export function isFiltered({ model, key, person, route, outcome, of }: FilterSearch): boolean {
  return [model, key, person, route, outcome, of].some((value) => value !== undefined)
}

/** Whether this person's role reaches all projects of the organisation. */
export function reachesOrganization({ organization }: Pick<Place, 'organization'>): boolean {
  return organization?.allowed.includes('usage.read') ?? false
}

export function filterQuery(
  search: FilterSearch,
  { organization, project }: Pick<Place, 'organization' | 'project'>,
): Query & { [name in keyof typeof FilterQuery]?: string | undefined } {
  const where =
    search.scope === 'organization'
      ? { organization_id: organization?.id, project_id: search.of }
      : { project_id: project?.id }
  return {
    ...where,
    key_id: search.key,
    person_id: search.person,
    model: search.model,
    route: search.route,
    outcome: search.outcome,
  }
}

/** The filter that leaves one group of a figure. null = none does: it is many things, or nobody knows whose it was. */
export function narrowedTo(by: Dimension, id: string | null): FilterSearch | null {
  if (id === null || (by === 'person' && id === 'unknown')) return null
  switch (by) {
    case 'project':
      return { scope: 'organization', of: id }
    default:
      return { [by]: id }
  }
}
