import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Button, CopyButton, Dialog, OneOf, ShowCall, TextField, Trouble } from '../../ui/index.ts'
import { type Session, saveOver, type Visibility } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'

export const TITLE_MAX = 200

type Given = {
  session: Session
  onClose: () => void
  onSaved: (session: Session) => void
  onConflict: () => void
}

/** Shares a saved session with its project, in one press; then its address, to be passed on. */
export function ShareDialog({ session, onClose, onSaved, onConflict }: Given) {
  const t = usePlaygroundWords()
  const isShared = session.visibility === 'project'
  const callFor = (visibility: Visibility) => saveOver(session.id, { revision: session.revision, visibility })
  const share = useSaveOver({ onSaved, onConflict })
  const [visibility, setVisibility] = useState<Visibility>('project')
  const isDone = visibility === session.visibility
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(isShared ? 'shared-now' : 'share-title')}
      foot={!isDone && <ShowCall call={callFor(visibility)} />}
      acts={
        isDone ? (
          <Button look="primary" onClick={onClose}>
            {t('done')}
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button look="primary" busy={share.isPending} onClick={() => share.mutate(callFor(visibility))}>
              {t(visibility === 'project' ? 'share' : 'stop-sharing')}
            </Button>
          </>
        )
      }
    >
      {share.error && <Trouble error={share.error} />}
      <div className="form">
        {!session.allowed.includes('share') ? (
          <p className="t13 soft">{t('not-yours')}</p>
        ) : (
          <Seen
            value={visibility}
            onChange={setVisibility}
            says={t(visibility === 'private' ? (isShared ? 'unshare-says' : 'only-me-says') : 'share-says')}
          />
        )}
        {isShared && visibility === 'project' && <Address session={session} />}
      </div>
    </Dialog>
  )
}

function Address({ session }: { session: Session }) {
  const t = usePlaygroundWords()
  const link = `${location.origin}/playground/${session.id}`
  return (
    <div className="field">
      <span className="label">{t('address')}</span>
      <div className="address">
        <code className="cut" title={link}>
          {link}
        </code>
        <CopyButton text={link} label={t('copy-link')} />
      </div>
    </div>
  )
}

export function RenameDialog({ session, onClose, onSaved, onConflict }: Given) {
  const t = usePlaygroundWords()
  const [title, setTitle] = useState(session.title)
  const call = saveOver(session.id, { revision: session.revision, title: title.trim() })
  const rename = useSaveOver({ onSaved, onConflict })
  const may = title.trim() !== '' && title.trim() !== session.title
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('rename-title')}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button look="primary" busy={rename.isPending} disabled={!may} onClick={() => rename.mutate(call)}>
            {t('save')}
          </Button>
        </>
      }
    >
      {rename.error && <Trouble error={rename.error} />}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (may) rename.mutate(call)
        }}
      >
        <TextField label={t('title-label')} value={title} onChange={setTitle} maxLength={TITLE_MAX} autoFocus />
      </form>
    </Dialog>
  )
}

function useSaveOver({ onSaved, onConflict }: Pick<Given, 'onSaved' | 'onConflict'>) {
  return useMutation({
    mutationFn: (call: ReturnType<typeof saveOver>) => api<Session>(call),
    onSuccess: onSaved,
    onError: (error) => {
      if (isConflict(error)) onConflict()
    },
  })
}

export function Seen({
  value,
  onChange,
  says,
}: {
  value: Visibility
  onChange: (value: Visibility) => void
  /** What the choice means. */
  says: string
}) {
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
      <span className="help">{says}</span>
    </div>
  )
}

/** Somebody saved in between. */
export const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'playground.session_changed'
