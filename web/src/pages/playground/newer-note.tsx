import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Ago, Button, Note, ShowCall, Trouble } from '../../ui/index.ts'
import { type Desk, useDesk } from './desk.ts'
import { type Session, saveOver, sessionQuery } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { SaveDialog } from './session-dialogs.tsx'

/** Two saved at once: whose words stay is for the second one to say. */
export function NewerNote({
  desk,
  projectId,
  onCopy,
}: {
  desk: Desk
  projectId: string
  onCopy: (session: Session) => void
}) {
  const t = usePlaygroundWords()
  const queries = useQueryClient()
  const newer = useDesk(desk, (state) => state.newer)
  const [copying, setCopying] = useState(false)
  const act = useMutation({
    mutationFn: (call: ReturnType<typeof saveOver>) => api<Session>(call),
    onSuccess: (saved) => {
      queries.setQueryData(sessionQuery(saved.id).queryKey, saved)
      desk.saved(saved, true)
    },
  })
  if (newer === null) return null
  const call = saveOver(newer.id, { revision: newer.revision, document: desk.whole() })
  return (
    <div className="newer">
      <Note tone="warn">
        <b className="medium">{t('newer', { name: newer.updated_by_name ?? t('somebody') })}</b>{' '}
        <Ago at={newer.updated_at} />
        {'. '}
        {t('newer-says')}
        {act.error && <Trouble error={act.error} />}
        <div className="row trouble-acts">
          <Button small onClick={() => desk.saved(newer, false)}>
            {t('take-theirs')}
          </Button>
          <Button small onClick={() => setCopying(true)}>
            {t('save-copy')}
          </Button>
          <Button small look="danger" busy={act.isPending} onClick={() => act.mutate(call)}>
            {t('save-mine-over')}
          </Button>
          <ShowCall call={call} />
        </div>
      </Note>
      {copying && (
        <SaveDialog
          desk={desk}
          projectId={projectId}
          title={t('copy-of', { title: newer.title })}
          onClose={() => setCopying(false)}
          onSaved={(saved) => {
            setCopying(false)
            desk.saved(saved, true)
            onCopy(saved)
          }}
        />
      )}
    </div>
  )
}
