/** The numbers of a chart as a table: the same, exact, one row a step, the newest first. */
import type { ReactNode } from 'react'
import type { ChartSeries, Comparison } from './chart-plot.ts'
import { sumOf } from './chart-shapes.ts'
import { type Column, Table } from './table.tsx'
import { usePartWords } from './words.ts'

type Row = { step: number; when: string; values: (number | null)[]; sum: number | null; before: number | null }

export function ChartTable({
  label,
  series,
  compare,
  count,
  sums,
  exact,
  when,
}: {
  label: string
  series: readonly ChartSeries[]
  compare: Comparison | null
  count: number
  sums: boolean
  exact: (value: number) => string
  when: (step: number) => string
}) {
  const t = usePartWords()
  const write = (value: number | null): ReactNode => (value === null ? '–' : exact(value))
  const all = Array.from({ length: count }, (_, step): Row => {
    const values = series.map((one) => one.values[step] ?? null)
    const counted = values.filter((value) => value !== null)
    return {
      step,
      when: when(step),
      values,
      sum: counted.length === 0 ? null : sumOf(values),
      before: compare?.values[step] ?? null,
    }
  })
  // Newest first, from the last step that holds anything back to the first.
  const holds = (row: Row) => (row.sum ?? 0) !== 0 || (row.before ?? 0) !== 0
  const first = all.findIndex(holds)
  const rows = (first < 0 ? all : all.slice(first, all.findLastIndex(holds) + 1)).reverse()
  const several = series.length > 1
  const columns: Column<Row>[] = [
    { id: 'when', head: t('time'), cell: (row) => row.when },
    ...series.map(
      (one, index): Column<Row> => ({
        id: one.id,
        head: one.name,
        right: true,
        phone: !several,
        cell: (row) => write(row.values[index]!),
      }),
    ),
    ...(sums && several
      ? [{ id: 'sum', head: t('chart.sum'), right: true, phone: true, cell: (row: Row) => write(row.sum) }]
      : []),
    ...(compare
      ? [{ id: 'before', head: compare.name, right: true, soft: true, cell: (row: Row) => write(row.before) }]
      : []),
  ]
  const totals = Object.fromEntries(series.map((one) => [one.id, exact(sumOf(one.values))]))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable with the keyboard
    <section className="chart-table" tabIndex={0} aria-label={label}>
      <Table
        label={label}
        slim
        columns={columns}
        rows={rows}
        idOf={(row) => `${row.step}`}
        {...(several
          ? {
              under: (row: Row) =>
                series
                  .map((one, index) => ({ name: one.name, value: row.values[index]! }))
                  .filter(({ value }) => value !== null && value !== 0)
                  .map(({ name, value }) => `${name} ${exact(value!)}`)
                  .join(' · '),
            }
          : {})}
        {...(sums
          ? {
              foot: {
                when: t('chart.sum'),
                ...totals,
                sum: exact(series.reduce((sum, one) => sum + sumOf(one.values), 0)),
                before: compare ? exact(sumOf(compare.values)) : null,
              },
            }
          : {})}
      />
    </section>
  )
}
