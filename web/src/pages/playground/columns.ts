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

/** A column's model as people call it, by its id until that is known. */
export function nameOf(column: string, models: readonly { id: string; name: string }[]): string {
  const id = modelOf(column)
  return models.find((model) => model.id === id)?.name ?? id
}

/** The same with its ordinal: the whole of what is said of a column. */
export const titleOf = (
  column: string,
  columns: readonly string[],
  models: readonly { id: string; name: string }[],
): string => `${nameOf(column, models)}${ordinalOf(column, columns)}`

/** So much of a name's end says which size or kind of a family it is. */
const END_CHARACTERS = 6

/** A name in two parts, of which the first may be cut: names of one family differ at their ends. */
export function partsOfName(name: string): [start: string, end: string] {
  const characters = [...name]
  if (characters.length <= 2 * END_CHARACTERS) return [name, '']
  return [characters.slice(0, -END_CHARACTERS).join(''), characters.slice(-END_CHARACTERS).join('')]
}
