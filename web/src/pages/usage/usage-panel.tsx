/** One group, one step of time, or one group in one step: its figures, who made them up, and its last requests. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { rangeWords, stepWords } from '../../ui/chart-time.ts'
import { Button, type Column, Fact, Facts, Loaded, Panel, ShareBars, Sign, Table, useFormat } from '../../ui/index.ts'
import { iso, type Range } from '../../ui/range.ts'
import { type Dimension, type FilterSearch, filterOf, filterQuery, narrowedTo } from './filter-search.ts'
import { useGroupName } from './group-name.ts'
import type { UsageSearch } from './search.ts'
import { detailQuery, lastRequestsQuery, type RequestSeen, type SplitUsage, type Usage } from './usage-api.ts'
import { useUsageWords } from './usage-words.ts'
import type { SetAddress } from './use-address.ts'

export function UsagePanel({
  usage,
  search,
  set,
}: {
  usage: SplitUsage
  search: UsageSearch
  set: SetAddress<UsageSearch>
}) {
  const t = useUsageWords()
  const format = useFormat()
  const place = usePlace()
  const nameOf = useGroupName()
  const { pick, at, until } = search
  const group = pick === undefined ? undefined : usage.groups.find(({ id }) => id === pick)
  const narrowed: FilterSearch = { ...filterOf(search), ...(pick ? (narrowedTo(usage.by, pick) ?? {}) : {}) }
  const isStep = at !== undefined && until !== undefined
  const range: Range = isStep
    ? { from: Date.parse(at), to: Date.parse(until) }
    : { from: Date.parse(usage.from), to: Date.parse(usage.to) }
  const isOver = range.to < Date.parse(usage.counted_to)
  const filter = filterQuery(narrowed, place)
  const by = pick === undefined ? usage.by : splitOf(narrowed)
  const detail = useQuery(detailQuery(filter, range, by, isOver))
  const requests = useQuery(lastRequestsQuery(filter, range, isOver))
  const when = isStep ? stepWords(range.from, range.to, format.locale) : rangeWords(range.from, range.to, format.locale)
  const title = pick === undefined ? t('everything') : group ? nameOf(group, usage.by) : pick
  const count = detail.data?.totals.requests ?? 0
  return (
    <Panel
      title={title}
      says={detail.data ? t('panel-says', { when, count, said: format.number(count) }) : when}
      onClose={() => set({ pick: undefined, at: undefined, until: undefined })}
      foot={
        detail.data && (
          <>
            <span>{t('shown-of', { shown: requests.data?.data.length ?? 0, all: format.number(count) })}</span>
            <Link
              to="/requests"
              search={{ from: iso(range.from), to: iso(range.to), ...narrowed } as never}
              className="push"
            >
              {t('open-requests')}
            </Link>
          </>
        )
      }
    >
      <div className="row panel-acts">
        {pick !== undefined && (
          <Button small onClick={() => set({ ...narrowedTo(usage.by, pick), pick: undefined })}>
            {t('only-this')}
          </Button>
        )}
        {isStep && range.to - range.from > 60_000 && (
          <Button
            small
            icon="search"
            onClick={() => set({ from: at, to: until, range: undefined, at: undefined, until: undefined })}
          >
            {t('zoom')}
          </Button>
        )}
      </div>
      <Loaded query={detail}>
        {(its) => (
          <>
            <PanelFacts usage={its} />
            <Split usage={its} by={by} />
          </>
        )}
      </Loaded>
      <h3>{t('last-requests')}</h3>
      <Loaded query={requests}>
        {({ data }) =>
          data.length === 0 ? <p className="soft t13">{t('no-requests')}</p> : <Slim rows={data} isDay={isStep} />
        }
      </Loaded>
    </Panel>
  )
}

/** What tells most about one group: whose keys, or which models where a key is meant. */
function splitOf({ key }: FilterSearch): Dimension {
  return key === undefined ? 'key' : 'model'
}

