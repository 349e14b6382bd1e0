/** A service account, beside the list: where it counts, its keys, a new key, and its end. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import {
  Ago,
  Button,
  ConfirmDialog,
  Fact,
  Facts,
  Icon,
  Id,
  Panel,
  Section,
  ShowCall,
  Trouble,
  toast,
  useFormat,
} from '../../ui/index.ts'
import { KeyNames } from './key-names.tsx'
import { type AccountGone, deleteAccount, keysOfQuery, type ServiceAccount } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'
import { TrailLink } from './trail-link.tsx'
import { useOrganization } from './use-organization.ts'

export function AccountPanel({
  of: account,
  organizationId,
  onClose,
}: {
  of: ServiceAccount
  organizationId: string
  onClose: () => void
}) {
  const t = usePeopleWords()
  const { organization, project, mayAll } = useOrganization()
  const [deleting, setDeleting] = useState(false)
  const home = account.project_id
    ? organization?.projects.find(({ id }) => id === account.project_id)
    : (project ?? organization?.projects[0])
  const mayDelete = account.project_id
    ? home?.allowed.includes('service_accounts.delete')
    : mayAll('service_accounts.delete')
  return (
    <Panel title={account.name} says={t('service-account')} onClose={onClose}>
      <div className="row panel-acts">
        {home?.allowed.includes('keys.create') && (
          <Link
            to="/keys"
            search={{ project: home.id, create: true, owner: account.id } as never}
            className="btn small"
          >
            <Icon name="key" />
            {t('create-key')}
          </Link>
        )}
        {mayDelete && (
          <Button small look="danger" onClick={() => setDeleting(true)}>
            {t('delete')}
          </Button>
        )}
      </div>
      <Facts lined>
        <Fact name={t('bound-to')}>{account.project_name ?? t('whole-organization')}</Fact>
        <Fact name={t('made')}>
          <Ago at={account.created_at} /> {t('by', { name: account.created_by_name ?? t('command-line') })}
        </Fact>
        <Fact name={t('last-used')}>{account.last_used_at ? <Ago at={account.last_used_at} /> : t('never-used')}</Fact>
        <Fact name={t('id')}>
          <Id text={account.id} />
        </Fact>
      </Facts>
      {mayAll('audit.read') && <TrailLink target={account.id} />}
      <Section title={t('keys')} count={account.keys}>
        <KeyNames organizationId={organizationId} ownerId={account.id} none={t('account-keys-none')} />
      </Section>
      {deleting && (
        <DeleteDialog
          of={account}
          organizationId={organizationId}
          onClose={() => setDeleting(false)}
          onGone={onClose}
        />
      )}
    </Panel>
  )
}

function DeleteDialog({
  of: account,
  organizationId,
  onClose,
  onGone,
}: {
  of: ServiceAccount
  organizationId: string
  onClose: () => void
  onGone: () => void
}) {
  const t = usePeopleWords()
  const format = useFormat()
  const keys = useQuery(keysOfQuery(organizationId, account.id))
  const names = keys.data?.data.map((key) => key.name) ?? []
  const call = deleteAccount(account.id)
  const act = useAct<AccountGone>(['service-accounts', 'keys'], ({ keys_revoked }) => {
    toast({
      title: t('account-deleted', { name: account.name }),
      ...(keys_revoked.length > 0
        ? {
            says: t('keys-revoked', {
              count: keys_revoked.length,
              names: format.list(keys_revoked.map((key) => key.name)),
            }),
          }
        : {}),
    })
    onGone()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('account-delete-title', { name: account.name })}
      type={account.name}
      label={t('delete')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {names.length === 0
        ? t('account-delete-no-keys')
        : t('account-delete-keys', { count: names.length, names: format.list(names) })}
    </ConfirmDialog>
  )
}
