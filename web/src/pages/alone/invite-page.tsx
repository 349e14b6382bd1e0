/** An invitation: who invites to what, and what is needed to accept it. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useLocation, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { AcceptedShape, InvitationSeen } from '../../../../src/identity/invitation-schema.ts'
import { ApiError, api } from '../../api/client.ts'
import { meQuery } from '../../app/session.ts'
import { forgetOwner } from '../../app/whose-tab.ts'
import { Bones, Button, Note, sentences, TextField, Trouble } from '../../ui/index.ts'
import { Alone, useForgottenOnSwitch } from './alone.tsx'
import { useAloneWords } from './alone-words.ts'
import { NewPassword } from './password-fields.tsx'

export default function InvitePage() {
  const t = useAloneWords()
  const here = useLocation()
  const { token = '' } = useSearch({ strict: false }) as { token?: string }
  const seen = useQuery({
    queryKey: ['invitation', token],
    queryFn: () =>
      api<Static<typeof InvitationSeen>>({ method: 'POST', path: '/api/invitations/look', body: { token } }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  const me = useQuery({ ...meQuery, retry: false })
  const person = me.data?.person ?? null
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const accept = useMutation({
    mutationFn: () =>
      api<Static<typeof AcceptedShape>>({
        method: 'POST',
        path: '/api/invitations/accept',
        body: person ? { token } : { token, name: name.trim(), password },
      }),
    onSuccess: ({ signed_in, project_id }) =>
      location.assign(signed_in ? (project_id ? `/?project=${project_id}` : '/') : '/sign-in'),
  })
  useForgottenOnSwitch(accept)

  // Whoever made the link often opens it first, and is somebody else.
  const leave = useMutation({
    mutationFn: () => api({ method: 'POST', path: '/api/auth/sign-out', body: {} }),
    onSuccess: () => {
      forgetOwner()
      location.reload()
    },
  })
  useForgottenOnSwitch(leave)

  if (seen.error instanceof ApiError && (seen.error.status === 410 || seen.error.status === 400))
    return (
      <Alone title={t('invite-over')} says={t('invite-over-says')}>
        <Link to="/" className="btn">
          {t('open-console')}
        </Link>
      </Alone>
    )
  if (!seen.data || me.isPending)
    return (
      <Alone title={t('invite')}>
        {seen.error ? <Trouble error={seen.error} retry={() => void seen.refetch()} /> : <Bones />}
      </Alone>
    )

  const { organization_name, project_name, inviter_name, email, role } = seen.data
  const where = project_name ? `${organization_name} / ${project_name}` : organization_name
  const problem = accept.error instanceof ApiError ? accept.error : null
  const known = problem?.code === 'identity.person_exists'
  const inside = problem?.code === 'identity.already_member'
  const atFields = problem?.problems ?? {}
  const signIn = (
    <Link to="/sign-in" search={{ next: here.href }} className={`btn ${known ? 'primary' : 'quiet'}`}>
      {t('invite-known')}
    </Link>
  )
  return (
    <Alone
      title={t('invite-to', { where })}
      says={sentences(
        inviter_name
          ? t('invite-by', { name: inviter_name, role: t(`role-${role}`) })
          : t('invite-as', { role: t(`role-${role}`) }),
        t(`role-${role}-may`),
      )}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          accept.mutate()
        }}
      >
        {person ? (
          !inside && <Note>{t('invite-signed-in', { name: person.name, email: person.email })}</Note>
        ) : (
          <>
            <TextField
              label={t('email')}
              help={t('email-help')}
              type="email"
              autoComplete="username"
              value={email}
              onChange={() => undefined}
              readOnly
            />
            <TextField
              label={t('name')}
              autoComplete="name"
              value={name}
              onChange={setName}
              error={atFields.name}
              required
              autoFocus
            />
            <NewPassword value={password} onChange={setPassword} error={atFields.password} />
          </>
        )}
        {known && <Note tone="warn">{t('invite-exists', { email })}</Note>}
        {inside && <Note>{t('invite-inside', { where: organization_name })}</Note>}
        {accept.error && !known && !inside && Object.keys(atFields).length === 0 && <Trouble error={accept.error} />}
        <div className="form-acts">
          {known ? (
            signIn
          ) : inside ? (
            <Link to="/" className="btn primary">
              {t('open-console')}
            </Link>
          ) : (
            <Button
              type="submit"
              look="primary"
              busy={accept.isPending}
              disabled={!person && (name.trim() === '' || password === '')}
            >
              {t('invite-accept')}
            </Button>
          )}
          {!person && !known && signIn}
          {person && person.email !== email && (
            <Button look="quiet" busy={leave.isPending} onClick={() => leave.mutate()}>
              {t('invite-other', { email })}
            </Button>
          )}
        </div>
        {leave.error && <Trouble error={leave.error} />}
      </form>
    </Alone>
  )
}
