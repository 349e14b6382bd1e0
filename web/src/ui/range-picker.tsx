/**
 * The time that a page is about: the usual ones at a press, any other by days or to the minute.
 *
 * Import it from its own path (`ui/range-picker.tsx`), not from `ui/index.ts`: only pages about a time should load it.
 */
import { Popover } from '@base-ui/react/popover'
import { type FormEvent, useId, useState } from 'react'
import { Button } from './button.tsx'
import { Calendar } from './calendar.tsx'
import { addDays, dayOf } from './calendar-month.ts'
import { rangeWords } from './chart-time.ts'
import { Segments } from './choose.tsx'
import { TextField } from './field.tsx'
import { Icon } from './icon.tsx'
import {
  fromLocalInput,
  iso,
  namedRange,
  RANGES,
  type Range,
  type RangeName,
  type RangeSearch,
  rangeOf,
  toLocalInput,
} from './range.ts'
import { useRangeWords } from './range-words.ts'
import { useFormat } from './use-format.ts'
import './range-picker.css'

type RangeChange = { range: RangeName | undefined; from: string | undefined; to: string | undefined }

const CLEAR: RangeChange = { range: undefined, from: undefined, to: undefined }

export function RangePicker({
  search,
  otherwise,
  onChange,
  quick = true,
}: {
  search: RangeSearch
  /** Where the address names none; null = all time. */
  otherwise: RangeName | null
  onChange: (change: RangeChange) => void
  /** Whether the usual ones stand beside it. */
  quick?: boolean
}) {
  const t = useRangeWords()
  const format = useFormat()
  const [open, setOpen] = useState(false)
  const range = rangeOf(search, Date.now(), otherwise)
  const named = search.from === undefined ? (search.range ?? otherwise) : null
  // Its moments would fill the line, and move on.
  const words = ({ from, to }: Range) => (named === '24h' ? t('range-24h-long') : rangeWords(from, to, format.locale))
  const choose = (change: Partial<RangeChange>) => {
    setOpen(false)
    onChange({ ...CLEAR, ...change })
  }
  return (
    <>
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className={range ? 'filter on' : 'filter'}>
          <Icon name="cal" />
          <span className="hide">{t('range')}</span>
          {range ? <b className="cut">{words(range)}</b> : t('any-time')}
          <Icon name="down" />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner className="floats-over" sideOffset={4} align="start">
            <Popover.Popup className="popover range-pick" aria-label={t('range')}>
              <ul className="range-names">
                {otherwise === null && (
                  <li>
                    <button type="button" aria-pressed={named === null && range === null} onClick={() => choose({})}>
                      {t('any-time')}
                    </button>
                  </li>
                )}
                {RANGES.map((name) => (
                  <li key={name}>
                    <button type="button" aria-pressed={name === named} onClick={() => choose({ range: name })}>
                      {t(`range-${name}-long`)}
                    </button>
                  </li>
                ))}
              </ul>
              <OwnRange
                range={range ?? namedRange('7d', Date.now())}
                onChoose={({ from, to }) => choose({ from: iso(from), to: iso(to) })}
              />
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
      {quick && (
        <span className="desk-only">
          <Segments
            label={t('range')}
            value={named}
            choices={RANGES.map((name) => ({ value: name, label: t(`range-${name}`) }))}
            onChange={(name) => choose({ range: name })}
          />
        </span>
      )}
    </>
  )
}

function OwnRange({ range, onChoose }: { range: Range; onChoose: (range: Range) => void }) {
  const t = useRangeWords()
  const help = useId()
  const [from, setFrom] = useState(toLocalInput(range.from))
  const [until, setUntil] = useState(toLocalInput(range.to))
  /** The first of two days, until the second is picked. */
  const [begun, setBegun] = useState<Date | null>(null)
  const [first, last] = [fromLocalInput(from), fromLocalInput(until)]
  const wrong = first === null || last === null || last <= first

  function pick(day: Date) {
    const [one, two] = begun && begun > day ? [day, begun] : [begun ?? day, day]
    setFrom(toLocalInput(one.getTime()))
    setUntil(toLocalInput(addDays(two, 1).getTime()))
    setBegun(begun ? null : day)
  }

  function send(event: FormEvent) {
    event.preventDefault()
    if (!wrong) onChoose({ from: first, to: last })
  }

  return (
    <form className="range-own" onSubmit={send}>
      <Calendar first={dayOf(first ?? range.from)} last={dayOf((last ?? range.to) - 1)} onPick={pick} />
      <TextField
        type="datetime-local"
        label={t('range-from')}
        value={from}
        onChange={setFrom}
        aria-describedby={help}
      />
      <TextField
        type="datetime-local"
        label={t('range-until')}
        value={until}
        onChange={setUntil}
        aria-describedby={help}
      />
      <div className="row wide">
        <span className="small faint" id={help} role="status">
          {wrong && t('range-order')}
        </span>
        <Button type="submit" small disabled={wrong}>
          {t('range-apply')}
        </Button>
      </div>
    </form>
  )
}
