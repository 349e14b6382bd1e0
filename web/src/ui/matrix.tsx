/**
 * How alike things are: n × n values, each as a figure and a shade. A real table, with one stop for the keyboard and
 * arrows within; where a field is too small for its figure, the figure stands under the table for the field in hand.
 *
 * Import it from its own path (`ui/matrix.tsx`): only the page of embeddings draws one.
 */
import { type CSSProperties, type KeyboardEvent, useRef, useState } from 'react'
import { useFormat } from './use-format.ts'
import './matrix.css'
import { usePartWords } from './words.ts'

export type MatrixProps = {
  /** What is compared: "Similarity of five texts". */
  label: string
  /** At most 32. */
  names: readonly string[]
  /** Rows of −1 to 1, as cosines are. */
  values: readonly (readonly number[])[]
}

type Field = { row: number; column: number }

export function Matrix({ label, names, values }: MatrixProps) {
  const t = usePartWords()
  const format = useFormat()
  const body = useRef<HTMLTableSectionElement>(null)
  const [at, setAt] = useState<Field>({ row: 0, column: Math.min(1, names.length - 1) })
  const [inHand, setInHand] = useState<Field | null>(null)
  const count = names.length
  const write = (value: number | undefined) => (value === undefined ? '–' : format.number(value, 2))

  function onKey(event: KeyboardEvent) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    const to = move
      ? { row: at.row + move[0]!, column: at.column + move[1]! }
      : event.key === 'Home'
        ? { row: at.row, column: 0 }
        : event.key === 'End'
          ? { row: at.row, column: count - 1 }
          : null
    if (to === null || to.row < 0 || to.column < 0 || to.row >= count || to.column >= count) return
    event.preventDefault()
    setAt(to)
    body.current?.rows[to.row]?.cells[to.column + 1]?.focus()
  }

  return (
    <div className="matrix" style={{ '--n': count } as CSSProperties} data-dense={count > 12 || undefined}>
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table that one moves in */}
      <table aria-label={label} role="grid">
        <thead>
          <tr>
            <td />
            {names.map((name, column) => (
              <th key={column} scope="col" title={name} className={inHand?.column === column ? 'now' : undefined}>
                {column + 1}
                <span className="hide">{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={onKey} onPointerLeave={() => setInHand(null)}>
          {names.map((name, row) => (
            <tr key={row}>
              <th scope="row" title={name} className={inHand?.row === row ? 'now' : undefined}>
                <span className="n">{row + 1}</span>
                <span className="name">{name}</span>
              </th>
              {names.map((_, column) => {
                const value = values[row]?.[column]
                return (
                  <td
                    key={column}
                    className={row === column ? 'same' : undefined}
                    style={{ '--shade': `${Math.round(Math.max(0, value ?? 0) * 56)}%` } as CSSProperties}
                    tabIndex={at.row === row && at.column === column ? 0 : -1}
                    onFocus={() => {
                      setAt({ row, column })
                      setInHand({ row, column })
                    }}
                    onBlur={() => setInHand(null)}
                    onPointerEnter={() => setInHand({ row, column })}
                  >
                    <span>
                      <b>{write(value)}</b>
                    </span>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="matrix-said" aria-live="off">
        {inHand ? (
          <>
            <b>{write(values[inHand.row]?.[inHand.column])}</b>
            <span className="cut">{t('matrix.pair', { row: names[inHand.row]!, column: names[inHand.column]! })}</span>
          </>
        ) : (
          <span className="faint">{t('matrix.hint')}</span>
        )}
      </p>
    </div>
  )
}
