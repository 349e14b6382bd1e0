import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Id } from '../../ui/index.ts'
import { elsewhereQuery } from './elsewhere.ts'

/** Whether the engine of a record is an upstream. */
export const isUpstream = (engineId: string | null): engineId is string => engineId?.startsWith('up_') ?? false

/** An upstream that a record names by its id: its name while it serves something, and for operators the way to it. */
export function UpstreamName({ id }: { id: string }) {
  const { may } = usePlace()
  const { data } = useQuery(elsewhereQuery)
  const name = data?.data.find(({ upstream_id }) => upstream_id === id)?.upstream_name
  if (name === undefined) return <Id text={id} />
  if (!may('upstreams.read')) return name
  return (
    <Link to="/upstreams/$upstream" params={{ upstream: id } as never}>
      {name}
    </Link>
  )
}
