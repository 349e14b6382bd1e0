/** One event: who, what, when, from where; what was before and after, in words; and its place in the chain. */
import { useQuery } from '@tanstack/react-query'
import { Code, Fact, Facts, Id, Loaded, Note, Panel, Section, useFormat } from '../../ui/index.ts'
import type { TrailSearch } from './search.ts'
import { eventQuery, type TrailEvent } from './trail-api.ts'
import { TrailChanges } from './trail-changes.tsx'
import { changesOf } from './trail-diff.ts'
import { ActorName, TargetName } from './trail-names.tsx'
import { actionWords, useTrailWords } from './trail-words.ts'

export function TrailPanel({
  id,
  known,
  organizationId,
  onNarrow,
  onClose,
}: {
  id: string
  /** From the list, where it is there. */
  known: TrailEvent | undefined
  organizationId: string | null
  onNarrow: (change: Pick<TrailSearch, 'actor' | 'target' | 'action'>) => void
  onClose: () => void
}) {
  const t = useTrailWords()
  const query = useQuery({ ...eventQuery(organizationId, id), ...(known ? { initialData: known } : {}) })
  return (
    <Panel
      title={query.data ? actionWords(t, query.data.action) : t('event')}
      says={query.data && t('number', { number: query.data.sequence })}
      onClose={onClose}
    >
      <Loaded query={query}>
        {(event) => (event ? <Story of={event} onNarrow={onNarrow} /> : <Note>{t('no-event')}</Note>)}
      </Loaded>
    </Panel>
  )
}

function Story({
  of: event,
  onNarrow,
}: {
  of: TrailEvent
  onNarrow: (change: Pick<TrailSearch, 'actor' | 'target' | 'action'>) => void
}) {
  const t = useTrailWords()
  const format = useFormat()
  const changes = changesOf(event.before, event.after)
  const json = (value: unknown) => JSON.stringify(value, null, 2)
  return (
    <>
      <Facts lined>
        <Fact name={t('who')}>
          <ActorName of={event} />
          {event.actor.email && <span className="soft under-fact">{event.actor.email}</span>}
          <Only onClick={() => onNarrow({ actor: event.actor.id })}>{t('only-person')}</Only>
        </Fact>
        <Fact name={t('target')}>
          <TargetName of={event} />
          <span className="under-fact">
            <Id text={event.target} />
          </span>
          <Only onClick={() => onNarrow({ target: event.target })}>{t('only-target')}</Only>
        </Fact>
        <Fact name={t('when')}>{format.time(new Date(event.at))}</Fact>
        <Fact name={t('from')}>{event.address ?? t('this-machine')}</Fact>
        <Fact name={t('action')}>
          <span className="mono">{event.action}</span>
          <Only onClick={() => onNarrow({ action: event.action })}>{t('only-action')}</Only>
        </Fact>
      </Facts>
      <Section title={t('changes')}>
        {changes.length === 0 ? (
          <p className="t13 soft">{t('no-changes')}</p>
        ) : (
          <TrailChanges changes={changes} hasBefore={event.before !== null} hasAfter={event.after !== null} />
        )}
      </Section>
      <Section title={t('chain')}>
        <Facts lined>
          <Fact name={t('id')}>
            <Id text={event.id} />
          </Fact>
          <Fact name={t('hash')}>
            <Id text={event.hash} short={`${event.hash.slice(0, 16)}…`} />
          </Fact>
          <Fact name={t('previous')}>
            <Id text={event.previous_hash} short={`${event.previous_hash.slice(0, 16)}…`} />
          </Fact>
        </Facts>
      </Section>
      {changes.length > 0 && (
        <Section title={t('raw')}>
          <Code
            samples={[
              ...(event.after ? [{ name: t('after'), code: json(event.after) }] : []),
              ...(event.before ? [{ name: t('before'), code: json(event.before) }] : []),
            ]}
          />
        </Section>
      )}
    </>
  )
}

const Only = ({ onClick, children }: { onClick: () => void; children: string }) => (
  <span className="under-fact">
    <button type="button" className="as-link" onClick={onClick}>
      {children}
    </button>
  </span>
)
