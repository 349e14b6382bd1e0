/** Who did something, and to what: by their names of today, else by those that the event itself holds, else by id. */
import type { TrailEvent } from './trail-api.ts'
import { nameWithin } from './trail-diff.ts'
import { useTrailWords } from './trail-words.ts'

export function ActorName({ of: { actor } }: { of: TrailEvent }) {
  const t = useTrailWords()
  if (actor.kind === 'machine') return t('command-line')
  return actor.name === null ? <Short id={actor.id} /> : <span className="trail-name who cut">{actor.name}</span>
}

export function TargetName({ of: event }: { of: TrailEvent }) {
  const t = useTrailWords()
  if (event.target === event.actor.id) return <span className="soft">{t('oneself')}</span>
  const name = event.target_name ?? nameWithin(event.before, event.after)
  if (name !== null) return <span className="trail-name cut">{name}</span>
  return /^[a-z]+_[a-z0-9]{16,}$/.test(event.target) ? (
    <Short id={event.target} />
  ) : (
    <span className="trail-name cut">{event.target}</span>
  )
}

const Short = ({ id }: { id: string }) => (
  <span className="mono soft" title={id}>
    {id.length > 16 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id}
  </span>
)
