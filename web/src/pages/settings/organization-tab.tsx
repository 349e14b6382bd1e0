/** An organisation: its name, its projects, its end; and for operators, more organisations. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type {
  OrganizationPage,
  OrganizationShape,
  ProjectPage,
  ProjectShape,
} from '../../../../src/identity/organization-schema.ts'
import { get } from '../../api/client.ts'
import { usePlace } from '../../app/session.ts'
import { Ago, Button, Loaded, Section, Table, useFormat } from '../../ui/index.ts'
import { LimitsSection } from '../limits/limits-section.tsx'
import { DeleteSection } from './delete-section.tsx'
import { NewOrganization, NewProject } from './new-dialogs.tsx'
import { RenameSection } from './rename-section.tsx'
import { useSettingsWords } from './settings-words.ts'

type Organization = Static<typeof OrganizationShape>
type Project = Static<typeof ProjectShape>

export function OrganizationTab() {
  const t = useSettingsWords()
  const { organization, may } = usePlace()
  const id = organization?.id ?? ''
  const query = useQuery({
    queryKey: ['organization', id],
    queryFn: ({ signal }) => get<Organization>(`/api/organizations/${id}`, undefined, signal),
    enabled: id !== '',
  })
  return (
    <>
      {id !== '' && (
        <Loaded query={query}>
          {(one) => (
            <>
              <RenameSection
                label={t('organization-name')}
                name={one.name}
                path={`/api/organizations/${one.id}`}
                may={one.allowed.includes('organization.update')}
                changes={['organization', 'organizations', 'me']}
              />
              <LimitsSection
                kind="organization"
                limits={one.limits}
                path={`/api/organizations/${one.id}`}
                may={one.allowed.includes('organization.limit')}
              />
              <Projects of={one} />
              {one.allowed.includes('organization.delete') && (
                <DeleteSection
                  name={one.name}
                  path={`/api/organizations/${one.id}`}
                  label={t('delete-organization')}
                  says={t('delete-organization-says', { projects: one.projects })}
                  changes={[]}
                  onDone={() => location.assign('/')}
                />
              )}
            </>
          )}
        </Loaded>
      )}
      {may('organizations.create') && <AllOrganizations />}
    </>
  )
}

function Projects({ of: organization }: { of: Organization }) {
  const t = useSettingsWords()
  const format = useFormat()
  const navigate = useNavigate()
  const [making, setMaking] = useState(false)
  const query = useQuery({
    queryKey: ['projects', organization.id],
    queryFn: ({ signal }) =>
      get<Static<typeof ProjectPage>>('/api/projects', { organization_id: organization.id, limit: 200 }, signal),
  })
  const open = (project: Project) =>
    void navigate({ to: '/settings', search: { tab: 'project', project: project.id } as never })
  return (
    <Section
      title={t('projects')}
      count={organization.projects}
      acts={
        organization.allowed.includes('project.create') && (
          <Button small icon="plus" onClick={() => setMaking(true)}>
            {t('new-project')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ data }) => (
          <Table
            label={t('projects')}
            rows={data}
            idOf={(project) => project.id}
            onOpen={open}
            under={(project) => t('keys', { count: project.keys })}
            columns={[
              { id: 'name', head: t('name'), cell: (project) => <span className="name">{project.name}</span> },
              { id: 'keys', head: t('column-keys'), right: true, cell: (project) => format.number(project.keys) },
              {
                id: 'content',
                head: t('column-content'),
                soft: true,
                cell: (project) =>
                  t(
                    project.content_logging
                      ? 'content-kept'
                      : project.content_on_disk
                        ? 'content-cached'
                        : 'content-none',
                  ),
              },
              {
                id: 'role',
                head: t('column-role'),
                soft: true,
                phone: true,
                cell: (project) => (project.role ? t(`role-${project.role}`) : '–'),
              },
              { id: 'made', head: t('column-made'), soft: true, cell: (project) => <Ago at={project.created_at} /> },
            ]}
          />
        )}
      </Loaded>
      {making && <NewProject organizationId={organization.id} onClose={() => setMaking(false)} onMade={open} />}
    </Section>
  )
}

/** For operators: every organisation of the installation. */
function AllOrganizations() {
  const t = useSettingsWords()
  const format = useFormat()
  const [making, setMaking] = useState(false)
  const query = useQuery({
    queryKey: ['organizations'],
    queryFn: ({ signal }) => get<Static<typeof OrganizationPage>>('/api/organizations', { limit: 200 }, signal),
  })
  return (
    <Section
      title={t('all-organizations')}
      acts={
        <Button small icon="plus" onClick={() => setMaking(true)}>
          {t('new-organization')}
        </Button>
      }
    >
      <Loaded query={query}>
        {({ data }) => (
          <Table
            label={t('all-organizations')}
            rows={data}
            idOf={(one) => one.id}
            columns={[
              { id: 'name', head: t('name'), cell: (one) => <span className="name">{one.name}</span> },
              {
                id: 'members',
                head: t('column-members'),
                right: true,
                phone: true,
                cell: (one) => format.number(one.members),
              },
              { id: 'projects', head: t('column-projects'), right: true, cell: (one) => format.number(one.projects) },
              {
                id: 'role',
                head: t('column-role'),
                soft: true,
                cell: (one) => (one.role ? t(`role-${one.role}`) : '–'),
              },
              { id: 'made', head: t('column-made'), soft: true, cell: (one) => <Ago at={one.created_at} /> },
            ]}
          />
        )}
      </Loaded>
      {making && <NewOrganization onClose={() => setMaking(false)} />}
    </Section>
  )
}