function PanelFacts({ usage: { totals } }: { usage: Usage }) {
  const t = useUsageWords()
  const format = useFormat()
  const times = (ms: Usage['totals']['total_ms']) =>
    ms ? t('p50-p95', { p50: format.duration(ms.p50), p95: format.duration(ms.p95) }) : '–'
  return (
    <div className="usage-facts">
      <Facts lined>
        <Fact name={t('tokens-in')}>{format.number(totals.tokens_in)}</Fact>
        {totals.tokens_cached > 0 && <Fact name={t('of-which-cached')}>{format.number(totals.tokens_cached)}</Fact>}
        <Fact name={t('tokens-out')}>{format.number(totals.tokens_out)}</Fact>
        {totals.tokens_reasoning > 0 && (
          <Fact name={t('of-which-thoughts')}>{format.number(totals.tokens_reasoning)}</Fact>
        )}
        <Fact name={t('tokens')}>
          <b className="medium">{format.number(totals.tokens)}</b>
        </Fact>
        <Fact name={t('failed')}>{t('failed-of', share(totals.failed))}</Fact>
        {totals.cut > 0 && <Fact name={t('left-early')}>{t('failed-of', share(totals.cut))}</Fact>}
        <Fact name={t('first-token')}>{times(totals.first_token_ms)}</Fact>
        <Fact name={t('whole-answer')}>{times(totals.total_ms)}</Fact>
      </Facts>
    </div>
  )

  function share(count: number) {
    return { count: format.number(count), all: format.number(totals.requests) }
  }
}

function Split({ usage: { groups, totals }, by }: { usage: Usage; by: Dimension }) {
  const t = useUsageWords()
  const format = useFormat()
  const nameOf = useGroupName()
  if (totals.tokens === 0) return null
  return (
    <>
      <h3>{t(`table-${by}`)}</h3>
      <ShareBars
        shares={groups.map((group) => ({
          id: group.id ?? 'other',
          name: nameOf(group, by),
          share: group.totals.tokens / totals.tokens,
          says: format.percent(group.totals.tokens / totals.tokens, 0).replace(' ', '\u00a0'),
        }))}
      />
    </>
  )
}

function Slim({ rows, isDay }: { rows: readonly RequestSeen[]; isDay: boolean }) {
  const t = useUsageWords()
  const format = useFormat()
  const navigate = useNavigate()
  const clock = new Intl.DateTimeFormat(format.locale, {
    ...(isDay ? { second: '2-digit' } : { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
  })
  const columns: Column<RequestSeen>[] = [
    {
      id: 'at',
      head: t('at'),
      cell: (one) => (
        <Link to="/requests/$request" params={{ request: one.id }} className="plain">
          {clock.format(new Date(one.started_at))}
        </Link>
      ),
    },
    {
      id: 'key',
      head: t('key'),
      phone: true,
      cell: (one) => (
        <span className="row">
          {one.outcome !== 'ok' && (
            <span className={`state ${one.outcome === 'cut' ? 'warn' : 'bad'}`} title={t(`outcome-${one.outcome}`)}>
              <Sign name={one.outcome === 'cut' ? 'warn' : 'fail'} />
              <span className="hide">{t(`outcome-${one.outcome}`)}</span>
            </span>
          )}
          <span className="cut slim-key">
            {one.key_kind === 'console' ? t('playground') : (one.key_name ?? t('nameless-key'))}
          </span>
        </span>
      ),
    },
    { id: 'in', head: t('in-short'), right: true, phone: true, cell: (one) => format.number(one.tokens_in) },
    { id: 'out', head: t('out-short'), right: true, phone: true, cell: (one) => format.number(one.tokens_out) },
  ]
  return (
    <Table
      slim
      label={t('last-requests')}
      rows={rows}
      columns={columns}
      idOf={({ id }) => id}
      onOpen={({ id }) => void navigate({ to: '/requests/$request', params: { request: id } })}
    />
  )
}
