import { Link } from '@tanstack/react-router'
import { Ago, type Column, type Format } from '../../ui/index.ts'
import { RequestState } from './request-state.tsx'
import type { RequestSeen } from './requests-api.ts'
import type { useRequestWords } from './requests-words.ts'

type Words = ReturnType<typeof useRequestWords>

export function requestColumns(
  t: Words,
  format: Format,
  { withProject }: { withProject: boolean },
): Column<RequestSeen>[] {
  const columns: (Column<RequestSeen> | false)[] = [
    {
      id: 'model',
      head: t('model'),
      cell: (one) => (
        <Link to="/requests/$request" params={{ request: one.id }} className="plain name">
          {one.model}
        </Link>
      ),
    },
    { id: 'when', head: t('when'), soft: true, cell: (one) => <Ago at={one.started_at} /> },
    { id: 'key', head: t('key'), soft: true, cell: (one) => keyName(one, t) },
    withProject && { id: 'project', head: t('project'), soft: true, cell: (one) => one.project_name ?? '–' },
    { id: 'route', head: t('route'), soft: true, cell: (one) => <span className="mono">{shortRoute(one.route)}</span> },
    { id: 'in', head: t('in'), right: true, cell: (one) => format.number(one.tokens_in) },
    { id: 'out', head: t('out'), right: true, cell: (one) => format.number(one.tokens_out) },
    {
      id: 'first',
      head: t('first'),
      right: true,
      cell: (one) => (one.first_token_ms === null ? '–' : format.duration(one.first_token_ms)),
    },
    { id: 'total', head: t('total'), right: true, cell: (one) => format.duration(one.total_ms) },
    { id: 'state', head: t('state'), phone: true, cell: (one) => <RequestState of={one} /> },
  ]
  return columns.filter((column) => column !== false)
}

export function keyName({ key_kind, key_name }: RequestSeen, t: Words): string {
  return key_kind === 'console' ? t('playground') : key_name || t('nameless-key')
}

/** All begin alike: what tells them apart is enough in a column. */
const shortRoute = (route: string) => route.replace(/^\/v1\//, '')
