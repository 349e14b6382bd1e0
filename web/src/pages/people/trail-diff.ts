/** What an event of the trail changed, field by field, ready to be said in words. Pure. */

export type Value =
  | { kind: 'nothing' }
  | { kind: 'yes-no'; is: boolean }
  | { kind: 'number'; is: number }
  | { kind: 'time'; is: Date }
  /** Named things, roles and the like: each as it stands there. */
  | { kind: 'list'; is: string[] }
  | { kind: 'text'; is: string }

export type Change = {
  /** `owner.kind` where one thing is inside another. */
  field: string
  /** null = the field was not there. */
  before: Value | null
  after: Value | null
  changed: boolean
}

type Content = Readonly<Record<string, unknown>> | null

/** Fields that changed first, each half in the order of the trail. */
export function changesOf(before: Content, after: Content): Change[] {
  const [was, is] = [flat(before), flat(after)]
  const rows = [...new Set([...was.keys(), ...is.keys()])].map((field) => {
    const [old, now] = [was.get(field) ?? null, is.get(field) ?? null]
    return { field, before: old, after: now, changed: JSON.stringify(old) !== JSON.stringify(now) }
  })
  return [...rows.filter((row) => row.changed), ...rows.filter((row) => !row.changed)]
}

/** Last part of a field's name, as words where nobody has better ones: `oldSecretEndsAt` → `old secret ends at`. */
export function spelled(field: string): string {
  return field
    .split('.')
    .map((part) =>
      part
        .replaceAll('_', ' ')
        .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
        .toLowerCase(),
    )
    .join(', ')
}

/** What the thing was called, where the trail says so itself: it may be gone by now. */
export function nameWithin(before: Content, after: Content): string | null {
  for (const content of [after, before])
    for (const field of ['name', 'email']) {
      const value = content?.[field]
      if (typeof value === 'string' && value !== '') return value
    }
  return null
}

function flat(content: Content, prefix = ''): Map<string, Value> {
  const found = new Map<string, Value>()
  for (const [name, value] of Object.entries(content ?? {})) {
    const field = prefix + name
    const inner = isPlain(value) && called(value) === null ? flat(value, `${field}.`) : null
    if (inner) for (const [path, one] of inner) found.set(path, one)
    else found.set(field, valueFrom(value))
  }
  return found
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

function valueFrom(value: unknown): Value {
  if (value === null || value === undefined) return { kind: 'nothing' }
  if (typeof value === 'boolean') return { kind: 'yes-no', is: value }
  if (typeof value === 'number') return { kind: 'number', is: value }
  if (Array.isArray(value)) return value.length === 0 ? { kind: 'nothing' } : { kind: 'list', is: value.map(said) }
  if (typeof value === 'string' && TIME.test(value)) return { kind: 'time', is: new Date(value) }
  return { kind: 'text', is: said(value) }
}

function said(value: unknown): string {
  if (typeof value === 'string') return value
  return (isPlain(value) ? called(value) : null) ?? JSON.stringify(value)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A thing by its name. */
function called(value: Record<string, unknown>): string | null {
  return typeof value.name === 'string' ? value.name : null
}
