import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { FormDialog, SelectField, TextField, toast } from '../../ui/index.ts'
import { makeAccount, type ServiceAccount } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'
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
  const act = useAct<ServiceAccount>(['service-accounts'], (made) => {
    toast({ title: t('account-made', { name: made.name }), says: t('account-made-says') })
    onMade(made.id)
  })
  const problem = act.error instanceof ApiError && act.error.param === 'name' ? act.error.message : null
  return (
    <FormDialog
      title={t('make-account')}
      says={t('make-account-says')}
      call={call}
      label={t('make')}
      ready={name.trim() !== ''}
      busy={act.isPending}
      error={problem ? null : act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
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
      <SelectField label={t('bound-to')} help={t('bound-to-help')} value={place} onChange={setPlace} choices={places} />
    </FormDialog>
  )
}
