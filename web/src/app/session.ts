/** Who is signed in, which organisation and project the page is about, and what they may do there. */

import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { Static } from 'typebox'
import type { MachineShape } from '../../../src/control/machine-schema.ts'
import type { Me as MeShape } from '../../../src/identity/me-schema.ts'
import type { Action } from '../../../src/identity/rules.ts'
import { get } from '../api/client.ts'
import { tabIsOf } from './whose-tab.ts'

export type Me = Static<typeof MeShape>
export type Organization = Me['organizations'][number]
export type Project = Organization['projects'][number]

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    const me = await get<Me>('/api/me', undefined, signal)
    if (!tabIsOf(me.person?.id ?? null)) return me
    // Somebody else signed in, in another tab: all that this page has in memory is the former person's.
    location.reload()
    return new Promise<never>(() => {})
  },
  staleTime: 60_000,
})

/** Only below the frame, where somebody is signed in. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data
}

export type Place = {
  me: Me
  /** null = a person without any organisation. */
  organization: Organization | null
  /** null = an organisation without a project for this person. */
  project: Project | null
  /** In this project, its organisation, or over the installation. */
  may: (action: Action) => boolean
}

/** Actions on what belongs to a project: there a role in the project goes before the one in its organisation. */
const OF_A_PROJECT =
  /^(inference$|keys\.|usage\.|requests\.|content_log\.|playground\.|files\.|batches\.|project\.(read|update|delete)$)/

const KEPT = 'tradewind.project'

/** The project of the address, else the one used last, else the first. */
export function placeIn(me: Me, asked: string | undefined): Place {
  const all = me.organizations.flatMap((organization) =>
    organization.projects.map((project) => ({ organization, project })),
  )
  const found =
    all.find(({ project }) => project.id === asked) ??
    all.find(({ project }) => project.id === kept()) ??
    all[0] ??
    null
  const organization = found?.organization ?? me.organizations[0] ?? null
  const project = found?.project ?? null
  const inProject = new Set<Action>(project?.allowed ?? organization?.allowed ?? [])
  const inOrganization = new Set<Action>(organization?.allowed ?? [])
  const anywhere = new Set<Action>(me.allowed)
  const may = (action: Action) =>
    anywhere.has(action) || (OF_A_PROJECT.test(action) ? inProject : inOrganization).has(action)
  return { me, organization, project, may }
}

export function usePlace(): Place {
  const me = useMe()
  const { project } = useSearch({ strict: false }) as { project?: string }
  return placeIn(me, project)
}

/** The id of the project, on pages that are nothing without one. */
export function useProjectId(): string {
  return usePlace().project?.id ?? ''
}

export function keepProject(id: string): void {
  try {
    localStorage.setItem(KEPT, id)
  } catch {
    // The address says it too.
  }
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null
  }
}

export type Machine = Static<typeof MachineShape>

/** What the rail's foot says of this machine. */
export function useMachine() {
  return useQuery({
    queryKey: ['machine'],
    queryFn: ({ signal }) => get<Machine>('/api/machine', undefined, signal),
    refetchInterval: 5_000,
    retry: false,
  })
}
