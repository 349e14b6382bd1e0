/** Usage: what was consumed, by whom and with what, down to the requests. */
import { useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { urlOf } from '../../api/client.ts'
import { usePlace } from '../../app/session.ts'
import { Code, Empty, Icon, Loaded, PageTitle, Select, ShowCall, Split, useFormat } from '../../ui/index.ts'
import { RangePicker } from '../../ui/range-picker.tsx'
import { firstCall } from '../keys/first-call.ts'
import { useModelNames } from '../keys/model-names.ts'
import { DIMENSIONS, type Dimension, filterQuery, isFiltered, reachesOrganization } from './filter-search.ts'
import { Filters, ScopeSelect } from './filters.tsx'
import { type Colours, coloursFor } from './group-colours.ts'
import { GroupTable } from './group-table.tsx'
import type { UsageSearch } from './search.ts'
import {
  beforeQuery,
  csvCall,
  momentsOf,
  RANGE_OTHERWISE,
  type SplitUsage,
  type UsageAsked,
  usageCall,
  usageQuery,
} from './usage-api.ts'
import { type SetAddress, useAddress } from './use-address.ts'
import './usage.css'
import { UsageCharts } from './usage-charts.tsx'
import { UsagePanel } from './usage-panel.tsx'
import { UsageStrip } from './usage-strip.tsx'
import { useUsageWords } from './usage-words.ts'

const TOP = 9
const TOP_ALL = 50

export default function UsagePage() {
  const t = useUsageWords()
  const format = useFormat()
  const place = usePlace()
  const { search, set } = useAddress<UsageSearch>()
  const filter = filterQuery(search, place)
  const asked: UsageAsked = {
    filter,
    range:
      search.from === undefined ? { range: search.range ?? RANGE_OTHERWISE } : { from: search.from, to: search.to! },
    by: search.by ?? 'model',
    top: search.all ? TOP_ALL : TOP,
  }
  const query = useQuery({ ...usageQuery(asked), enabled: place.project !== null })
  const before = useQuery(beforeQuery(filter, query.data, search.compare === true))
  const colours = useColours(query.data)
  const isOpen = search.pick !== undefined || search.at !== undefined
  return (
    <Split panel={isOpen && query.data && <UsagePanel usage={query.data} search={search} set={set} />}>
      <PageTitle title={t('title')} says={t('says')}>
        {query.data && (
          <span className="small faint nowrap desk-only" title={t('counted-help')}>
            {t('counted-to', { time: format.clock(new Date(query.data.counted_to)) })}
          </span>
        )}
        <a className="btn" href={urlOf(csvCall(asked))} download>
          <Icon name="save" />
          {t('export')}
        </a>
        <ShowCall call={usageCall(asked)} />
      </PageTitle>
      <Toolbar search={search} set={set} />
      <Loaded query={query} rows={8}>
        {(usage) =>
          usage.totals.requests === 0 ? (
            <Nothing search={search} set={set} />
          ) : (
            <div className="usage-figures" aria-busy={query.isPlaceholderData}>
              <UsageStrip usage={usage} search={search} />
              <UsageCharts usage={usage} before={before.data ?? null} colours={colours} search={search} set={set} />
              <GroupTable usage={usage} colours={colours} search={search} set={set} />
            </div>
          )
        }
      </Loaded>
    </Split>
  )
}

type Props = { search: UsageSearch; set: SetAddress<UsageSearch> }

function Toolbar({ search, set }: Props) {
  const t = useUsageWords()
  const by = search.by ?? 'model'
  const place = usePlace()
  const seesMore = place.organization !== null && reachesOrganization({ organization: place.organization })
  // One project is no way to split it: who sees more than one splits all of them.
  const splits = DIMENSIONS.filter((one) => one !== 'project' || seesMore || by === 'project')
  const filters: Dimension[] = ['model', 'key', 'person']
  if (search.scope) filters.unshift('project')
  if (search.route) filters.push('route')
  return (
    <div className="toolbar">
      <RangePicker
        search={search}
        otherwise={RANGE_OTHERWISE}
        onChange={(change) => set({ ...change, at: undefined, until: undefined })}
      />
      <Select
        small
        label={t('by-label')}
        before={t('by')}
        value={by}
        choices={splits.map((one) => ({ value: one, label: t(`by-${one}`) }))}
        onChange={(one) =>
          set({
            by: one === 'model' ? undefined : one,
            pick: undefined,
            ...(one === 'project' && seesMore ? { scope: 'organization', of: undefined } : {}),
          })
        }
      />
      <ScopeSelect
        search={search}
        set={(change) => set({ ...change, pick: undefined, ...(by === 'project' ? { by: undefined } : {}) })}
      />
      <Filters search={search} set={set} range={momentsOf(search, Date.now())} dimensions={filters} />
    </div>
  )
}

/** Nothing was counted: teach, or say what hides it. */
function Nothing({ search, set }: Props) {
  const t = useUsageWords()
  const models = useModelNames()
  const filtered = isFiltered(search)
  return (
    <Empty
      title={t('empty')}
      acts={
        <>
          {filtered && (
            <button
              type="button"
              className="btn"
              onClick={() =>
                set({
                  model: undefined,
                  key: undefined,
                  person: undefined,
                  route: undefined,
                  outcome: undefined,
                  of: undefined,
                })
              }
            >
              {t('clear-filters')}
            </button>
          )}
          {search.range !== '30d' && (
            <button
              type="button"
              className="btn"
              onClick={() => set({ range: '30d', from: undefined, to: undefined, at: undefined, until: undefined })}
            >
              {t('empty-act')}
            </button>
          )}
        </>
      }
      {...(filtered
        ? {}
        : { beside: <Code samples={firstCall(models[0] ?? '', '$TRADEWIND_KEY')} foot={t('empty-code')} /> })}
    >
      <p>{t(filtered ? 'empty-says-filtered' : 'empty-says')}</p>
    </Empty>
  )
}

/** Colours of groups, which stay while the page is open and split by the same. */
function useColours(usage: SplitUsage | undefined): Colours {
  const kept = useRef<{ by: Dimension | null; colours: Colours }>({ by: null, colours: new Map() })
  if (usage) {
    const before = kept.current.by === usage.by ? kept.current.colours : new Map()
    const colours = coloursFor(usage.groups, before)
    const same = before.size === colours.size && [...colours].every(([id, colour]) => before.get(id) === colour)
    if (!same || kept.current.by !== usage.by) kept.current = { by: usage.by, colours }
  }
  return kept.current.colours
}
