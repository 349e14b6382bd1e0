import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ago, Loaded } from '../../ui/index.ts'
import { keysOfQuery } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'

/** The keys that somebody or something owns and that work now, each with a way to it. */
export function KeyNames({ organizationId, ownerId, none }: { organizationId: string; ownerId: string; none: string }) {
  const t = usePeopleWords()
  const keys = useQuery(keysOfQuery(organizationId, ownerId))
  return (
    <Loaded query={keys} rows={2}>
      {({ data }) =>
        data.length === 0 ? (
          <p className="t13 soft">{none}</p>
        ) : (
          <ul className="panel-list">
            {data.map((key) => (
              <li key={key.id}>
                <Link
                  to="/keys/$key"
                  params={{ key: key.id }}
                  search={{ project: key.project_id } as never}
                  className="cut"
                >
                  {key.name}
                </Link>
                <span className="push soft nowrap">
                  {key.last_used_at ? <Ago at={key.last_used_at} /> : t('never-used')}
                </span>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  )
}
