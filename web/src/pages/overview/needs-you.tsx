import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useLive } from '../../app/live.ts'
import { usePlace } from '../../app/session.ts'
import { Section, Sign, useFormat, useKeptTrouble } from '../../ui/index.ts'
import { pullsShown } from '../models/pulls-shown.ts'
import { failedPullsQuery, installationQuery } from './overview-api.ts'
import { useOverviewWords } from './overview-words.ts'

const DISK_FREE_LOW = 5e9

type Need = {
  id: string
  tone: 'warn' | 'bad'
  title: ReactNode
  says: ReactNode
  to: '/settings' | '/models' | '/machine'
  act: string
}

/** What does not mend itself. Nothing is shown where nothing needs anybody. */
export function NeedsYou() {
  const t = useOverviewWords()
  const format = useFormat()
  const say = useKeptTrouble()
  const { may } = usePlace()
  const { data: installation } = useQuery(installationQuery(may('status.read')))
  const { pulls, replicas, starter } = useLive()
  const before = useQuery(failedPullsQuery(may('models.pull'))).data ?? []
  const needs: Need[] = [
    ...pullsShown(pulls, before, Date.now())
      .filter((pull) => pull.state === 'failed')
      .map((pull) => ({
        id: pull.id,
        tone: 'bad' as const,
        title: t('pull-failed', { name: pull.model_name }),
        says: say(pull.error),
        to: '/models' as const,
        act: t('see'),
      })),
    ...(replicas ?? [])
      .filter((replica) => replica.state === 'failed')
      .map((replica) => ({
        id: replica.id,
        tone: 'bad' as const,
        title: t('replica-failed', { name: replica.model_name }),
        says: say(replica.last_error),
        to: '/models' as const,
        act: t('see'),
      })),
  ]
  if (starter?.problem)
    needs.push({
      id: 'starter',
      tone: 'bad',
      title: t('starter-failed'),
      says: say(starter.problem),
      to: '/models',
      act: t('see'),
    })
  if (installation) {
    const { database, data_folder, backups } = installation
    if (data_folder.disk_free_bytes < DISK_FREE_LOW)
      needs.push({
        id: 'disk',
        tone: 'bad',
        title: t('disk-low'),
        says: t('disk-low-says', { free: format.bytes(data_folder.disk_free_bytes) }),
        to: '/machine',
        act: t('see'),
      })
    if (!database.survives_power_cut)
      needs.push({
        id: 'database',
        tone: 'warn',
        title: t(database.kind === 'embedded' ? 'database-embedded' : 'database-unsafe'),
        says: t(database.kind === 'embedded' ? 'database-embedded-says' : 'database-unsafe-says', {
          backup: backups.last_at ? format.ago(new Date(backups.last_at)) : t('no-backup'),
        }),
        to: '/settings',
        act: t('see'),
      })
  }
  if (needs.length === 0) return null
  return (
    <Section title={t('needs')} count={needs.length}>
      <div className="needlist">
        {needs.map((need) => (
          <div key={need.id} className="needs">
            <span className={`state ${need.tone}`}>
              <Sign name={need.tone === 'bad' ? 'fail' : 'warn'} />
            </span>
            <div>
              <b className="medium">{need.title}</b>
              <p className="soft">{need.says}</p>
            </div>
            <Link to={need.to}>{need.act}</Link>
          </div>
        ))}
      </div>
    </Section>
  )
}
