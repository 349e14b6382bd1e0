import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Ago, Button, Note, ShowCall, Trouble } from '../../ui/index.ts'
import { type Desk, useDesk } from './desk.ts'
import type { Doc } from './document-turns.ts'
import { type Session, saveOver, sessionQuery } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { SaveDialog } from './save-dialog.tsx'

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
  const callFor = (of: Session, document: Doc) => saveOver(of.id, { revision: of.revision, document })
  const act = useMutation({
    mutationFn: ({ of, sent }: { of: Session; sent: Doc }) => api<Session>(callFor(of, sent)),
    onSuccess: (saved, { sent }) => {
      queries.setQueryData(sessionQuery(saved.id).queryKey, saved)
      desk.saved(saved, sent)
    },
  })
  if (newer === null) return null
  return (
    <div className="newer">
      <Note tone="warn">
        <b className="medium">{t('newer', { name: newer.updated_by_name ?? t('somebody') })}</b>{' '}
        <Ago at={newer.updated_at} />
        {'. '}
        {t('newer-says')}
        {act.error && <Trouble error={act.error} />}
        <div className="row trouble-acts">
          <Button small onClick={() => desk.saved(newer, null)}>
            {t('take-theirs')}
          </Button>
          <Button small onClick={() => setCopying(true)}>
            {t('save-copy')}
          </Button>
          <Button
            small
            look="danger"
            busy={act.isPending}
            onClick={() => act.mutate({ of: newer, sent: desk.whole() })}
          >
            {t('save-mine-over')}
          </Button>
          <ShowCall call={callFor(newer, desk.whole())} />
        </div>
      </Note>
      {copying && (
        <SaveDialog
          desk={desk}
          projectId={projectId}
          title={t('copy-of', { title: newer.title })}
          onClose={() => setCopying(false)}
          onSaved={(saved, sent) => {
            setCopying(false)
            desk.saved(saved, sent)
            onCopy(saved)
          }}
        />
      )}
    </div>
  )
}
