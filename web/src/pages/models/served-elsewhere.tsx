/** Models that upstreams serve, beside those of this machine; nothing where there are none. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { UpstreamModelOnWire } from '../../../../src/upstreams/schema.ts'
import { usePlace } from '../../app/session.ts'
import { type Column, type Format, Section, State, Table, useFormat } from '../../ui/index.ts'
import { elsewhereQuery } from '../upstreams/elsewhere.ts'
import { useModelsWords } from './models-words.ts'

export function ServedElsewhere() {
  const t = useModelsWords()
  const format = useFormat()
  const { may } = usePlace()
  const { data } = useQuery(elsewhereQuery)
  const rows = data?.data ?? []
  if (rows.length === 0) return null
  return (
    <Section title={t('served-elsewhere')} count={rows.length} id="elsewhere">
      <Table
        label={t('served-elsewhere')}
        rows={rows}
        columns={columns(t, format, may('upstreams.read'))}
        idOf={({ name }) => name}
        under={({ upstream_name }) => upstream_name}
      />
    </Section>
  )
}

function columns(t: ReturnType<typeof useModelsWords>, format: Format, opens: boolean): Column<UpstreamModelOnWire>[] {
  return [
    { id: 'name', head: t('elsewhere-name'), cell: ({ name }) => <span className="mono name">{name}</span> },
    {
      id: 'upstream',
      head: t('elsewhere-by'),
      soft: true,
      cell: ({ upstream_id, upstream_name }) =>
        opens ? (
          <Link to="/upstreams/$upstream" params={{ upstream: upstream_id } as never}>
            {upstream_name}
          </Link>
        ) : (
          upstream_name
        ),
    },
    { id: 'task', head: t('elsewhere-task'), soft: true, cell: ({ task }) => t(`elsewhere-${task}`) },
    {
      id: 'context',
      head: t('elsewhere-context'),
      right: true,
      cell: ({ context_tokens }) => format.number(context_tokens),
    },
    {
      id: 'state',
      head: t('elsewhere-state'),
      phone: true,
      cell: ({ healthy }) => (
        <State tone={healthy ? 'on' : 'bad'}>{t(healthy ? 'elsewhere-well' : 'elsewhere-unwell')}</State>
      ),
    },
  ]
}
