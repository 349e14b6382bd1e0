import { Link } from '@tanstack/react-router'
import type { CSSProperties } from 'react'
import { type Column, type Format, Meter, Section, Table, Tag, useFormat } from '../../ui/index.ts'
import { narrowedTo } from './filter-search.ts'
import type { Colours } from './group-colours.ts'
import { useGroupName } from './group-name.ts'
import { requestsOf } from './requests-of.ts'
import type { UsageSearch } from './search.ts'
import { sortedGroups } from './sort-groups.ts'
import type { SplitUsage, UsageGroup } from './usage-api.ts'
import { cachedShare } from './usage-strip.tsx'
import { useUsageWords } from './usage-words.ts'
import type { SetAddress } from './use-address.ts'

/** Who had how much; the sums are the figures above. */
export function GroupTable({
  usage,
  usage: { by, totals },
  colours,
  search,
  set,
}: {
  usage: SplitUsage
  colours: Colours
  search: UsageSearch
  set: SetAddress<UsageSearch>
}) {
  const t = useUsageWords()
  const format = useFormat()
  const nameOf = useGroupName()
  const sort = { by: search.sort ?? 'tokens', down: (search.order ?? 'desc') === 'desc' }
  const rows = sortedGroups(usage.groups, { ...sort, nameOf: (group) => nameOf(group, by) })
  const isCut = usage.groups.some(({ id }) => id === null)
  const open = ({ id }: UsageGroup) => {
    if (narrowedTo(by, id) !== null) set({ pick: id ?? undefined })
  }

  const name: Column<UsageGroup> = {
    id: 'name',
    head: t(by),
    sorts: true,
    cell: (group) => {
      const colour = (group.id !== null && colours.get(group.id)) || 's6'
      return (
        <span className="row group-name">
          <i className="swatch" style={{ '--c': `var(--${colour})` } as CSSProperties} />
          {narrowedTo(by, group.id) === null ? (
            <span className="name cut">{nameOf(group, by)}</span>
          ) : (
            <button type="button" className="plain name cut" onClick={() => open(group)}>
              {nameOf(group, by)}
            </button>
          )}
          {group.deleted && <Tag>{t('gone')}</Tag>}
        </span>
      )
    },
  }
  const share = ({ totals: its }: UsageGroup) => (totals.tokens === 0 ? 0 : its.tokens / totals.tokens)
  const columns: Column<UsageGroup>[] = [
    name,
    {
      id: 'requests',
      head: t('requests'),
      right: true,
      sorts: true,
      cell: (group) => <Down group={group}>{format.number(group.totals.requests)}</Down>,
    },
    count('in', t('tokens-in'), ({ totals: its }) => its.tokens_in, format),
    { id: 'cached', head: t('cached'), right: true, sorts: true, cell: ({ totals: its }) => cachedShare(its, format) },
    count('out', t('tokens-out'), ({ totals: its }) => its.tokens_out, format),
    {
      id: 'tokens',
      head: t('tokens'),
      right: true,
      sorts: true,
      phone: true,
      cell: (group) => (
        <>
          {format.number(group.totals.tokens)}
          <span className="under">{t('of-tokens', { share: format.percent(share(group), 0) })}</span>
        </>
      ),
    },
    {
      id: 'share',
      head: t('share'),
      width: '72px',
      cell: (group) => (
        <Meter share={share(group)} label={t('of-tokens', { share: format.percent(share(group), 0) })} />
      ),
    },
    {
      id: 'failed',
      head: t('failed'),
      right: true,
      sorts: true,
      cell: (group) => (
        <Down group={group} failed>
          {failedShare(group.totals, format)}
        </Down>
      ),
    },
  ]

  function Down({ group, failed, children }: { group: UsageGroup; failed?: boolean; children: string }) {
    const narrowed = narrowedTo(by, group.id)
    if (narrowed === null) return children
    return (
      <Link
        to="/requests"
        search={requestsOf(search, { ...narrowed, ...(failed ? { outcome: 'failed' } : {}) }) as never}
        className="plain"
      >
        {children}
      </Link>
    )
  }

  return (
    <Section
      title={t(`table-${by}`)}
      acts={
        (isCut || search.all) && (
          <button
            type="button"
            className="btn quiet small"
            onClick={() => set({ all: search.all ? undefined : true }, { replace: true })}
          >
            {t(search.all ? 'show-largest' : 'show-all')}
          </button>
        )
      }
    >
      <Table
        label={t(`table-${by}`)}
        rows={rows}
        columns={columns}
        idOf={({ id }) => id ?? 'other'}
        under={({ totals: its }) => t('under', { requests: format.number(its.requests) })}
        sort={sort}
        onSort={({ by: column, down }) =>
          set({ sort: column as NonNullable<UsageSearch['sort']>, order: down ? 'desc' : 'asc' }, { replace: true })
        }
        onOpen={open}
        openId={search.pick ?? null}
        foot={{
          name: t('all'),
          requests: format.number(totals.requests),
          in: format.number(totals.tokens_in),
          cached: cachedShare(totals, format),
          out: format.number(totals.tokens_out),
          tokens: format.number(totals.tokens),
          failed: failedShare(totals, format),
        }}
      />
    </Section>
  )
}

function count(id: string, head: string, of: (group: UsageGroup) => number, format: Format): Column<UsageGroup> {
  return { id, head, right: true, sorts: true, cell: (group) => format.number(of(group)) }
}

function failedShare({ failed, requests }: UsageGroup['totals'], format: Format): string {
  return requests === 0 ? '–' : format.percent(failed / requests)
}
