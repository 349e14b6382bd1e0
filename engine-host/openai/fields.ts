/**
 * Reads fields of a request body. Unknown fields are accepted, null means absent (as OpenAI has it), a wrong type or
 * range is refused with OpenAI's own code and wording.
 *
 * Hand-written instead of one schema per route: a schema check knows that a value is wrong, these know how to say it
 * the way OpenAI's clients expect, and the engine needs no schema compiler on its thread.
 */
import { RequestError } from './request-error.ts'

export type Range = { min?: number; max?: number }

export class Fields {
  readonly #values: Record<string, unknown>
  readonly #path: string

  /** @param path what stands before a field's name in `param`, as in `messages[0]` */
  constructor(value: unknown, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidType(path || 'body', 'an object', value)
    }
    this.#values = value as Record<string, unknown>
    this.#path = path
  }

  /** The field's value, undefined where it is absent or null. */
  raw(name: string): unknown {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
    return value === null ? undefined : value
  }

  path(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  string(name: string): string | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (typeof value !== 'string') throw invalidType(this.path(name), 'a string', value)
    return value
  }

  requiredString(name: string): string {
    return this.string(name) ?? missing(this.path(name))
  }

  boolean(name: string): boolean | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (typeof value !== 'boolean') throw invalidType(this.path(name), 'a boolean', value)
    return value
  }

  number(name: string, range: Range = {}): number | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (typeof value !== 'number') throw invalidType(this.path(name), 'a decimal', value)
    checkRange(this.path(name), 'decimal', value, range)
    return value
  }

  integer(name: string, range: Range = {}): number | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (typeof value !== 'number' || !Number.isInteger(value)) throw invalidType(this.path(name), 'an integer', value)
    checkRange(this.path(name), 'integer', value, range)
    return value
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | null {
    const value = this.string(name)
    if (value === null) return null
    if (!(choices as readonly string[]).includes(value)) throw invalidChoice(this.path(name), value, choices)
    return value as Choice
  }

  object(name: string): Fields | null {
    const value = this.raw(name)
    return value === undefined ? null : new Fields(value, this.path(name))
  }

  array(name: string): unknown[] | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (!Array.isArray(value)) throw invalidType(this.path(name), 'an array', value)
    return value
  }

  /** For fields that this engine cannot honour: better refused than ignored. */
  refuse(name: string, reason: string): void {
    if (this.raw(name) !== undefined) throw unsupportedParameter(this.path(name), reason)
  }
}

export function missing(path: string): never {
  throw new RequestError({
    status: 400,
    code: 'missing_required_parameter',
    param: path,
    message: `Missing required parameter: '${path}'.`,
  })
}

export function invalidType(path: string, expected: string, value: unknown): RequestError {
  return new RequestError({
    status: 400,
    code: 'invalid_type',
    param: path,
    message: `Invalid type for '${path}': expected ${expected}, but got ${nameOfType(value)} instead.`,
  })
}

export function invalidValue(path: string, message: string): RequestError {
  return new RequestError({ status: 400, code: 'invalid_value', param: path, message })
}

export function invalidChoice(path: string, value: string, choices: readonly string[]): RequestError {
  const list = choices.map((choice) => `'${choice}'`).join(', ')
  return invalidValue(path, `Invalid value: '${value.slice(0, 100)}'. Supported values are: ${list}.`)
}

export function unsupportedParameter(path: string, reason: string): RequestError {
  return new RequestError({
    status: 400,
    code: 'unsupported_parameter',
    param: path,
    message: `Unsupported parameter: '${path}'. ${reason}`,
  })
}

export function checkRange(path: string, kind: 'decimal' | 'integer', value: number, { min, max }: Range): void {
  if (min !== undefined && !(value >= min)) {
    throw new RequestError({
      status: 400,
      code: `${kind}_below_min_value`,
      param: path,
      message: `Invalid '${path}': ${kind} below minimum value. Expected a value >= ${min}, but got ${value} instead.`,
    })
  }
  if (max !== undefined && !(value <= max)) {
    throw new RequestError({
      status: 400,
      code: `${kind}_above_max_value`,
      param: path,
      message: `Invalid '${path}': ${kind} above maximum value. Expected a value <= ${max}, but got ${value} instead.`,
    })
  }
}

function nameOfType(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal'
  return `a ${typeof value}`
}
