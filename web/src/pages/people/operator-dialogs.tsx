import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { Button, ConfirmDialog, Dialog, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { grantOperator, type Person, withdrawOperator } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'
import { useAct } from './use-act.ts'

export function GrantDialog({ email: given = '', onClose }: { email?: string; onClose: () => void }) {
  const t = usePeopleWords()
  const [email, setEmail] = useState(given)
  const call = grantOperator(email.trim())
  const act = useAct<Person>(call, ['operators', 'people'], (person) => {
    toast({ title: t('granted', { name: person.name }) })
    onClose()
  })
  const unknown = act.error instanceof ApiError && act.error.status === 404
  const send = () => {
    if (email.trim() !== '' && !act.isPending) act.mutate()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('grant')}
      says={t('grant-says')}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button look="primary" busy={act.isPending} disabled={email.trim() === ''} onClick={send}>
            {t('grant-act')}
          </Button>
        </>
      }
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        {act.error && !unknown && <Trouble error={act.error} />}
        <TextField
          label={t('email')}
          type="email"
          autoComplete="off"
          autoFocus
          help={t('grant-help')}
          value={email}
          onChange={setEmail}
          error={unknown ? t('grant-unknown') : null}
          required
        />
      </form>
    </Dialog>
  )
}

export function WithdrawDialog({ of: person, isSelf, onClose }: { of: Person; isSelf: boolean; onClose: () => void }) {
  const t = usePeopleWords()
  const call = withdrawOperator(person.user_id)
  const act = useAct<Person>(call, ['operators', 'people', 'me'], () => {
    toast({ title: t('withdrawn', { name: person.name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('withdraw-title', { name: person.name })}
      label={t('withdraw-act')}
      busy={act.isPending}
      onConfirm={() => act.mutate()}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t(isSelf ? 'withdraw-self' : 'withdraw-says')}
    </ConfirmDialog>
  )
}
