/** A filter of a list: dashed while unset, with its name and value once set. The value lives in the address. */
import { Popover } from '@base-ui/react/popover'
import { useState } from 'react'
import { Tick } from './choose.tsx'
import { Icon } from './icon.tsx'
import { usePartWords } from './words.ts'

export type FilterChoice = { value: string; label: string; count?: number }

export function Filter({
  name,
  values,
  choices,
  onChange,
  onOpen,
  single = false,
}: {
  name: string
  values: readonly string[]
  choices: readonly FilterChoice[]
  onChange: (values: string[]) => void
  /** Called before the choices are seen: for those that are asked for only then. */
  onOpen?: () => void
  single?: boolean
}) {
  const t = usePartWords()
  const [open, setOpen] = useState(false)
  const [find, setFind] = useState('')
  const set = values.length > 0
  const label = values.map((value) => choices.find((choice) => choice.value === value)?.label ?? value).join(', ')
  const shown = choices.filter((choice) => choice.label.toLowerCase().includes(find.toLowerCase()))
  const choose = (value: string, on: boolean) => {
    onChange(single ? (on ? [value] : []) : on ? [...values, value] : values.filter((one) => one !== value))
    if (single) setOpen(false)
  }
  return (
    <span className="filter-box">
      <Popover.Root
        open={open}
        onOpenChange={(next) => {
          if (next) onOpen?.()
          setOpen(next)
        }}
      >
        <Popover.Trigger className={set ? 'filter on' : 'filter'}>
          {set ? (
            <>
              <span className="by">{name}</span>
              <b className="cut">{label}</b>
            </>
          ) : (
            <>
              <Icon name="plus" />
              {name}
            </>
          )}
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner className="floats-over" sideOffset={4} align="start">
            <Popover.Popup className="popover picks" aria-label={name}>
              {choices.length > 8 && (
                <label className="input small">
                  <Icon name="search" />
                  <input
                    aria-label={t('search')}
                    placeholder={t('search')}
                    value={find}
                    onChange={(event) => setFind(event.target.value)}
                  />
                </label>
              )}
              <ul>
                {shown.map((choice) => (
                  <li key={choice.value}>
                    <Tick on={values.includes(choice.value)} onChange={(on) => choose(choice.value, on)}>
                      <span className="cut">{choice.label}</span>
                    </Tick>
                    {choice.count !== undefined && <span className="faint small">{choice.count}</span>}
                  </li>
                ))}
                {shown.length === 0 && <li className="faint">{t('none-found')}</li>}
              </ul>
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
      {set && (
        <button
          type="button"
          className="filter-clear"
          aria-label={t('clear-filter', { name })}
          onClick={() => onChange([])}
        >
          <Icon name="x" />
        </button>
      )}
    </span>
  )
}
