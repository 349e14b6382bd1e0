/** Requests: each call of a model, newest first. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { urlOf } from '../../api/client.ts'
import { usePlace } from '../../app/session.ts'
import {
  Ago,
  Button,
  Code,
  Empty,
  Filter,
  Icon,
  Loaded,
  Page,
  PageTitle,
  SearchInput,
  ShowCall,
  Table,
  TableFoot,
  useFormat,
} from '../../ui/index.ts'
import { type Range, rangeOf } from '../../ui/range.ts'
import { RangePicker } from '../../ui/range-picker.tsx'
import { firstCall } from '../keys/first-call.ts'
import { useModelNames } from '../keys/model-names.ts'
import { type Dimension, filterQuery, isFiltered } from '../usage/filter-search.ts'
import { Filters, ScopeSelect } from '../usage/filters.tsx'
import { type SetAddress, useAddress } from '../usage/use-address.ts'
import { countNew } from './new-rows.ts'
import { requestColumns } from './request-columns.tsx'
import { csvCall, newestQuery, type RequestsAsked, requestsCall, requestsQuery } from './requests-api.ts'
import './requests.css'
import { useRequestWords } from './requests-words.ts'
import { idIn, type RequestsSearch } from './search.ts'

const YEAR_MS = 365 * 86_400_000
const TOKENS_CHOICES = [100, 1_000, 10_000, 100_000]
const NO_FILTER = {
  range: undefined,
  from: undefined,
  to: undefined,
  model: undefined,
  key: undefined,
  person: undefined,
  route: undefined,
  outcome: undefined,
  of: undefined,
  tokens: undefined,
  id: undefined,
} as const

export default function RequestsPage() {
  const t = useRequestWords()
  const format = useFormat()
  const place = usePlace()
  const navigate = useNavigate()
  const { search, set } = useAddress<RequestsSearch>()
  const { range, from, to, tokens, id } = search
  const asked: RequestsAsked = {
    filter: filterQuery(search, place),
    range: from !== undefined && to !== undefined ? { from, to } : range ? { range } : {},
    tokens,
    id,
  }
  const enabled = place.project !== null
  const query = useInfiniteQuery({ ...requestsQuery(asked), enabled })
  const rows = query.data?.pages.flatMap((page) => page.data)
  const limited = isFiltered(search) || [range, from, tokens, id].some((value) => value !== undefined)
  return (
    <Page>
      <PageTitle title={t('title')} says={t('says')}>
        <a className="btn" href={urlOf(csvCall(asked))} download>
          <Icon name="save" />
          {t('export')}
        </a>
        <ShowCall call={requestsCall(asked)} />
      </PageTitle>
      <Loaded query={{ ...query, data: rows }} rows={8}>
        {(listed) =>
          listed.length === 0 && !limited ? (
            <NothingYet />
          ) : (
            <>
              <Toolbar search={search} set={set} />
              {!query.isPlaceholderData && <NewRows asked={asked} listed={listed} />}
              <Table
                label={t('title')}
                rows={listed}
                columns={requestColumns(t, format, { withProject: search.scope !== undefined })}
                idOf={(one) => one.id}
                under={(one) => (
                  <>
                    <Ago at={one.started_at} /> ·{' '}
                    {t('under', { in: format.number(one.tokens_in), out: format.number(one.tokens_out) })}
                  </>
                )}
                onOpen={(one) => void navigate({ to: '/requests/$request', params: { request: one.id } })}
              />
              {listed.length === 0 && (
                <div className="none-found">
                  <p className="soft">{t('none-found')}</p>
                  <Button small onClick={() => set(NO_FILTER)}>
                    {t('clear')}
                  </Button>
                </div>
              )}
              <TableFoot
                end={
                  query.hasNextPage
                    ? t('count-more', { count: format.number(listed.length) })
                    : t('count', { count: listed.length, said: format.number(listed.length) })
                }
              />
              {query.hasNextPage && (
                <div className="more-row">
                  <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {t('more')}
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function Toolbar({ search, set }: { search: RequestsSearch; set: SetAddress<RequestsSearch> }) {
  const t = useRequestWords()
  const format = useFormat()
  const now = Date.now()
  // Choices are what was used in that time; all time is a year here.
  const range: Range = rangeOf(search, now, null) ?? { from: now - YEAR_MS, to: now }
  const dimensions: Dimension[] = ['model', 'key', 'person', 'route']
  if (search.scope) dimensions.unshift('project')
  const least = [...new Set([...TOKENS_CHOICES, ...(search.tokens ? [search.tokens] : [])])].sort((a, b) => a - b)
  return (
    <div className="toolbar">
      <SearchInput
        label={t('find')}
        value={search.id ?? ''}
        onChange={(text) => set({ id: idIn(text) || undefined }, { replace: true })}
      />
      <RangePicker search={search} otherwise={null} quick={false} onChange={(change) => set(change)} />
      <ScopeSelect search={search} set={set} />
      <Filters search={search} set={set} range={range} dimensions={dimensions} />
      <Filter
        single
        name={t('tokens-min')}
        values={search.tokens === undefined ? [] : [String(search.tokens)]}
        choices={least.map((count) => ({
          value: String(count),
          label: t('at-least', { count: format.number(count) }),
        }))}
        onChange={([count]) => set({ tokens: count === undefined ? undefined : Number(count) })}
      />
    </div>
  )
}

/** Says that there are new ones, and shows them when asked: rows do not move by themselves. */
function NewRows({ asked, listed }: { asked: RequestsAsked; listed: readonly { id: string }[] }) {
  const t = useRequestWords()
  const queries = useQueryClient()
  const { data: newest } = useQuery(newestQuery(asked))
  const { count, more } = countNew(newest, listed)
  return (
    <div role="status" className="new-rows-box">
      {count > 0 && newest && (
        <button
          type="button"
          className="new-rows"
          onClick={() => {
            queries.setQueryData(requestsQuery(asked).queryKey, { pages: [newest], pageParams: [null] })
            scrollTo({ top: 0 })
          }}
        >
          {more || count > 1 ? t('new-many', { count: more ? `${count}+` : count }) : t('new-one')}
          <b>{t('show-new')}</b>
        </button>
      )}
    </div>
  )
}

function NothingYet() {
  const t = useRequestWords()
  const models = useModelNames()
  const { may } = usePlace()
  return (
    <Empty
      title={t('empty')}
      acts={
        may('inference') && (
          <Link to="/playground" className="btn">
            {t('empty-act')}
          </Link>
        )
      }
      beside={<Code samples={firstCall(models[0] ?? '', '$TRADEWIND_KEY')} foot={t('empty-code')} />}
    >
      <p>{t('empty-says')}</p>
    </Empty>
  )
}
