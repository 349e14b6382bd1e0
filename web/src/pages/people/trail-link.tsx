import { Link } from '@tanstack/react-router'
import { usePeopleWords } from './people-words.ts'
import type { TrailSearch } from './search.ts'

/** To what somebody did, or to what happened to a thing. */
export function TrailLink(wanted: Pick<TrailSearch, 'actor' | 'target' | 'of'>) {
  const t = usePeopleWords()
  return (
    <p className="t13 panel-more">
      <Link
        to="/people/trail"
        search={({ project }: { project?: string }) => ({ ...(project ? { project } : {}), ...wanted }) as never}
      >
        {t(wanted.actor ? 'trail-of-person' : 'trail-of-thing')}
      </Link>
    </p>
  )
}
