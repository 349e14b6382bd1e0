import type { Static } from 'typebox'
import type { BackupActivityShape } from '../../../../src/control/backups/backup-schema.ts'
import { Ago, Note, useFormat, useKeptTrouble } from '../../ui/index.ts'
import { Work } from '../../ui/work.tsx'
import { useSettingsWords } from './settings-words.ts'

/** What is being done with backups now, or was done last. */
export function BackupProgress({ of: activity }: { of: Static<typeof BackupActivityShape> }) {
  const t = useSettingsWords()
  const format = useFormat()
  const say = useKeptTrouble()
  const name = t(`activity-${activity.kind}`)
  if (activity.state === 'done')
    return activity.kind === 'restore' && activity.ended_at ? (
      <div className="stale">
        <Note tone="good">
          {t('restored')} <Ago at={activity.ended_at} />.{' '}
          {activity.safety_copy_id && t('restored-copy', { id: activity.safety_copy_id })}
        </Note>
      </div>
    ) : null
  if (activity.state === 'failed')
    return (
      <div className="stale">
        <Note tone="bad">
          <b className="medium">{t('activity-failed', { name })}</b> {say(activity.error)}
        </Note>
      </div>
    )
  const total = activity.bytes_total
  return (
    <div className="stale">
      <Work
        name={name}
        note={activity.phase && t(`phase-${activity.phase}`)}
        state="running"
        share={total ? activity.bytes_done / total : null}
        amount={activity.bytes_done > 0 ? format.bytes(activity.bytes_done) : undefined}
      />
    </div>
  )
}
