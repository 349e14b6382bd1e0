import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Ago, type Column, Loaded, Section, State, Table, useFormat } from '../../ui/index.ts'
import { lastRequestsQuery, type Requests } from './overview-api.ts'
import { useOverviewWords } from './overview-words.ts'

type Request = Requests['data'][number]

export function LastRequests({ projectId }: { projectId: string }) {
  const t = useOverviewWords()
  const format = useFormat()
  const navigate = useNavigate()
  const query = useQuery(lastRequestsQuery(projectId))
  const columns: Column<Request>[] = [
    { id: 'model', head: t('model'), cell: (one) => <span className="name">{one.model}</span> },
    { id: 'when', head: t('when'), soft: true, cell: (one) => <Ago at={one.started_at} /> },
    {
      id: 'key',
      head: t('key'),
      soft: true,
      cell: (one) => (one.key_kind === 'console' ? t('playground') : (one.key_name ?? '–')),
    },
    { id: 'in', head: t('in'), right: true, cell: (one) => format.number(one.tokens_in) },
    { id: 'out', head: t('out'), right: true, cell: (one) => format.number(one.tokens_out) },
    {
      id: 'first',
      head: t('first'),
      right: true,
      cell: (one) => (one.first_token_ms === null ? '–' : format.duration(one.first_token_ms)),
    },
    {
      id: 'state',
      head: t('state'),
      phone: true,
      cell: (one) =>
        one.outcome === 'ok' ? (
          <State tone="good">{t('ok')}</State>
        ) : one.outcome === 'cut' ? (
          <State tone="warn">{t('cut')}</State>
        ) : (
          <State tone="bad">{t('failed-one')}</State>
        ),
    },
  ]
  return (
    <Section
      title={t('last-requests')}
      acts={
        <Link to="/requests" className="t13">
          {t('all-requests')}
        </Link>
      }
    >
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="soft t13">{t('no-requests')}</p>
          ) : (
            <Table
              label={t('last-requests')}
              rows={data}
              columns={columns}
              idOf={(one) => one.id}
              under={(one) => (
                <>
                  <Ago at={one.started_at} /> · {format.number(one.tokens_in)} {t('in')}
                  {t('comma')}
                  {format.number(one.tokens_out)} {t('out')}
                </>
              )}
              onOpen={(one) => void navigate({ to: '/requests/$request', params: { request: one.id } })}
            />
          )
        }
      </Loaded>
    </Section>
  )
}
