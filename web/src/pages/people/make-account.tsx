import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { Button, Dialog, SelectField, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { makeAccount, type ServiceAccount } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'
import { useAct } from './use-act.ts'
import { useOrganization } from './use-organization.ts'

const WHOLE = 'whole'

export function MakeAccountDialog({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const t = usePeopleWords()
  const { organization, mayAll } = useOrganization()
  const places = [
    ...(mayAll('service_accounts.create') ? [{ value: WHOLE, label: t('whole-organization') }] : []),
    ...(organization?.projects ?? [])
      .filter((project) => project.allowed.includes('service_accounts.create'))
      .map((project) => ({ value: project.id, label: t('project-only', { project: project.name }) })),
  ]
  const [name, setName] = useState('')
  const [place, setPlace] = useState(places[0]?.value ?? WHOLE)
  const call = makeAccount({
    organization_id: organization?.id ?? '',
    project_id: place === WHOLE ? null : place,
    name: name.trim(),
  })
  const act = useAct<ServiceAccount>(call, ['service-accounts'], (made) => {
    toast({ title: t('account-made', { name: made.name }), says: t('account-made-says') })
    onMade(made.id)
  })
  const problem = act.error instanceof ApiError && act.error.param === 'name' ? act.error.message : null
  const send = () => {
    if (name.trim() !== '' && !act.isPending) act.mutate()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('make-account')}
      says={t('make-account-says')}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button look="primary" busy={act.isPending} disabled={name.trim() === ''} onClick={send}>
            {t('make')}
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
        {act.error && !problem && <Trouble error={act.error} />}
        <TextField
          label={t('name')}
          help={t('account-name-help')}
          error={problem}
          value={name}
          onChange={setName}
          maxLength={100}
          autoComplete="off"
          autoFocus
          required
        />
        <SelectField
          label={t('bound-to')}
          help={t('bound-to-help')}
          value={place}
          onChange={setPlace}
          choices={places}
        />
      </form>
    </Dialog>
  )
}
