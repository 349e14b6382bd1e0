/** What the trail is narrowed by: who, what, of which thing, when. All of it is in the address. */
import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client.ts'
import { usePlace } from '../../app/session.ts'
import { Filter, type FilterChoice } from '../../ui/index.ts'
import { RangePicker } from '../../ui/range-picker.tsx'
import type { TrailSearch } from './search.ts'
import type { TrailEvent } from './trail-api.ts'
import { nameWithin } from './trail-diff.ts'
import { actionWords, type TrailWords, useTrailWords } from './trail-words.ts'

const OF_ORGANIZATION = [
  'key',
  'member',
  'project_member',
  'invitation',
  'service_account',
  'project',
  'organization',
  'playground',
  'playground_session',
  'request',
  'content_log',
] as const
const OF_INSTALLATION = [
  'person',
  'operator',
  'organization',
  'model',
  'adapter',
  'replica',
  'backup',
  'hub_token',
  'upstream',
  'setup',
  'metrics',
] as const

export function TrailFilters({
  search,
  events,
  isInstallation,
  onChange,
}: {
  search: TrailSearch
  /** Those that are shown: things that happened to them can be picked. */
  events: readonly TrailEvent[]
  isInstallation: boolean
  onChange: (change: Partial<Record<keyof TrailSearch, unknown>>) => void
}) {
  const t = useTrailWords()
  const people = usePeopleToPick(isInstallation)
  const nouns = isInstallation ? OF_INSTALLATION : OF_ORGANIZATION
  const kinds: FilterChoice[] = nouns.map((noun) => ({ value: noun, label: t(`noun.${noun}`) }))
  if (search.action?.includes('.')) kinds.unshift({ value: search.action, label: actionWords(t, search.action) })
  return (
    <>
      <RangePicker search={search} otherwise={null} quick={false} onChange={onChange} />
      <Filter
        single
        name={t('who')}
        values={search.actor ? [search.actor] : []}
        choices={withChosen(
          [{ value: 'machine', label: t('command-line') }, ...people],
          search.actor,
          events.find(({ actor }) => actor.id === search.actor)?.actor.name,
        )}
        onChange={([actor]) => onChange({ actor })}
      />
      <Filter
        single
        name={t('what')}
        values={search.action ? [search.action] : []}
        choices={kinds}
        onChange={([action]) => onChange({ action })}
      />
      <Filter
        single
        name={t('target')}
        values={search.target ? [search.target] : []}
        choices={withChosen(targetsOf(t, events), search.target, null)}
        onChange={([target]) => onChange({ target })}
      />
    </>
  )
}

/** Of an organisation its members, of the installation everybody. */
function usePeopleToPick(isInstallation: boolean): FilterChoice[] {
  const { organization } = usePlace()
  const path = isInstallation ? '/api/people' : organization && `/api/organizations/${organization.id}/members`
  const { data } = useQuery({
    queryKey: ['trail-people', path],
    queryFn: ({ signal }) => get<{ data: { user_id: string; name: string }[] }>(path ?? '', { limit: 200 }, signal),
    enabled: path !== null,
    staleTime: 60_000,
  })
  return (data?.data ?? []).map(({ user_id, name }) => ({ value: user_id, label: name }))
}

function targetsOf(t: TrailWords, events: readonly TrailEvent[]): FilterChoice[] {
  const found = new Map<string, string>()
  for (const event of events) {
    const name = event.target_name ?? nameWithin(event.before, event.after) ?? event.target
    if (!found.has(event.target)) found.set(event.target, name === 'hub_token' ? t('noun.hub_token') : name)
  }
  return [...found].map(([value, label]) => ({ value, label }))
}

/** What is chosen is there, also where no row names it. */
function withChosen(
  choices: FilterChoice[],
  chosen: string | undefined,
  name: string | null | undefined,
): FilterChoice[] {
  return chosen === undefined || choices.some(({ value }) => value === chosen)
    ? choices
    : [{ value: chosen, label: name ?? chosen }, ...choices]
}
