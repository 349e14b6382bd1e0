/** Sign in: e-mail and password, a passkey, or the organisation's own provider. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { CeremonyOptions, SignInOptions, SingleSignOnBegun } from '../../../../src/identity/sign-in-schema.ts'
import { ApiError, api, get } from '../../api/client.ts'
import { Button, Note, TextField, Trouble } from '../../ui/index.ts'
import { Alone, useForgottenOnSwitch } from './alone.tsx'
import { useAloneWords } from './alone-words.ts'
import { pathOfOurs } from './landing.ts'
import { askForPasskey, passkeysKnown } from './passkey.ts'
import { ssoProblem } from './sso-problems.ts'

export default function SignInPage() {
  const t = useAloneWords()
  const { next, error: refused } = useSearch({ strict: false }) as { next?: string; error?: string }
  const options = useQuery({
    queryKey: ['sign-in-options'],
    queryFn: ({ signal }) => get<Static<typeof SignInOptions>>('/api/sign-in-options', undefined, signal),
    staleTime: 0,
  })
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [forgot, setForgot] = useState(false)
  // A whole load, so that nothing of whoever used this browser before is left in memory.
  const land = () => location.assign(pathOfOurs(next))
  const sign = useMutation({
    mutationFn: () => api({ method: 'POST', path: '/api/auth/sign-in/email', body: { email: email.trim(), password } }),
    onSuccess: land,
  })
  useForgottenOnSwitch(sign)
  const passkey = useMutation({
    mutationFn: async () => {
      const { options: asked } = await api<Static<typeof CeremonyOptions>>({
        method: 'POST',
        path: '/api/auth/sign-in/passkey/options',
        body: {},
      })
      await api({ method: 'POST', path: '/api/auth/sign-in/passkey', body: { response: await askForPasskey(asked) } })
    },
    onSuccess: land,
  })
  useForgottenOnSwitch(passkey)
  const single = useMutation({
    mutationFn: () =>
      api<Static<typeof SingleSignOnBegun>>({
        method: 'POST',
        path: '/api/auth/sign-in/oidc',
        body: { next: pathOfOurs(next) },
      }),
    onSuccess: ({ url }) => location.assign(url),
  })
  useForgottenOnSwitch(single)
  const reset = useMutation({
    mutationFn: () => api({ method: 'POST', path: '/api/auth/password-reset-request', body: { email: email.trim() } }),
  })
  useForgottenOnSwitch(reset)

  const known = options.data
  /** Without mail there is nothing to send: somebody else makes the link. */
  const helpless = forgot && known?.mail === false
  if (known && !known.owner_exists)
    return (
      <Alone title={t('not-set-up')} says={t('not-set-up-says')}>
        <Note>{t('not-set-up-do')}</Note>
      </Alone>
    )
  return (
    <Alone title={t('sign-in')} says={t('sign-in-says', { host: location.host })}>
      <div className="form">
        {refused === 'session_ended' && <Note>{t('session-ended')}</Note>}
        {refused && refused !== 'session_ended' && <Note tone="bad">{ssoProblem(t, refused)}</Note>}
        {options.error && <Trouble error={options.error} retry={() => void options.refetch()} />}
        {known?.single_sign_on.map((provider) => (
          <Button key={provider.id} busy={single.isPending} onClick={() => single.mutate()}>
            {t('sign-in-with', { name: provider.name })}
          </Button>
        ))}
        {single.error && <Trouble error={single.error} />}
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            if (forgot) reset.mutate()
            else sign.mutate()
          }}
        >
          {!helpless && (
            <TextField
              label={t('email')}
              type="email"
              autoComplete="username webauthn"
              value={email}
              onChange={setEmail}
              required
              autoFocus
            />
          )}
          {!forgot && (
            <TextField
              label={t('password')}
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={setPassword}
              required
            />
          )}
          {sign.error && !forgot && <SignInTrouble error={sign.error} />}
          {reset.error && <Trouble error={reset.error} />}
          {reset.data !== undefined && <Note tone="good">{t('reset-sent')}</Note>}
          {helpless && <Note>{t('reset-no-mail')}</Note>}
          <div className="form-acts">
            {forgot ? (
              known?.mail && (
                <Button type="submit" look="primary" busy={reset.isPending} disabled={email.trim() === ''}>
                  {t('reset-send')}
                </Button>
              )
            ) : (
              <Button
                type="submit"
                look="primary"
                busy={sign.isPending}
                disabled={email.trim() === '' || password === ''}
              >
                {t('sign-in')}
              </Button>
            )}
            {known?.passkey && passkeysKnown() && !forgot && (
              <Button icon="key" busy={passkey.isPending} onClick={() => passkey.mutate()}>
                {t('with-passkey')}
              </Button>
            )}
            <span className={helpless ? undefined : 'push'}>
              <Button look={helpless ? 'plain' : 'quiet'} onClick={() => setForgot(!forgot)}>
                {t(forgot ? 'back' : 'forgot')}
              </Button>
            </span>
          </div>
          {passkey.error && <PasskeyTrouble error={passkey.error} />}
        </form>
      </div>
    </Alone>
  )
}

function SignInTrouble({ error }: { error: unknown }) {
  const t = useAloneWords()
  if (error instanceof ApiError && error.status === 401) return <Note tone="bad">{t('wrong')}</Note>
  if (error instanceof ApiError && error.status === 429) return <Note tone="bad">{t('too-many')}</Note>
  return <Trouble error={error} />
}

function PasskeyTrouble({ error }: { error: unknown }) {
  const t = useAloneWords()
  // The browser's own window was closed, or it has no passkey for this address.
  if (error instanceof DOMException) return <Note>{t('passkey-none')}</Note>
  return <SignInTrouble error={error} />
}
