import { useState } from 'react'
import type { Call } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { ConfirmDialog, ShowCall, Trouble, useFormat } from '../../ui/index.ts'
import type { Backup } from './backups-tab.tsx'
import { useSettingsWords } from './settings-words.ts'

const FOLLOWS = ['data', 'keys', 'revoked', 'sessions', 'copy', 'weights'] as const

/** Puts a backup in the place of the present data, after saying what follows. */
export function RestoreDialog({ of: backup, onClose }: { of: Backup; onClose: () => void }) {
  const t = useSettingsWords()
  const format = useFormat()
  const [word] = useState(() => t('restore-word'))
  const call: Call = { method: 'POST', path: `/api/backups/${backup.id}/restore`, body: {} }
  const act = useAct(['backups'], onClose)
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('restore-title', { time: format.time(new Date(backup.made_at)) })}
      type={word}
      label={t('restore')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      <ul className="follows">
        {FOLLOWS.map((one) => (
          <li key={one}>{t(`follows-${one}`)}</li>
        ))}
      </ul>
    </ConfirmDialog>
  )
}
