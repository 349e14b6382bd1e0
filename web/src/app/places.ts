/** Where one can go: the rail, the palette and the crumbs read this one list. An entry is there for those who may use it. */
import type { Action } from '../../../src/identity/rules.ts'
import type { IconName } from '../ui/index.ts'
import type { Place } from './session.ts'

export type PlaceName =
  | 'overview'
  | 'playground'
  | 'models'
  | 'usage'
  | 'requests'
  | 'batches'
  | 'keys'
  | 'machine'
  | 'upstreams'
  | 'routes'
  | 'people'
  | 'settings'
export type Group = 'build' | 'run' | 'operate'

export type Entry = {
  name: PlaceName
  path:
    | '/'
    | '/playground'
    | '/models'
    | '/usage'
    | '/requests'
    | '/batches'
    | '/keys'
    | '/machine'
    | '/upstreams'
    | '/routes'
    | '/people'
    | '/settings'
  icon: IconName
  group: Group | null
  /** Any one of these opens it; none = everybody. */
  needs: readonly Action[]
}

export const GROUPS: readonly Group[] = ['build', 'run', 'operate']

export const PLACES: readonly Entry[] = [
  { name: 'overview', path: '/', icon: 'home', group: null, needs: [] },
  { name: 'playground', path: '/playground', icon: 'play', group: 'build', needs: ['inference'] },
  { name: 'models', path: '/models', icon: 'model', group: 'build', needs: ['models.list'] },
  { name: 'usage', path: '/usage', icon: 'usage', group: 'run', needs: ['usage.read'] },
  { name: 'requests', path: '/requests', icon: 'list', group: 'run', needs: ['usage.read'] },
  { name: 'batches', path: '/batches', icon: 'order', group: 'run', needs: ['batches.read'] },
  { name: 'keys', path: '/keys', icon: 'key', group: 'run', needs: ['keys.list'] },
  { name: 'machine', path: '/machine', icon: 'server', group: 'operate', needs: ['status.read'] },
  { name: 'upstreams', path: '/upstreams', icon: 'link', group: 'operate', needs: ['upstreams.read'] },
  { name: 'routes', path: '/routes', icon: 'updown', group: 'operate', needs: ['routes.read'] },
  {
    name: 'people',
    path: '/people',
    icon: 'people',
    group: 'operate',
    // Who has a role in a project alone sees the people of that project.
    needs: ['members.list', 'operators.list', 'project.read'],
  },
  {
    name: 'settings',
    path: '/settings',
    icon: 'gear',
    group: 'operate',
    needs: ['organization.update', 'status.read'],
  },
]

export function openTo({ may }: Pick<Place, 'may'>): Entry[] {
  return PLACES.filter(({ needs }) => needs.length === 0 || needs.some((action) => may(action)))
}

/** The entry that a path belongs to: the longest that begins it. */
export function entryOf(path: string): Entry | null {
  const matches = PLACES.filter((entry) =>
    entry.path === '/' ? path === '/' : path === entry.path || path.startsWith(`${entry.path}/`),
  )
  return matches.sort((a, b) => b.path.length - a.path.length)[0] ?? null
}
