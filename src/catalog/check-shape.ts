import { Value } from 'typebox/value'
import { CatalogueBroken, type ShapeCheck } from './model-family.ts'

/** Holds a catalogue file against its schema, to the field. Costs the reading of three hundred files, so tests use it. */
export const checkShape: ShapeCheck = (where, schema, value) => {
  const [first] = Value.Errors(schema, value)
  if (first) throw new CatalogueBroken(`${where}${first.instancePath.replaceAll('/', '.')}: ${first.message}`)
}
