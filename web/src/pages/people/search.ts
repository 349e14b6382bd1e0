/** What the addresses of People may say. What they do not know is left out. */
import { parseRange, type RangeSearch } from '../../ui/range.ts'

export const TABS = ['members', 'invitations', 'accounts', 'roles', 'operators'] as const
export type Tab = (typeof TABS)[number]
export const ROLES = ['owner', 'admin', 'developer', 'viewer'] as const
export type Role = (typeof ROLES)[number]
export const PROJECT_ROLES = ['admin', 'developer', 'viewer'] as const
export type ProjectRole = (typeof PROJECT_ROLES)[number]

export type PeopleSearch = {
  /** Absent = members. */
  tab?: Exclude<Tab, 'members'>
  q?: string
  role?: Role
  /** The person whose panel is open. */
  member?: string
  /** The service account whose panel is open. */
  account?: string
  /** The dialog that makes what the tab holds is open. */
  make?: true
}

export type TrailSearch = RangeSearch & {
  /** The installation's trail; absent = the organisation's. */
  of?: 'installation'
  actor?: string
  /** `key.created`, or `key` for all that happened to keys. */
  action?: string
  target?: string
  /** The event whose panel is open. */
  event?: string
}

const oneOf = <Word extends string>(words: readonly Word[], value: unknown): Word | undefined =>
  words.find((word) => word === value)
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

export function parsePeopleSearch(raw: Record<string, unknown>): PeopleSearch {
  return present<PeopleSearch>({
    tab: oneOf(['invitations', 'accounts', 'roles', 'operators'] as const, raw.tab),
    q: text(raw.q),
    role: oneOf(ROLES, raw.role),
    member: text(raw.member),
    account: text(raw.account),
    make: raw.make === true ? true : undefined,
  })
}

export function parseTrailSearch(raw: Record<string, unknown>): TrailSearch {
  const action = text(raw.action)
  return {
    ...parseRange(raw),
    ...present<Omit<TrailSearch, keyof RangeSearch>>({
      of: oneOf(['installation'] as const, raw.of),
      actor: text(raw.actor),
      action: action && /^[a-z_]+(\.[a-z_]+)?$/.test(action) ? action : undefined,
      target: text(raw.target),
      event: text(raw.event),
    }),
  }
}

type Loose<T> = { [K in keyof T]: T[K] | undefined }

function present<T extends object>(values: Loose<Required<T>>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
}
