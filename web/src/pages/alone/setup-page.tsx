/** The set-up link: makes the first owner, and ends with a first call that can be pasted. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { SetupAnswer, SetupState } from '../../../../src/identity/sign-in-schema.ts'
import { ApiError, api, get } from '../../api/client.ts'
import { meQuery } from '../../app/session.ts'
import { Bones, Button, Code, CopyButton, Note, State, TextField, Trouble } from '../../ui/index.ts'
import { firstCall } from '../keys/first-call.ts'
import { keyQuery } from '../keys/keys-api.ts'
import { Alone, useForgottenOnSwitch } from './alone.tsx'
import { useAloneWords } from './alone-words.ts'
import { NewPassword } from './password-fields.tsx'

type Done = Static<typeof SetupAnswer>

export default function SetupPage() {
  const t = useAloneWords()
  const { token } = useSearch({ strict: false }) as { token?: string }
  const state = useQuery({
    queryKey: ['setup', token],
    queryFn: ({ signal }) => get<Static<typeof SetupState>>('/api/setup', { token }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [form, setForm] = useState({ name: '', email: '', password: '', organization: '' })
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: () => api<Done>({ method: 'POST', path: '/api/setup', body: { token: token ?? '', ...form } }),
    onSuccess: () => queries.removeQueries({ queryKey: meQuery.queryKey }),
  })
  useForgottenOnSwitch(make)
  if (make.data) return <Ready done={make.data} />
  if (state.isPending)
    return (
      <Alone title={t('setup')}>
        <Bones />
      </Alone>
    )
  if (state.data?.owner_exists)
    return (
      <Alone title={t('setup-done-before')} says={t('setup-done-before-says')}>
        <Link to="/" className="btn primary">
          {t('open-console')}
        </Link>
      </Alone>
    )
  if (state.data && state.data.link !== 'valid')
    return (
      <Alone title={t(state.data.link === 'none' ? 'setup-no-token' : 'setup-invalid')} says={t('setup-invalid-says')}>
        <Note>{t('not-set-up-do')}</Note>
      </Alone>
    )
  const problems = make.error instanceof ApiError ? make.error.problems : {}
  const set = (field: keyof typeof form) => (value: string) => setForm({ ...form, [field]: value })
  return (
    <Alone title={t('setup')} says={t('setup-says')}>
      {/* The server says what is missing, at its field and in the person's language of choice. */}
      <form
        noValidate
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <TextField
          label={t('name')}
          autoComplete="name"
          value={form.name}
          onChange={set('name')}
          error={problems.name}
          required
          autoFocus
        />
        <TextField
          label={t('email')}
          type="email"
          autoComplete="username"
          help={t('email-help')}
          value={form.email}
          onChange={set('email')}
          error={problems.email}
          required
        />
        <NewPassword value={form.password} onChange={set('password')} error={problems.password} />
        <TextField
          label={t('organization')}
          autoComplete="organization"
          help={t('organization-help')}
          value={form.organization}
          onChange={set('organization')}
          error={problems.organization}
          required
        />
        {state.error && <Trouble error={state.error} retry={() => void state.refetch()} />}
        {make.error && Object.keys(problems).length === 0 && <Trouble error={make.error} />}
        <div className="form-acts">
          <Button type="submit" look="primary" busy={make.isPending}>
            {t('setup-act')}
          </Button>
        </div>
      </form>
    </Alone>
  )
}

/** What one came for: a key and a call that works as printed. */
function Ready({ done }: { done: Done }) {
  const t = useAloneWords()
  return (
    <Alone title={t('ready', { name: done.organization.name })} says={t('ready-says')}>
      <div className="form">
        <div className="secret">
          <code data-secret>{done.key.secret}</code>
          <CopyButton text={done.key.secret} look="primary" />
        </div>
        <p className="t13 soft">{t('ready-key', { name: done.key.name, project: done.project.name })}</p>
        {done.sample_model && <Code samples={firstCall(done.sample_model, done.key.secret)} foot={t('ready-call')} />}
        {done.signed_in && <FirstCall keyId={done.key.id} />}
        <div className="form-acts">
          <Link to={done.signed_in ? '/' : '/sign-in'} className="btn">
            {t(done.signed_in ? 'open-console' : 'sign-in')}
          </Link>
        </div>
      </div>
    </Alone>
  )
}

/** Turns to done when the call that is printed above has come. */
function FirstCall({ keyId }: { keyId: string }) {
  const t = useAloneWords()
  const { data: key } = useQuery(keyQuery(keyId, { untilUsed: true }))
  const came = key?.last_used_at != null
  return (
    <span role="status">
      <State tone={came ? 'good' : 'live'}>{t(came ? 'first-call-came' : 'first-call-waits')}</State>
    </span>
  )
}
