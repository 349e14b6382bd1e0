import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, Note, ShowCall, State, TextField, Trouble } from '../../ui/index.ts'
import { type Account, changeEmail, hidden } from './account-api.ts'
import { useAccountWords } from './account-words.ts'

/** The address one signs in with. A new one is confirmed by mail; without mail nobody can prove that it is his. */
export function EmailForm({ of: account }: { of: Account }) {
  const t = useAccountWords()
  const [open, setOpen] = useState(false)
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const call = changeEmail(email.trim(), password)
  const act = useAct([], () => setOpen(false))
  const code = act.error instanceof ApiError ? act.error.code : null
  const badEmail = code === 'identity.email_malformed' && act.error ? act.error.message : null
  const badPassword = code === 'identity.current_password_wrong' ? t('current-wrong') : null
  return (
    <div className="form">
      <div className="row wide account-line">
        <span className="row account-email">
          <b className="medium cut">{account.email}</b>
          {account.email_verified ? (
            <State tone="good">{t('email-confirmed')}</State>
          ) : (
            <State tone="off">{t('email-unconfirmed')}</State>
          )}
        </span>
        {account.email_can_change && !open && (
          <Button
            small
            onClick={() => {
              act.reset()
              setOpen(true)
            }}
          >
            {t('change')}
          </Button>
        )}
      </div>
      {!account.email_can_change && <Note>{t(account.has_password ? 'email-no-mail' : 'email-no-password')}</Note>}
      {act.isSuccess && !open && <Note tone="good">{t('email-sent', { email: email.trim() })}</Note>}
      {open && (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            act.mutate(call)
          }}
        >
          <TextField
            label={t('email-new')}
            help={t('email-new-help')}
            type="email"
            autoComplete="email"
            value={email}
            onChange={setEmail}
            error={badEmail}
            autoFocus
            required
          />
          <TextField
            label={t('password-current')}
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
            error={badPassword}
            required
          />
          {act.error && !badEmail && !badPassword && <Trouble error={act.error} />}
          <div className="form-acts">
            <Button type="submit" busy={act.isPending} disabled={email.trim() === '' || password === ''}>
              {t('email-send')}
            </Button>
            <Button look="quiet" onClick={() => setOpen(false)}>
              {t('cancel')}
            </Button>
            <ShowCall call={hidden(call)} />
          </div>
        </form>
      )}
    </div>
  )
}
