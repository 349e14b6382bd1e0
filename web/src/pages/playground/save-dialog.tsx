import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Button, Dialog, ShowCall, TextField, Trouble } from '../../ui/index.ts'
import { type Desk, useDesk } from './desk.ts'
import type { Doc } from './document-turns.ts'
import { type Session, saveNew, sessionQuery, type Visibility } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { Seen, TITLE_MAX } from './share-dialog.tsx'

/** Saves what is not saved yet under a title; `copy` where it is saved, and this becomes another. */
export function SaveDialog({
  desk,
  projectId,
  title,
  onClose,
  onSaved,
}: {
  desk: Desk
  projectId: string
  title: string
  onClose: () => void
  onSaved: (session: Session, sent: Doc) => void
}) {
  const t = usePlaygroundWords()
  const queries = useQueryClient()
  const mode = useDesk(desk, (state) => state.mode)
  const [name, setName] = useState(title.slice(0, TITLE_MAX))
  const [visibility, setVisibility] = useState<Visibility>('private')
  const callFor = (document: Doc) =>
    saveNew({ project_id: projectId, title: name.trim(), kind: mode, visibility, document })
  const save = useMutation({
    mutationFn: (sent: Doc) => api<Session>(callFor(sent)),
    onSuccess: (session, sent) => {
      queries.setQueryData(sessionQuery(session.id).queryKey, session)
      void queries.invalidateQueries({ queryKey: ['playground', 'list'] })
      onSaved(session, sent)
    },
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('save-title')}
      says={t('save-says')}
      foot={<ShowCall call={callFor(desk.whole())} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button
            look="primary"
            busy={save.isPending}
            disabled={name.trim() === ''}
            onClick={() => save.mutate(desk.whole())}
          >
            {t('save')}
          </Button>
        </>
      }
    >
      {save.error && <Trouble error={save.error} />}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') save.mutate(desk.whole())
        }}
      >
        <TextField label={t('title-label')} value={name} onChange={setName} maxLength={TITLE_MAX} autoFocus />
        <Seen
          value={visibility}
          onChange={setVisibility}
          says={t(visibility === 'private' ? 'only-me-says' : 'share-says')}
        />
      </form>
    </Dialog>
  )
}
