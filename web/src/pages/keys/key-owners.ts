import { useQuery } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { ServiceAccountPage } from '../../../../src/identity/service-account-schema.ts'
import { get } from '../../api/client.ts'
import { usePlace } from '../../app/session.ts'

/** Service accounts that can own a key of this project. */
export function useServiceAccounts(): Static<typeof ServiceAccountPage>['data'] {
  const { organization, project } = usePlace()
  const mayList = [organization, project].some((place) => place?.allowed.includes('service_accounts.list'))
  const { data } = useQuery({
    queryKey: ['service-accounts', 'owners', organization?.id],
    queryFn: ({ signal }) =>
      get<Static<typeof ServiceAccountPage>>(
        '/api/service-accounts',
        { organization_id: organization?.id, limit: 200 },
        signal,
      ),
    enabled: mayList,
    staleTime: 30_000,
  })
  return (data?.data ?? []).filter(({ project_id }) => project_id === null || project_id === project?.id)
}
