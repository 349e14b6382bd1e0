/** Service accounts: owners of keys that are no person. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { Ago, Button, Code, type Column, Empty, Loaded, ShowCall, samplesOf, Table, TableFoot } from '../../ui/index.ts'
import { AccountPanel } from './account-panel.tsx'
import { MakeAccountDialog } from './make-account.tsx'
import { accountsQuery, makeAccount, type ServiceAccount } from './people-api.ts'
import { PeopleFrame } from './people-frame.tsx'
import { usePeopleWords } from './people-words.ts'
import type { PeopleSearch } from './search.ts'
import { useOrganization } from './use-organization.ts'

export function AccountsTab() {
  const t = usePeopleWords()
  const { organization, reach } = useOrganization()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as PeopleSearch
  const of = reach('service_accounts.list')
  const query = useInfiniteQuery(accountsQuery(of))
  const accounts = query.data?.pages.flatMap((page) => page.data)
  const open = accounts?.find((account) => account.id === search.account)
  useEffect(() => {
    if (search.account && !open && query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage()
  }, [search.account, open, query.hasNextPage, query.isFetchingNextPage, query.fetchNextPage])
  const set = (change: Partial<Record<keyof PeopleSearch, unknown>>, replace = false) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace } as never)
  const mayMake = reach('service_accounts.create') !== null
  const makeButton = (look: 'primary' | 'plain') => (
    <Button look={look} icon="plus" onClick={() => set({ make: true }, true)}>
      {t('make-account')}
    </Button>
  )
  return (
    <PeopleFrame
      tab="accounts"
      acts={mayMake && makeButton('primary')}
      panel={
        open &&
        organization && (
          <AccountPanel
            key={open.id}
            of={open}
            organizationId={organization.id}
            onClose={() => set({ account: undefined })}
          />
        )
      }
    >
      <Loaded query={{ ...query, data: accounts }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty
              title={t('accounts-empty')}
              acts={mayMake && makeButton('plain')}
              beside={
                <Code
                  samples={samplesOf(
                    makeAccount({ organization_id: organization?.id ?? '', project_id: null, name: 'nightly-report' }),
                  )}
                  foot={t('accounts-code')}
                />
              }
            >
              <p>{t('accounts-empty-says')}</p>
            </Empty>
          ) : (
            <>
              <Table
                label={t('tab-accounts')}
                rows={rows}
                columns={columns(t, (account) => set({ account: account.id }))}
                idOf={(account) => account.id}
                under={(account) => account.project_name ?? t('whole-organization')}
                onOpen={(account) => set({ account: account.id })}
                openId={search.account ?? null}
              />
              <TableFoot end={of && <ShowCall call={{ method: 'GET', path: '/api/service-accounts', query: of }} />}>
                {t('accounts-foot')}
              </TableFoot>
              {query.hasNextPage && (
                <div className="more-row">
                  <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {t('more')}
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
      {search.make && mayMake && (
        <MakeAccountDialog
          onClose={() => set({ make: undefined }, true)}
          onMade={(id) => set({ make: undefined, account: id }, true)}
        />
      )}
    </PeopleFrame>
  )
}

function columns(
  t: ReturnType<typeof usePeopleWords>,
  onOpen: (account: ServiceAccount) => void,
): Column<ServiceAccount>[] {
  return [
    {
      id: 'name',
      head: t('name'),
      cell: (account) => (
        <button type="button" className="name as-link cut" onClick={() => onOpen(account)}>
          {account.name}
        </button>
      ),
    },
    {
      id: 'where',
      head: t('bound-to'),
      soft: true,
      cell: (account) => account.project_name ?? t('whole-organization'),
    },
    { id: 'by', head: t('made-by'), soft: true, cell: (account) => account.created_by_name ?? t('command-line') },
    { id: 'made', head: t('made'), soft: true, cell: (account) => <Ago at={account.created_at} /> },
    {
      id: 'used',
      head: t('last-used'),
      soft: true,
      cell: (account) => (account.last_used_at ? <Ago at={account.last_used_at} /> : t('never-used')),
    },
    {
      id: 'keys',
      head: t('keys'),
      right: true,
      phone: true,
      cell: (account) => t('keys-count', { count: account.keys }),
    },
  ]
}
