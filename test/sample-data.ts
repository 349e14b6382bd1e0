/** Data for a class of expected errors, made from its declared type as it stands in the source. */
import assert from 'node:assert/strict'
import type { FormProblem } from '../src/identity/form-problem.ts'
import { URL_TROUBLES } from '../src/upstreams/errors.ts'

const PROBLEMS: readonly FormProblem[] = [
  { kind: 'name_missing' },
  { kind: 'organization_missing' },
  { kind: 'name_not_plain' },
  { kind: 'email_missing' },
  { kind: 'email_malformed' },
  { kind: 'password_is_email' },
  { kind: 'password_too_simple' },
  { kind: 'too_short', lengthMin: 12, length: 5 },
  { kind: 'too_long', lengthMax: 128, length: 129 },
]

/**
 * Every alternative of every field at least once.
 * @param type what stands in `AppError<…>`
 * @param source of the module, for types that it declares itself
 * @throws AssertionError for a type that it does not know, rather than pass over it
 */
export function samplesOf(type: string, source: string): Record<string, unknown>[] {
  const written = type.trim()
  if (written === '' || /^Record<(never|string), never>?$/.test(written)) return [{}]
  if (/^\w+$/.test(written)) {
    const [, alias] = new RegExp(`^type ${written} = (\\{[^}]*\\})$`, 'm').exec(source) ?? []
    assert.ok(alias, `no type ${written} was found`)
    return samplesOf(alias, source)
  }
  const [, inside] = /^\{([^{}]*)\}$/.exec(written) ?? []
  assert.ok(inside !== undefined, `this type is not understood: ${written}`)
  const fields = inside
    .split(/[;\n]/)
    .map((field) => field.trim())
    .filter((field) => field !== '')
    .map((field, at) => {
      const [, name, of] = /^(\w+): (.+)$/.exec(field) ?? []
      assert.ok(name && of, `this field is not understood: ${field}`)
      return { name, values: valuesOf(of, name, at) }
    })
  const first = Object.fromEntries(fields.map(({ name, values }) => [name, values[0]]))
  return [first, ...fields.flatMap(({ name, values }) => values.slice(1).map((value) => ({ ...first, [name]: value })))]
}

function valuesOf(type: string, name: string, at: number): unknown[] {
  if (type.includes(' | ')) return type.split(' | ').flatMap((one) => valuesOf(one, name, at))
  const [, literal] = /^'([^']+)'$/.exec(type) ?? []
  if (literal !== undefined) return [literal]
  switch (type) {
    case 'string':
      return [`sample-${name}`]
    case 'number':
      return [7_013 + at * 1_117, 0, 1]
    case 'boolean':
      return [true, false]
    case 'null':
      return [null]
    case 'string[]':
      return [[`sample-${name}0`, `sample-${name}1`]]
    case 'UrlTrouble':
      return [...URL_TROUBLES]
    case 'FormProblem':
      return [...PROBLEMS]
    case 'FormProblems':
      return [Object.fromEntries(PROBLEMS.map((problem) => [problem.kind, problem]))]
    default:
      throw new assert.AssertionError({ message: `samples of this type are not known: ${type}` })
  }
}
