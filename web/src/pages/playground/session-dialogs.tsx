/** Keeping a session: save, rename, share, delete; each with its call. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import {
  Button,
  ConfirmDialog,
  CopyButton,
  Dialog,
  OneOf,
  ShowCall,
  TextField,
  Trouble,
  toast,
} from '../../ui/index.ts'
import { type Desk, useDesk } from './desk.ts'
import type { Doc } from './document-turns.ts'
import { forgetDraft } from './drafts.ts'
import {
  remove,
  type Session,
  type SessionRow,
  saveNew,
  saveOver,
  sessionQuery,
  type Visibility,
} from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { keepProject } from './search.ts'

const TITLE_MAX = 200

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
        <Seen value={visibility} onChange={setVisibility} />
      </form>
    </Dialog>
  )
}

function Seen({ value, onChange }: { value: Visibility; onChange: (value: Visibility) => void }) {
  const t = usePlaygroundWords()
  return (
    <div className="field">
      <span className="label">{t('who-sees')}</span>
      <OneOf
        name={t('who-sees')}
        value={value}
        onChange={onChange}
        choices={[
          { value: 'private', label: t('only-me') },
          { value: 'project', label: t('whole-project') },
        ]}
      />
      <span className="help">{t(value === 'private' ? 'only-me-says' : 'whole-project-says')}</span>
    </div>
  )
}

/** Title and who sees it, of a session that is saved. */
export function ShareDialog({
  session,
  focus,
  onClose,
  onSaved,
  onConflict,
}: {
  session: Session
  focus: 'title' | 'share'
  onClose: () => void
  onSaved: (session: Session) => void
  onConflict: () => void
}) {
  const t = usePlaygroundWords()
  const [title, setTitle] = useState(session.title)
  const [visibility, setVisibility] = useState(session.visibility)
  const mayShare = session.allowed.includes('share')
  const call = saveOver(session.id, {
    revision: session.revision,
    ...(title.trim() === session.title ? {} : { title: title.trim() }),
    ...(visibility === session.visibility ? {} : { visibility }),
  })
  const save = useMutation({
    mutationFn: () => api<Session>(call),
    onSuccess: onSaved,
    onError: (error) => {
      if (isConflict(error)) onConflict()
    },
  })
  const link = `${location.origin}/playground/${session.id}`
  const changed = title.trim() !== session.title || visibility !== session.visibility
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(focus === 'title' ? 'rename-title' : 'share-title')}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button
            look="primary"
            busy={save.isPending}
            disabled={!changed || title.trim() === ''}
            onClick={() => save.mutate()}
          >
            {t('save')}
          </Button>
        </>
      }
    >
      {save.error && <Trouble error={save.error} />}
      <div className="form">
        <TextField label={t('title-label')} value={title} onChange={setTitle} maxLength={TITLE_MAX} />
        {mayShare ? <Seen value={visibility} onChange={setVisibility} /> : <p className="t13 soft">{t('not-yours')}</p>}
        {visibility === 'project' && (
          <div className="field">
            <span className="label">{t('address')}</span>
            <div className="address">
              <code className="cut">{link}</code>
              <CopyButton text={link} />
            </div>
          </div>
        )}
      </div>
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

/** Somebody saved in between. */
export const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'playground.session_changed'
