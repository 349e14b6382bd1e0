import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { useProjectId } from '../../app/session.ts'
import {
  Button,
  Code,
  CopyButton,
  Dialog,
  FormDialog,
  SelectField,
  Sign,
  sentences,
  useFormat,
} from '../../ui/index.ts'
import { firstCall } from './first-call.ts'
import { EMPTY_FORM, KeyFields, problemAt, SCOPES } from './key-form.tsx'
import { useServiceAccounts } from './key-owners.ts'
import { createKey, expiryIn, ipsIn, keyQuery, type NewKey } from './keys-api.ts'
import { useKeyWords } from './keys-words.ts'
import { useModelNames } from './model-names.ts'

const ONESELF = 'oneself'

/** Makes a key, then shows its secret this once with a call to try. */
export function CreateKeyDialog({
  owner,
  onClose,
  onMade,
}: {
  /** A service account that the address proposes; anybody else counts as oneself. */
  owner?: string | undefined
  onClose: () => void
  onMade: (id: string) => void
}) {
  const t = useKeyWords()
  const projectId = useProjectId()
  const [form, setForm] = useState(EMPTY_FORM)
  const accounts = useServiceAccounts()
  const [chosen, setChosen] = useState<string>(owner ?? ONESELF)
  const account = accounts.find(({ id }) => id === chosen) ?? null
  const call = createKey({
    name: form.name.trim(),
    project_id: projectId,
    models: form.models.length > 0 ? form.models : null,
    ips: ipsIn(form.ips),
    expires_at: expiryIn(form.lifetime ?? 'never'),
    scopes: form.scopes ?? [...SCOPES],
    ...(account ? { service_account_id: account.id } : {}),
  })
  const make = useAct<NewKey>(['keys', 'service-accounts'])
  if (make.data)
    return (
      <SecretDialog
        made={make.data}
        onClose={() => {
          onClose()
          onMade(make.data.id)
        }}
      />
    )
  const problem = problemAt(make.error)
  return (
    <FormDialog
      title={t('create-title')}
      says={t('create-says')}
      call={call}
      label={t('create')}
      ready={form.name.trim() !== '' && form.scopes?.length !== 0}
      busy={make.isPending}
      error={problem ? null : make.error}
      onSend={() => make.mutate(call)}
      onClose={onClose}
    >
      <KeyFields form={form} onChange={setForm} problem={problem}>
        {accounts.length > 0 && (
          <SelectField
            label={t('owner')}
            help={t(account ? 'owner-account-help' : 'owner-you-help')}
            value={account?.id ?? ONESELF}
            onChange={setChosen}
            choices={[
              { value: ONESELF, label: t('owner-you') },
              ...accounts.map(({ id, name }) => ({ value: id, label: name, note: t('service-account') })),
            ]}
          />
        )}
      </KeyFields>
    </FormDialog>
  )
}

/** A secret, shown once: what it may do, lines to paste, and whether its first call has come. */
export function SecretDialog({
  made,
  onClose,
  rotated = false,
}: {
  made: NewKey
  onClose: () => void
  rotated?: boolean
}) {
  const t = useKeyWords()
  const format = useFormat()
  const models = useModelNames()
  const { data: now } = useQuery(keyQuery(made.id, { untilUsed: !rotated }))
  const used = now?.last_used_at !== null && now?.last_used_at !== undefined
  return (
    <Dialog
      open
      shownOnce
      onClose={onClose}
      title={t(rotated ? 'rotated-title' : 'made-title', { name: made.name })}
      says={t('made-says')}
      acts={<Button onClick={onClose}>{t('done')}</Button>}
      foot={
        !rotated && (
          <span className={`state ${used ? 'good' : 'live'}`} role="status">
            <Sign name={used ? 'ok' : 'half'} />
            {t(used ? 'first-call-came' : 'first-call-waits')}
          </span>
        )
      }
    >
      <div className="secret">
        <code data-secret>{made.secret}</code>
        <CopyButton text={made.secret} look="primary" />
      </div>
      <p className="t13 soft made-may">
        {sentences(
          made.models === null ? t('may-all') : t('may-some', { models: made.models.join(', ') }),
          made.expires_at === null ? t('until-revoked') : t('until', { day: format.day(new Date(made.expires_at)) }),
          made.ips !== null && t('only-from', { ips: made.ips.join(', ') }),
        )}
      </p>
      <Code samples={firstCall(made.models?.[0] ?? models[0] ?? '', made.secret)} />
    </Dialog>
  )
}
