/** A month of days to pick from. Arrows move by day and week, Page up and down by month, Enter picks. */
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Button } from './button.tsx'
import { addDays, addMonths, dayAfterKey, dayOf, weeksOf } from './calendar-month.ts'
import { useRangeWords } from './range-words.ts'
import { useFormat } from './use-format.ts'

export function Calendar({
  first,
  last,
  onPick,
}: {
  /** The days that are marked, from `first` to `last`. */
  first: Date
  last: Date
  onPick: (day: Date) => void
}) {
  const t = useRangeWords()
  const format = useFormat()
  const today = dayOf(Date.now())
  const [at, setAt] = useState(last > today ? today : last)
  const grid = useRef<HTMLTableElement>(null)
  const moved = useRef(false)
  const write = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(format.locale, options).format
  const weekday = write({ weekday: 'short' })
  const month = write({ month: 'long', year: 'numeric' })

  useEffect(() => {
    if (moved.current) grid.current?.querySelector<HTMLButtonElement>(`[data-day="${at.getTime()}"]`)?.focus()
    moved.current = false
  }, [at])

  const go = (day: Date) => setAt(day > today ? today : day)
  function onKey(event: KeyboardEvent) {
    const next = dayAfterKey(at, event.key)
    if (!next) return
    event.preventDefault()
    event.stopPropagation()
    moved.current = true
    go(next)
  }

  return (
    <div className="calendar">
      <div className="row wide">
        <Button look="quiet" small icon="left" aria-label={t('month-before')} onClick={() => go(addMonths(at, -1))} />
        <b aria-live="polite">{month(at)}</b>
        <Button
          look="quiet"
          small
          icon="right"
          aria-label={t('month-after')}
          disabled={addMonths(new Date(at.getFullYear(), at.getMonth(), 1), 1) > today}
          onClick={() => go(addMonths(at, 1))}
        />
      </div>
      <table ref={grid} aria-label={t('range-pick')}>
        <thead>
          <tr>
            {Array.from({ length: 7 }, (_, day) => (
              <th key={day} scope="col">
                {weekday(addDays(new Date(2024, 0, 1), day))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeksOf(at.getFullYear(), at.getMonth()).map((week) => (
            <tr key={week[0]!.getTime()}>
              {week.map((day) => {
                const inside = day >= first && day <= last
                return (
                  <td key={day.getTime()} className={inside ? 'on' : undefined}>
                    <button
                      type="button"
                      data-day={day.getTime()}
                      tabIndex={day.getTime() === at.getTime() ? 0 : -1}
                      disabled={day > today}
                      aria-pressed={inside}
                      onKeyDown={onKey}
                      aria-label={format.day(day)}
                      aria-current={day.getTime() === today.getTime() ? 'date' : undefined}
                      className={[
                        day.getMonth() !== at.getMonth() && 'outside',
                        (day.getTime() === first.getTime() || day.getTime() === last.getTime()) && 'end',
                      ]
                        .filter(Boolean)
                        .join(' ')}
                      onClick={() => {
                        setAt(day)
                        onPick(day)
                      }}
                    >
                      {day.getDate()}
                    </button>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
