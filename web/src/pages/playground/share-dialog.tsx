import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Button, CopyButton, Dialog, OneOf, ShowCall, TextField, Trouble } from '../../ui/index.ts'
import { type Session, saveOver, type Visibility } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'

export const TITLE_MAX = 200

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

export function Seen({ value, onChange }: { value: Visibility; onChange: (value: Visibility) => void }) {
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

/** Somebody saved in between. */
export const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'playground.session_changed'
