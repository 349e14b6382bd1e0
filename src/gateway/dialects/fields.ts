/**
 * Reads the fields of a parsed body, with null counting as absent, and paths as Anthropic writes them:
 * `messages.0.content.1.text`. Pure module.
 */
import { FieldInvalid, FieldMissing, FieldOfWrongType } from '../errors.ts'

export type Json = Record<string, unknown>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns null for anything but an object */
export function objectIn(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

export class Fields {
  readonly #values: Json
  readonly #path: string

  /** @throws FieldOfWrongType where it is no object */
  constructor(value: unknown, path = '') {
    if (!isObject(value)) throw new FieldOfWrongType({ param: path === '' ? 'body' : path, wanted: 'an object' })
    this.#values = value
    this.#path = path
  }

  /** Of a field of this object; of the object itself without a name. */
  path(name?: string): string {
    if (name === undefined) return this.#path
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? (this.#values[name] ?? undefined) : undefined
  }

  required(name: string): unknown {
    const value = this.raw(name)
    if (value === undefined) throw new FieldMissing({ param: this.path(name) })
    return value
  }

  string(name: string): string | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (typeof value !== 'string') throw this.#wrong(name, 'a string')
    return value
  }

  requiredString(name: string): string {
    return this.string(name) ?? (this.required(name) as never)
  }

  boolean(name: string): boolean | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false')
    return value
  }

  integer(name: string, min: number): number | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw this.#wrong(name, 'a whole number')
    if (value < min) throw new FieldInvalid({ param: this.path(name), trouble: `must be at least ${min}` })
    return value
  }

  list(name: string): unknown[] | null {
    const value = this.raw(name)
    if (value === undefined) return null
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list')
    return value
  }

  /** A list of objects, each with its path. */
  objects(name: string): Fields[] | null {
    return this.list(name)?.map((value, index) => new Fields(value, `${this.path(name)}.${index}`)) ?? null
  }

  object(name: string): Fields | null {
    const value = this.raw(name)
    return value === undefined ? null : new Fields(value, this.path(name))
  }

  requiredObject(name: string): Fields {
    return new Fields(this.required(name), this.path(name))
  }

  #wrong(name: string, wanted: string): FieldOfWrongType {
    return new FieldOfWrongType({ param: this.path(name), wanted })
  }
}
