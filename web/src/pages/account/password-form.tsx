import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, Note, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { NewPassword } from '../alone/password-fields.tsx'
import { type Account, changePassword, hidden, requestReset } from './account-api.ts'
import { useAccountWords } from './account-words.ts'

export function PasswordForm({ of: account }: { of: Account }) {
  const t = useAccountWords()
  const [open, setOpen] = useState(false)
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const call = changePassword(current, next)
  const act = useAct(['sessions'], () => {
    setOpen(false)
    setCurrent('')
    setNext('')
    toast({ title: t('password-changed'), says: t('password-changed-says') })
  })
  const code = act.error instanceof ApiError ? act.error.code : null
  const badCurrent = code === 'identity.current_password_wrong' ? t('current-wrong') : null
  const badNext = code === 'identity.password_refused' && act.error ? act.error.message : null
  if (!account.has_password) return <NoPassword of={account} />
  if (!open)
    return (
      <div className="row wide account-line">
        <span className="soft">{t('password-set')}</span>
        <Button
          small
          onClick={() => {
            act.reset()
            setOpen(true)
          }}
        >
          {t('change')}
        </Button>
      </div>
    )
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate(call)
      }}
    >
      <input type="hidden" name="username" autoComplete="username" value={account.email} readOnly />
      <TextField
        label={t('password-current')}
        type="password"
        autoComplete="current-password"
        value={current}
        onChange={setCurrent}
        error={badCurrent}
        autoFocus
        required
      />
      <NewPassword label={t('password-new')} value={next} onChange={setNext} error={badNext} />
      {act.error && !badCurrent && !badNext && <Trouble error={act.error} />}
      <div className="form-acts">
        <Button type="submit" busy={act.isPending} disabled={current === '' || next === ''}>
          {t('password-act')}
        </Button>
        <Button look="quiet" onClick={() => setOpen(false)}>
          {t('cancel')}
        </Button>
        <ShowCall call={hidden(call)} />
      </div>
    </form>
  )
}

/** Who came by single sign-on alone sets a first one through a link. */
function NoPassword({ of: account }: { of: Account }) {
  const t = useAccountWords()
  const call = requestReset(account.email)
  const act = useAct([])
  const noMail = act.error instanceof ApiError && act.error.code === 'mail.not_configured'
  return (
    <div className="form">
      <div className="row wide account-line">
        <span className="soft">{t('password-none')}</span>
        <span className="row">
          <ShowCall call={call} />
          <Button small busy={act.isPending} onClick={() => act.mutate(call)}>
            {t('password-link')}
          </Button>
        </span>
      </div>
      {act.isSuccess && <Note tone="good">{t('password-link-sent', { email: account.email })}</Note>}
      {noMail && <Note>{t('password-no-mail')}</Note>}
      {act.error && !noMail && <Trouble error={act.error} />}
    </div>
  )
}
