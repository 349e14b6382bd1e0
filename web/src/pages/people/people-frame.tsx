/** Title and tabs that the People pages share. The trail is one of them, at an address of its own. */
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { PageTitle, Split } from '../../ui/index.ts'
import './people.css'
import { usePeopleWords } from './people-words.ts'
import { TABS, type Tab } from './search.ts'
import { useOrganization } from './use-organization.ts'

export function PeopleFrame({
  tab,
  acts,
  panel,
  children,
}: {
  tab: Tab | 'trail'
  acts?: ReactNode
  panel?: ReactNode
  children: ReactNode
}) {
  const t = usePeopleWords()
  const { organization, project, may, mayAll, reach } = useOrganization()
  const isWhole = organization?.allowed.includes('members.list') ?? false
  const place = isWhole ? organization?.name : project && `${organization?.name} / ${project.name}`
  const open: Record<Tab, boolean> = {
    members: reach('members.list') !== null,
    invitations: reach('invitations.list') !== null,
    accounts: reach('service_accounts.list') !== null,
    roles: true,
    operators: may('operators.list'),
  }
  const tabs = useRef<HTMLElement>(null)
  // On a phone the tabs scroll, and the one that is shown may be beyond the edge.
  useEffect(() => {
    const current = tabs.current?.querySelector('[aria-current]')
    if (tab !== 'members') current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [tab])
  return (
    <Split panel={panel}>
      <PageTitle title={t('title')} says={place ? t('says', { name: place }) : t('says-installation')}>
        {acts}
      </PageTitle>
      <nav ref={tabs} className="tabs people-tabs" aria-label={t('title')}>
        {TABS.filter((one) => open[one] || one === tab).map((one) => (
          <Link
            key={one}
            to="/people"
            activeOptions={{ exact: true }}
            search={(now: { project?: string }) =>
              ({ ...kept(now), ...(one === 'members' ? {} : { tab: one }) }) as never
            }
            aria-current={one === tab ? 'page' : undefined}
          >
            {t(`tab-${one}`)}
          </Link>
        ))}
        {(mayAll('audit.read') || mayAll('audit.read_installation')) && (
          <Link
            to="/people/trail"
            search={(now: { project?: string }) => kept(now) as never}
            aria-current={tab === 'trail' ? 'page' : undefined}
          >
            {t('tab-trail')}
          </Link>
        )}
      </nav>
      {children}
    </Split>
  )
}

const kept = ({ project }: { project?: string }) => (project ? { project } : {})
