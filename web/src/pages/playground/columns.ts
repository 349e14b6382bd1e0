/**
 * A column of the comparison is named by its model. The same model may stand in several, to compare two draws of it:
 * from the second on its name ends in a number, `qwen3-0.6b#2`, which no id of a model can hold. Pure.
 */
const AGAIN = /#[2-9]$/

export const modelOf = (column: string): string => column.replace(AGAIN, '')

/** The first name for a model that no column has yet. */
export function columnFor(model: string, taken: readonly string[]): string {
  let column = model
  for (let n = 2; taken.includes(column); n++) column = `${model}#${n}`
  return column
}

/** Names for models in their order, of which one may be there several times. */
export function columnsOf(models: readonly string[]): string[] {
  const columns: string[] = []
  for (const model of models) columns.push(columnFor(model, columns))
  return columns
}

/** What is said behind a model's name where it stands in several columns: which of them this is; else nothing. */
export function ordinalOf(column: string, columns: readonly string[]): string {
  const same = columns.filter((one) => modelOf(one) === modelOf(column))
  return same.length > 1 ? ` · ${same.indexOf(column) + 1}` : ''
}
