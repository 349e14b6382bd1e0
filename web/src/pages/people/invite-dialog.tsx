/** Invites somebody: whom, as what, where, for how long; then shows the link this once. */
import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, Dialog, FormDialog, Note, SelectField, TextField, useFormat } from '../../ui/index.ts'
import { LinkOnce } from './link-once.tsx'
import { invite, type NewInvitation } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'
import { RoleChoice } from './roles.tsx'
import { PROJECT_ROLES, ROLES, type Role } from './search.ts'
import { useOrganization } from './use-organization.ts'

const WHOLE = 'whole'
const DAYS = ['1', '3', '7', '14', '30', '90'] as const

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const t = usePeopleWords()
  const { organization, mayAll } = useOrganization()
  const places = [
    ...(mayAll('invitations.create') ? [{ value: WHOLE, label: t('whole-organization') }] : []),
    ...(organization?.projects ?? [])
      .filter((project) => project.allowed.includes('invitations.create'))
      .map((project) => ({ value: project.id, label: t('project-only', { project: project.name }) })),
  ]
  const [email, setEmail] = useState('')
  const [place, setPlace] = useState(places[0]?.value ?? WHOLE)
  const [role, setRole] = useState<Role>('developer')
  const [days, setDays] = useState<(typeof DAYS)[number]>('7')
  const roles: readonly Role[] =
    place !== WHOLE ? PROJECT_ROLES : mayAll('owners.change') ? ROLES : ROLES.filter((one) => one !== 'owner')
  const call = invite({
    organization_id: organization?.id ?? '',
    project_id: place === WHOLE ? null : place,
    email: email.trim(),
    role: roles.includes(role) ? role : 'developer',
    valid_days: Number(days),
  })
  const act = useAct<NewInvitation>(['invitations'])
  if (act.data)
    return (
      <InvitedDialog
        made={act.data}
        onClose={onClose}
        onMore={() => {
          setEmail('')
          act.reset()
        }}
      />
    )
  const refused = act.error instanceof ApiError && act.error.code === 'identity.email_refused' ? act.error : null
  return (
    <FormDialog
      title={t('invite-title')}
      says={t('invite-says')}
      call={call}
      label={t('invite-act')}
      ready={email.trim() !== ''}
      busy={act.isPending}
      error={refused ? null : act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <TextField
        label={t('email')}
        type="email"
        autoComplete="off"
        autoFocus
        value={email}
        onChange={setEmail}
        error={refused?.message}
        required
      />
      <SelectField label={t('where')} value={place} onChange={setPlace} choices={places} />
      <RoleChoice name={t('role')} value={roles.includes(role) ? role : 'developer'} onChange={setRole} roles={roles} />
      <SelectField
        label={t('valid-for')}
        value={days}
        onChange={setDays}
        choices={DAYS.map((count) => ({ value: count, label: t('days', { count: Number(count) }) }))}
      />
    </FormDialog>
  )
}

function InvitedDialog({ made, onClose, onMore }: { made: NewInvitation; onClose: () => void; onMore: () => void }) {
  const t = usePeopleWords()
  const format = useFormat()
  return (
    <Dialog
      open
      shownOnce
      onClose={onClose}
      title={t('invited', { email: made.email })}
      says={t('link-once')}
      acts={
        <>
          <Button onClick={onMore}>{t('invite-more')}</Button>
          <Button onClick={onClose}>{t('done')}</Button>
        </>
      }
    >
      <LinkOnce url={made.url} />
      <p className="t13 soft link-says">
        {t('invited-as', {
          role: t(`role-${made.role}`),
          where: made.project_name ? `${made.organization_name} / ${made.project_name}` : made.organization_name,
          day: format.day(new Date(made.expires_at)),
        })}
      </p>
      <Note tone={made.mail === 'sent' ? 'good' : made.mail === 'failed' ? 'warn' : 'plain'}>
        {t(`mail-${made.mail}`, { email: made.email })}
      </Note>
    </Dialog>
  )
}
