import { Link } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Ago, type Column, Section, Table, useFormat } from '../../ui/index.ts'
import type { ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'

type UsingKey = ModelDetail['used_by']['keys'][number]
type UsingProject = ModelDetail['used_by']['projects'][number]

/** Who would miss it: projects that used it lately, and keys that may name it. */
export function UsedBy({ of: { used_by: users } }: { of: ModelDetail }) {
  const t = useModelsWords()
  const format = useFormat()
  const { may } = usePlace()
  const { keys, projects, keys_total: keysTotal } = users
  const projectColumns: Column<UsingProject>[] = [
    { id: 'project', head: t('project'), cell: (one) => <span className="name">{one.name ?? one.id}</span> },
    { id: 'requests', head: t('requests-head'), right: true, cell: (one) => format.number(one.requests) },
    { id: 'tokens', head: t('tokens-head'), right: true, phone: true, cell: (one) => format.number(one.tokens) },
    {
      id: 'last',
      head: t('last-used'),
      soft: true,
      phone: true,
      cell: (one) => format.day(new Date(one.last_used_on)),
    },
  ]
  const keyColumns: Column<UsingKey>[] = [
    {
      id: 'key',
      head: t('key'),
      cell: (one) =>
        may('keys.list') ? (
          <Link
            to="/keys/$key"
            params={{ key: one.id }}
            search={{ project: one.project_id } as never}
            className="plain name"
          >
            {one.name}
          </Link>
        ) : (
          <span className="name">{one.name}</span>
        ),
    },
    { id: 'last4', head: t('ends-in'), cell: (one) => <span className="mono small">…{one.last4}</span> },
    { id: 'project', head: t('project'), soft: true, cell: (one) => one.project_name ?? one.project_id },
    { id: 'names', head: t('may-name'), soft: true, cell: (one) => t(one.names_it ? 'names-it' : 'names-any') },
    {
      id: 'last',
      head: t('last-used'),
      soft: true,
      phone: true,
      cell: (one) => (one.last_used_at ? <Ago at={one.last_used_at} /> : t('never')),
    },
  ]
  return (
    <Section title={t('used-by')} id="used-by">
      {projects.length > 0 ? (
        <Table label={t('projects-head')} columns={projectColumns} rows={projects} idOf={(one) => one.id} />
      ) : (
        <p className="t13 soft">{t('used-by-nobody')}</p>
      )}
      {keys.length > 0 && (
        <div className="used-keys">
          <Table label={t('keys-head')} columns={keyColumns} rows={keys} idOf={(one) => one.id} />
          {keysTotal > keys.length && (
            <p className="small faint under-table">{t('more-keys', { count: keysTotal - keys.length })}</p>
          )}
        </div>
      )}
    </Section>
  )
}
