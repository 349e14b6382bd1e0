/** Settings: of this project, its organisation, and for operators the installation and its backups. */
import { Link, useSearch } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Page, PageTitle } from '../../ui/index.ts'
import { BackupsTab } from './backups-tab.tsx'
import { InstallationTab } from './installation-tab.tsx'
import { OrganizationTab } from './organization-tab.tsx'
import { ProjectTab } from './project-tab.tsx'
import type { SettingsSearch, SettingsTab } from './search.ts'
import { useSettingsWords } from './settings-words.ts'

export default function SettingsPage() {
  const t = useSettingsWords()
  const { project, organization, may } = usePlace()
  const { tab: asked } = useSearch({ strict: false }) as SettingsSearch
  const tabs: SettingsTab[] = [
    ...(project ? (['project'] as const) : []),
    ...(organization || may('organizations.create') ? (['organization'] as const) : []),
    ...(may('status.read') ? (['installation'] as const) : []),
    ...(may('backup.read') ? (['backups'] as const) : []),
  ]
  const tab = tabs.find((one) => one === asked) ?? tabs[0]
  return (
    <Page>
      <PageTitle title={t('title')} says={t('says')} />
      <nav className="tabs" aria-label={t('title')}>
        {tabs.map((one) => (
          <Link key={one} to="/settings" search={{ tab: one }} aria-current={one === tab ? 'page' : undefined}>
            {t(`tab-${one}`)}
          </Link>
        ))}
      </nav>
      {tab === 'project' && project && <ProjectTab key={project.id} id={project.id} />}
      {tab === 'organization' && <OrganizationTab key={organization?.id ?? ''} />}
      {tab === 'installation' && <InstallationTab />}
      {tab === 'backups' && <BackupsTab />}
    </Page>
  )
}
