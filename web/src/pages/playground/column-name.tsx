import { nameOf, ordinalOf, partsOfName } from './columns.ts'
import type { Model } from './playground-api.ts'

/** A model's name over its column. Where there is no room its middle gives way: the end and the ordinal stay. */
export function ColumnName({
  column,
  columns,
  models,
}: {
  column: string
  columns: readonly string[]
  models: readonly Model[]
}) {
  const [start, end] = partsOfName(nameOf(column, models))
  return (
    <b className="column-name">
      <span className="cut">{start}</span>
      {end}
      {ordinalOf(column, columns)}
    </b>
  )
}
