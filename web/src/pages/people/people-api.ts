/** What the People pages ask and do. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { InvitationPage, InvitationShape, NewInvitationShape } from '../../../../src/identity/invitation-schema.ts'
import type { KeyPage } from '../../../../src/identity/key-schema.ts'
import type {
  DepartureShape,
  MemberPage,
  MemberShape,
  PersonPage,
  PersonShape,
  ProjectMemberPage,
  ProjectMemberShape,
} from '../../../../src/identity/member-schema.ts'
import type { RulesShape } from '../../../../src/identity/rules-schema.ts'
import type {
  ServiceAccountDeleted,
  ServiceAccountPage,
  ServiceAccountShape,
} from '../../../../src/identity/service-account-schema.ts'
import type { ResetLinkMade, SessionsEnded } from '../../../../src/identity/sign-in-schema.ts'
import { type Call, get, type Query } from '../../api/client.ts'
import type { ProjectRole, Role } from './search.ts'

export type Member = Static<typeof MemberShape>
export type ProjectMember = Static<typeof ProjectMemberShape>
export type Departure = Static<typeof DepartureShape>
export type Invitation = Static<typeof InvitationShape>
export type NewInvitation = Static<typeof NewInvitationShape>
export type ServiceAccount = Static<typeof ServiceAccountShape>
export type AccountGone = Static<typeof ServiceAccountDeleted>
export type Person = Static<typeof PersonShape>
export type ResetLink = Static<typeof ResetLinkMade>
export type Ended = Static<typeof SessionsEnded>
export type Rule = Static<typeof RulesShape>['data'][number]

const PAGE_ROWS = 50

/** A list that comes in pages. `key` is what to call stale; null as `path` waits. */
function pages<Page extends { next: string | null }>(key: string, path: string | null, filter: Query) {
  return infiniteQueryOptions({
    queryKey: [key, path, filter],
    queryFn: ({ pageParam, signal }) =>
      get<Page>(path ?? '', { ...filter, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: path !== null,
  })
}

export const membersQuery = (organizationId: string | null, filter: { search?: string; role?: Role }) =>
  pages<Static<typeof MemberPage>>('members', organizationId && `/api/organizations/${organizationId}/members`, filter)

/** For who has a role in a project alone. */
export const projectMembersQuery = (projectId: string | null, filter: { search?: string }) =>
  pages<Static<typeof ProjectMemberPage>>('members', projectId && `/api/projects/${projectId}/members`, filter)

/** Of an organisation, or of a project alone. */
export type Of = { organization_id?: string; project_id?: string }

export const invitationsQuery = (of: Of | null) =>
  pages<Static<typeof InvitationPage>>('invitations', of && '/api/invitations', of ?? {})
export const accountsQuery = (of: Of | null) =>
  pages<Static<typeof ServiceAccountPage>>('service-accounts', of && '/api/service-accounts', of ?? {})
export const operatorsQuery = () => pages<Static<typeof PersonPage>>('operators', '/api/operators', {})
export const everybodyQuery = (search: string | undefined) =>
  pages<Static<typeof PersonPage>>('people', '/api/people', { search })

export const rulesQuery = queryOptions({
  queryKey: ['rules'],
  queryFn: ({ signal }) => get<Static<typeof RulesShape>>('/api/rules', undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
})

/** Keys that work now and belong to somebody, or to a service account. */
export const keysOfQuery = (organizationId: string, ownerId: string) =>
  queryOptions({
    queryKey: ['keys', 'of', organizationId, ownerId],
    queryFn: ({ signal }) =>
      get<Static<typeof KeyPage>>(
        '/api/keys',
        { organization_id: organizationId, owner_id: ownerId, state: 'live', limit: 200 },
        signal,
      ),
  })

export const changeRole = (organizationId: string, userId: string, role: Role): Call => ({
  method: 'PATCH',
  path: `/api/organizations/${organizationId}/members/${userId}`,
  body: { role },
})
export const takeOut = (organizationId: string, userId: string): Call => ({
  method: 'DELETE',
  path: `/api/organizations/${organizationId}/members/${userId}`,
})
export const setProjectRole = (projectId: string, userId: string, role: ProjectRole): Call => ({
  method: 'PUT',
  path: `/api/projects/${projectId}/members/${userId}`,
  body: { role },
})
export const clearProjectRole = (projectId: string, userId: string): Call => ({
  method: 'DELETE',
  path: `/api/projects/${projectId}/members/${userId}`,
})
export const makeResetLink = (person: string): Call => ({
  method: 'POST',
  path: '/api/password-reset-links',
  body: { person },
})
export const endSessionsOf = (userId: string): Call => ({ method: 'DELETE', path: `/api/people/${userId}/sessions` })

export type InvitationWish = {
  organization_id: string
  project_id: string | null
  email: string
  role: Role
  valid_days: number
}
export const invite = (body: InvitationWish): Call => ({ method: 'POST', path: '/api/invitations', body })
export const revokeInvitation = (id: string): Call => ({ method: 'DELETE', path: `/api/invitations/${id}` })

export const makeAccount = (body: { organization_id: string; project_id: string | null; name: string }): Call => ({
  method: 'POST',
  path: '/api/service-accounts',
  body,
})
export const deleteAccount = (id: string): Call => ({ method: 'DELETE', path: `/api/service-accounts/${id}` })

export const grantOperator = (email: string): Call => ({ method: 'POST', path: '/api/operators', body: { email } })
export const withdrawOperator = (userId: string): Call => ({ method: 'DELETE', path: `/api/operators/${userId}` })
