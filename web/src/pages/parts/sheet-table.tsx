import { useState } from 'react'
import {
  BulkBar,
  Button,
  type Column,
  RowMenu,
  SearchInput,
  type Sort,
  State,
  Table,
  TableFoot,
  type Tone,
  useFormat,
} from '../../ui/index.ts'
import { ROWS, type Row } from './examples.ts'
import { usePartsWords } from './parts-words.ts'
import { Sheet } from './sheet.tsx'

const TONES: Record<Row['state'], Tone> = { on: 'on', off: 'off', bad: 'bad', live: 'live' }
const STATES = { on: 'serving', off: 'idle', bad: 'failed', live: 'loading-state' } as const

/** On a page, `sort` and what is searched for live in the address. */
export function TableSheet() {
  const t = usePartsWords()
  const format = useFormat()
  const [find, setFind] = useState('')
  const [sort, setSort] = useState<Sort>({ by: 'spent', down: true })
  const [picked, setPicked] = useState(new Set(['2']))
  const [open, setOpen] = useState<string | null>(null)
  const price = (amount: number) => `$${format.number(amount, 2)}`
  const columns: Column<Row>[] = [
    { id: 'model', head: t('model'), sorts: true, cell: (row) => <span className="name">{row.model}</span> },
    {
      id: 'state',
      head: t('state-word'),
      phone: true,
      cell: (row) => <State tone={TONES[row.state]}>{t(STATES[row.state])}</State>,
    },
    { id: 'out', head: t('tokens-out'), right: true, sorts: true, cell: (row) => format.number(row.out) },
    { id: 'spent', head: t('spent'), right: true, sorts: true, cell: (row) => price(row.spent) },
    {
      id: 'acts',
      head: null,
      act: true,
      cell: (row) =>
        row.state === 'off' ? (
          <Button look="go">{t('load')}</Button>
        ) : (
          <RowMenu
            label={t('more-of', { name: row.model })}
            entries={[
              { label: t('open-playground'), icon: 'play', onSelect: () => {} },
              { label: t('unload'), icon: 'stop', onSelect: () => {} },
              'line',
              { label: t('delete-disk'), icon: 'bin', danger: true, onSelect: () => {} },
            ]}
          />
        ),
    },
  ]
  const value = (row: Row) => (sort.by === 'model' ? row.model : sort.by === 'out' ? row.out : row.spent)
  const rows = ROWS.filter((row) => row.model.toLowerCase().includes(find.toLowerCase())).toSorted(
    (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (sort.down ? -1 : 1),
  )
  return (
    <Sheet id="rows" title={t('rows')} says={t('rows-says')} parts="Table, BulkBar, TableFoot, RowMenu">
      {picked.size > 0 ? (
        <BulkBar count={picked.size} onClear={() => setPicked(new Set())}>
          <Button small icon="pause">
            {t('stop')}
          </Button>
          <Button small icon="save">
            {t('export')}
          </Button>
        </BulkBar>
      ) : (
        <div className="toolbar">
          <SearchInput label={t('find-model')} value={find} onChange={setFind} />
        </div>
      )}
      <Table
        label={t('models')}
        columns={columns}
        rows={rows}
        idOf={(row) => row.id}
        nameOf={(row) => row.model}
        under={(row) => `${t('tokens-count', { count: format.number(row.out) })} · ${price(row.spent)}`}
        sort={sort}
        onSort={setSort}
        picked={picked}
        onPick={setPicked}
        onOpen={(row) => setOpen(row.id === open ? null : row.id)}
        openId={open}
        foot={{
          model: t('all'),
          out: format.number(rows.reduce((sum, row) => sum + row.out, 0)),
          spent: price(rows.reduce((sum, row) => sum + row.spent, 0)),
        }}
      />
      <TableFoot end={`1–${rows.length}`}>{t('rows-foot')}</TableFoot>
    </Sheet>
  )
}
