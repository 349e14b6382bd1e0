/** Two acts on a session that is saved: copy it, delete it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Button, ConfirmDialog, Dialog, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { forgetDraft } from './drafts.ts'
import { forgetOpened } from './opened.ts'
import { duplicate, remove, type Session, type SessionRow } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { keepProject } from './search.ts'
import { TITLE_MAX } from './share-dialog.tsx'

/** A copy of one's own, private at first. */
export function DuplicateDialog({ session, onClose }: { session: SessionRow; onClose: () => void }) {
  const t = usePlaygroundWords()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [title, setTitle] = useState(t('copy-of', { title: session.title }).slice(0, TITLE_MAX))
  const call = duplicate(session.id, title.trim())
  const make = useMutation({
    mutationFn: () => api<Session>(call),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ['playground', 'list'] })
      onClose()
      void navigate({ to: '/playground/$session', params: { session: made.id }, search: keepProject } as never)
    },
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('duplicate-title')}
      says={t('duplicate-says')}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button look="primary" busy={make.isPending} disabled={title.trim() === ''} onClick={() => make.mutate()}>
            {t('duplicate')}
          </Button>
        </>
      }
    >
      {make.error && <Trouble error={make.error} />}
      <TextField label={t('title-label')} value={title} onChange={setTitle} maxLength={TITLE_MAX} autoFocus />
    </Dialog>
  )
}

export function DeleteDialog({ session, open, onClose }: { session: SessionRow; open: boolean; onClose: () => void }) {
  const t = usePlaygroundWords()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const call = remove(session.id)
  const act = useMutation({
    mutationFn: () => api<void>(call),
    onSuccess: () => {
      forgetDraft(session.id)
      forgetOpened(session.id)
      void queries.invalidateQueries({ queryKey: ['playground', 'list'] })
      toast({ title: t('deleted', { title: session.title }) })
      if (open) void navigate({ to: '/playground', search: keepProject } as never)
      onClose()
    },
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('delete-title', { title: session.title })}
      label={t('delete')}
      busy={act.isPending}
      onConfirm={() => act.mutate()}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t(session.visibility === 'project' ? 'delete-shared' : 'delete-mine')}
    </ConfirmDialog>
  )
}
