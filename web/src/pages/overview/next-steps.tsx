import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Section, Sign } from '../../ui/index.ts'
import { keyCountQuery, lastRequestsQuery, loadedCountQuery, memberCountQuery } from './overview-api.ts'
import { useOverviewWords } from './overview-words.ts'

type Step = {
  id: 'model' | 'key' | 'call' | 'invite'
  done: boolean
  to: '/models' | '/keys' | '/playground' | '/people'
}

/** What a newcomer does first; each is ticked when it is so, and all of it goes away when all is done. */
export function NextSteps() {
  const t = useOverviewWords()
  const { project, organization, may } = usePlace()
  const projectId = project?.id ?? ''
  const keys = useQuery(keyCountQuery(projectId, may('keys.create') && projectId !== ''))
  const models = useQuery(loadedCountQuery(may('models.list')))
  const requests = useQuery(lastRequestsQuery(projectId))
  const members = useQuery(memberCountQuery(organization?.id ?? '', may('members.list') && organization !== null))

  const steps: (Step | false)[] = [
    may('models.load') && models.data !== undefined && { id: 'model', done: models.data > 0, to: '/models' },
    may('keys.create') && keys.data !== undefined && { id: 'key', done: keys.data > 0, to: '/keys' },
    may('inference') &&
      requests.data !== undefined && { id: 'call', done: requests.data.data.length > 0, to: '/playground' },
    may('invitations.create') && members.data !== undefined && { id: 'invite', done: members.data > 1, to: '/people' },
  ]
  const shown = steps.filter((step) => step !== false)
  if (shown.every((step) => step.done)) return null
  return (
    <Section
      title={t('next')}
      count={t('next-count', { done: shown.filter((step) => step.done).length, all: shown.length })}
    >
      <div className="needlist">
        {shown.map((step) => (
          <div key={step.id} className="needs">
            <span className={`state ${step.done ? 'good' : ''}`}>
              <Sign name={step.done ? 'ok' : 'off'} />
            </span>
            <div>
              <b className={step.done ? 'soft' : 'medium'}>
                {step.done && step.id === 'key' ? t('next-key-done') : t(`next-${step.id}`)}
              </b>
              {!step.done && <p className="soft">{t(`next-${step.id}-says`)}</p>}
            </div>
            {!step.done && <Link to={step.to}>{t(`next-${step.id}-act`)}</Link>}
          </div>
        ))}
      </div>
    </Section>
  )
}
