/** The trail: who did what, when, from where, and what it changed. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { urlOf } from '../../api/client.ts'
import {
  Ago,
  Button,
  type Column,
  Loaded,
  Menu,
  Note,
  Segments,
  ShowCall,
  Table,
  TableFoot,
  useNow,
} from '../../ui/index.ts'
import { PeopleFrame } from './people-frame.tsx'
import type { TrailSearch } from './search.ts'
import { type TrailEvent, trailFile, trailFilter, trailQuery } from './trail-api.ts'
import { TrailFilters } from './trail-filters.tsx'
import { ActorName, TargetName } from './trail-names.tsx'
import { TrailPanel } from './trail-panel.tsx'
import { actionWords, type TrailWords, useTrailWords } from './trail-words.ts'
import { useOrganization } from './use-organization.ts'
import { Verification } from './verification.tsx'

export default function TrailPage() {
  const t = useTrailWords()
  const { organization, mayAll, may } = useOrganization()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as TrailSearch
  const now = useNow()
  const ofOrganization = organization?.allowed.includes('audit.read') ?? false
  const ofInstallation = mayAll('audit.read_installation')
  const isInstallation = ofInstallation && (search.of === 'installation' || !ofOrganization)
  const organizationId = isInstallation ? null : (organization?.id ?? null)
  const mayRead = isInstallation || ofOrganization
  const filter = trailFilter(organizationId, search, now)
  const query = useInfiniteQuery(trailQuery(filter, mayRead))
  const events = query.data?.pages.flatMap((page) => page.data)
  const set = (change: Partial<Record<keyof TrailSearch, unknown>>, replace = true) =>
    void navigate({ to: '.', search: (before: object) => ({ ...before, ...change }), replace } as never)
  const open = (event: string | undefined) => set({ event }, false)
  const download = (format: 'csv' | 'jsonl') => () => location.assign(urlOf(trailFile(filter, format)))
  if (!mayRead)
    return (
      <PeopleFrame tab="trail">
        <Note>{t('forbidden')}</Note>
      </PeopleFrame>
    )
  return (
    <PeopleFrame
      tab="trail"
      acts={
        <>
          <ShowCall call={trailFile(filter, 'csv')} />
          <Menu
            entries={[
              { label: t('export-csv'), icon: 'table', onSelect: download('csv') },
              { label: t('export-jsonl'), icon: 'code', onSelect: download('jsonl') },
            ]}
            trigger={<Button icon="save">{t('export')}</Button>}
          />
        </>
      }
      panel={
        search.event && (
          <TrailPanel
            key={search.event}
            id={search.event}
            known={events?.find(({ id }) => id === search.event)}
            organizationId={organizationId}
            onNarrow={(change) => set(change)}
            onClose={() => open(undefined)}
          />
        )
      }
    >
      {may('audit.verify') && <Verification />}
      <div className="toolbar">
        {ofOrganization && ofInstallation && (
          <Segments
            label={t('whose')}
            value={isInstallation ? 'installation' : 'organization'}
            choices={[
              { value: 'organization', label: organization?.name ?? '' },
              { value: 'installation', label: t('installation') },
            ]}
            onChange={(of) =>
              set({
                of: of === 'installation' ? of : undefined,
                event: undefined,
                actor: undefined,
                action: undefined,
                target: undefined,
              })
            }
          />
        )}
        <TrailFilters
          search={search}
          events={events ?? []}
          isInstallation={isInstallation}
          onChange={(change) => set({ ...change, event: undefined })}
        />
      </div>
      <Loaded query={{ ...query, data: events }} rows={10}>
        {(rows) => (
          <>
            <Table
              label={t('title')}
              rows={rows}
              columns={columns(t).filter(({ id }) => id !== 'from' || !search.event)}
              idOf={(event) => event.id}
              under={(event) => (
                <>
                  <ActorName of={event} /> · <TargetName of={event} />
                </>
              )}
              onOpen={(event) => open(event.id)}
              openId={search.event ?? null}
            />
            {rows.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
            <TableFoot end={t('count', { count: rows.length })}>{t('foot')}</TableFoot>
            {query.hasNextPage && (
              <div className="more-row">
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('more')}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </PeopleFrame>
  )
}

function columns(t: TrailWords): Column<TrailEvent>[] {
  return [
    { id: 'what', head: t('what'), cell: (event) => <span className="name">{actionWords(t, event.action)}</span> },
    { id: 'target', head: t('target'), cell: (event) => <TargetName of={event} /> },
    { id: 'who', head: t('who'), soft: true, cell: (event) => <ActorName of={event} /> },
    { id: 'from', head: t('from'), soft: true, cell: (event) => event.address ?? t('this-machine') },
    { id: 'when', head: t('when'), soft: true, right: true, phone: true, cell: (event) => <Ago at={event.at} /> },
  ]
}
