import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { ConfirmDialog, FormDialog, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { grantOperator, type Person, withdrawOperator } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'

export function GrantDialog({ email: given = '', onClose }: { email?: string; onClose: () => void }) {
  const t = usePeopleWords()
  const [email, setEmail] = useState(given)
  const call = grantOperator(email.trim())
  const act = useAct<Person>(['operators', 'people'], (person) => {
    toast({ title: t('granted', { name: person.name }) })
    onClose()
  })
  const unknown = act.error instanceof ApiError && act.error.status === 404
  return (
    <FormDialog
      title={t('grant')}
      says={t('grant-says')}
      call={call}
      label={t('grant-act')}
      ready={email.trim() !== ''}
      busy={act.isPending}
      error={unknown ? null : act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
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
    </FormDialog>
  )
}

export function WithdrawDialog({ of: person, isSelf, onClose }: { of: Person; isSelf: boolean; onClose: () => void }) {
  const t = usePeopleWords()
  const call = withdrawOperator(person.user_id)
  const act = useAct<Person>(['operators', 'people', 'me'], () => {
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
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t(isSelf ? 'withdraw-self' : 'withdraw-says')}
    </ConfirmDialog>
  )
}
