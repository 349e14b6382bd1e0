/**
 * A list of things. On a desk a row of columns; on a phone two lines: the name with what `under` says, and the state.
 *
 * Arrows move between rows, Enter opens one, Space picks it. Sort and filters live in the address of the page: the table
 * only says what was asked for.
 */
import { type KeyboardEvent, type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'
import { Tick } from './choose.tsx'
import { Icon } from './icon.tsx'
import { usePartWords } from './words.ts'

export type Sort = { by: string; down: boolean }

export type Column<Row> = {
  id: string
  /** Head; null where the column needs no words. */
  head: ReactNode
  cell: (row: Row) => ReactNode
  /** Numbers stand at the right. */
  right?: boolean
  /** Also on phones. The first column always is. */
  phone?: boolean
  soft?: boolean
  /** Whether the head sorts. */
  sorts?: boolean
  /** Fixed width, as CSS writes it. */
  width?: string
  /** Actions at the end of the row. */
  act?: boolean
}

export type TableProps<Row> = {
  /** What the rows are, for a screen reader. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  idOf: (row: Row) => string
  /** What a row is called, where it can be picked. */
  nameOf?: (row: Row) => string
  /** Second line of the first cell on phones. */
  under?: (row: Row) => ReactNode
  sort?: Sort | null
  onSort?: (sort: Sort) => void
  onOpen?: (row: Row) => void
  /** The row whose panel is open. */
  openId?: string | null
  picked?: ReadonlySet<string>
  onPick?: (picked: Set<string>) => void
  /** Summary row: cells by column id. */
  foot?: Record<string, ReactNode>
  slim?: boolean
}

export function Table<Row>({
  label,
  columns,
  rows,
  idOf,
  nameOf,
  under,
  sort,
  onSort,
  onOpen,
  openId,
  picked,
  onPick,
  foot,
  slim,
}: TableProps<Row>) {
  const t = usePartWords()
  const body = useRef<HTMLTableSectionElement>(null)
  const hide = (column: Column<Row>, index: number) => (index === 0 || column.phone ? '' : 'lg')
  const pick = (id: string, on: boolean) => {
    const next = new Set(picked)
    if (on) next.add(id)
    else next.delete(id)
    onPick?.(next)
  }

  function onKey(event: KeyboardEvent<HTMLTableRowElement>, row: Row) {
    if (event.target !== event.currentTarget) return
    const all = [...(body.current?.rows ?? [])]
    const at = all.indexOf(event.currentTarget)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      all[Math.max(0, Math.min(all.length - 1, to))]?.focus()
    } else if (event.key === 'Enter' && onOpen) {
      event.preventDefault()
      onOpen(row)
    } else if (event.key === ' ' && onPick) {
      event.preventDefault()
      pick(idOf(row), !picked?.has(idOf(row)))
    }
  }

  return (
    // Whatever is cut is whole under the pointer.
    // biome-ignore lint/a11y/noStaticElementInteractions: a hint only, all of it is in the text for who reads it
    // biome-ignore lint/a11y/useKeyWithMouseEvents: as above
    <div className="tablebox" onMouseOver={(event) => sayWhole(event.target as HTMLElement)}>
      <table className={[slim && 'slim', under && 'tall'].filter(Boolean).join(' ') || undefined} aria-label={label}>
        <thead>
          <tr>
            {onPick && (
              <th className="tick-col">
                <Tick
                  label={t('select-all')}
                  on={rows.length > 0 && rows.every((row) => picked?.has(idOf(row)))}
                  part={rows.some((row) => picked?.has(idOf(row))) && !rows.every((row) => picked?.has(idOf(row)))}
                  onChange={(on) => onPick(on ? new Set(rows.map(idOf)) : new Set())}
                />
              </th>
            )}
            {columns.map((column, index) => (
              <Head
                key={column.id}
                column={column}
                hide={hide(column, index)}
                sort={sort ?? null}
                {...(onSort ? { onSort } : {})}
              />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, at) => {
            const id = idOf(row)
            return (
              <tr
                key={id}
                className={picked?.has(id) || openId === id ? 'picked' : onOpen ? 'opens' : undefined}
                aria-selected={picked ? picked.has(id) : undefined}
                tabIndex={onOpen || onPick ? (at === 0 ? 0 : -1) : undefined}
                onKeyDown={(event) => onKey(event, row)}
                onClick={(event) => {
                  const target = event.target as HTMLElement
                  // A menu of the row floats elsewhere in the page, and its clicks come here all the same.
                  if (!event.currentTarget.contains(target)) return
                  if (onOpen && !target.closest('a, button, label, input')) onOpen(row)
                }}
              >
                {onPick && (
                  <td className="tick-col">
                    <Tick
                      label={t('select-row', { name: nameOf?.(row) ?? id })}
                      on={picked?.has(id) ?? false}
                      onChange={(on) => pick(id, on)}
                    />
                  </td>
                )}
                {columns.map((column, index) => (
                  <td
                    key={column.id}
                    className={[
                      hide(column, index),
                      column.right && 'r',
                      column.soft && 'soft',
                      column.act && 'act',
                      (index === 0 || column.soft) && 'words',
                      index > 0 && column.phone && 'statecell',
                    ]
                      .filter(Boolean)
                      .join(' ')}
                    style={column.width ? { width: column.width } : undefined}
                  >
                    {column.cell(row)}
                    {index === 0 && under && <span className="under">{under(row)}</span>}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
        {foot && (
          <tfoot>
            <tr>
              {onPick && <td className="tick-col" />}
              {columns.map((column, index) => (
                <td key={column.id} className={[hide(column, index), column.right && 'r'].filter(Boolean).join(' ')}>
                  {foot[column.id]}
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  )
}

function sayWhole(target: HTMLElement) {
  const cell = target.closest('td')
  if (!cell || cell.title) return
  const cut = [cell, ...cell.querySelectorAll<HTMLElement>('.cut, .name')].find(
    (one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).textOverflow === 'ellipsis',
  )
  if (cut)
    cell.title = [...cut.childNodes]
      .map((node) => node.textContent)
      .join(' ')
      .trim()
}

function Head<Row>({
  column,
  hide,
  sort,
  onSort,
}: {
  column: Column<Row>
  hide: string
  sort: Sort | null
  onSort?: (sort: Sort) => void
}) {
  const t = usePartWords()
  const sorted = sort?.by === column.id ? (sort.down ? 'descending' : 'ascending') : undefined
  const names = [hide, column.right && 'r'].filter(Boolean).join(' ')
  if (!column.sorts || !onSort)
    return (
      <th className={names} scope="col">
        {column.head ?? <span className="hide">{t('acts')}</span>}
      </th>
    )
  return (
    <th className={names} scope="col" aria-sort={sorted}>
      <button
        type="button"
        className="sorts"
        title={typeof column.head === 'string' ? t('sort-by', { name: column.head }) : undefined}
        onClick={() =>
          onSort({
            by: column.id,
            down: sorted === 'descending' ? false : sorted !== 'ascending' ? Boolean(column.right) : true,
          })
        }
      >
        {column.head}
        {sorted && <Icon name={sorted === 'descending' ? 'down' : 'up'} />}
      </button>
    </th>
  )
}

/** In place of the toolbar while rows are picked. */
export function BulkBar({ count, onClear, children }: { count: number; onClear: () => void; children: ReactNode }) {
  const t = usePartWords()
  return (
    <div className="bulk" role="toolbar">
      <span>{t('picked', { count })}</span>
      <span className="sep" />
      {children}
      <span className="push">
        <Button small icon="x" aria-label={t('clear')} onClick={onClear} />
      </span>
    </div>
  )
}

export function TableFoot({ children, end }: { children?: ReactNode; end?: ReactNode }) {
  return (
    <div className="tablefoot">
      <span>{children}</span>
      {end && <span className="push">{end}</span>}
    </div>
  )
}
