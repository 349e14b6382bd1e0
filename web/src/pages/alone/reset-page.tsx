/** A link to set a new password. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { ResetPerson } from '../../../../src/identity/sign-in-schema.ts'
import { ApiError, api, get } from '../../api/client.ts'
import { Bones, Button, Note, Trouble } from '../../ui/index.ts'
import { Alone, useForgottenOnSwitch } from './alone.tsx'
import { useAloneWords } from './alone-words.ts'
import { NewPassword } from './password-fields.tsx'

export default function ResetPage() {
  const t = useAloneWords()
  const { token = '' } = useSearch({ strict: false }) as { token?: string }
  const seen = useQuery({
    queryKey: ['password-reset', token],
    queryFn: ({ signal }) => get<Static<typeof ResetPerson>>('/api/auth/password-reset', { token }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  const [password, setPassword] = useState('')
  const set = useMutation({
    mutationFn: () => api({ method: 'POST', path: '/api/auth/password-reset', body: { token, password } }),
  })
  useForgottenOnSwitch(set)
  if (set.isSuccess)
    return (
      <Alone title={t('reset-done')} says={t('reset-done-says')}>
        <Link to="/sign-in" className="btn primary">
          {t('sign-in')}
        </Link>
      </Alone>
    )
  if (seen.error instanceof ApiError && (seen.error.status === 410 || seen.error.status === 400))
    return (
      <Alone title={t('reset-over')} says={t('reset-over-says')}>
        <Link to="/sign-in" className="btn">
          {t('back')}
        </Link>
      </Alone>
    )
  return (
    <Alone title={t('reset')} says={seen.data && t('reset-for', { name: seen.data.name, email: seen.data.email })}>
      {seen.isPending && <Bones rows={2} />}
      {seen.error && <Trouble error={seen.error} retry={() => void seen.refetch()} />}
      {seen.data && (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            set.mutate()
          }}
        >
          <input type="hidden" name="username" autoComplete="username" value={seen.data.email} readOnly />
          <NewPassword
            label={t('new-password')}
            autoFocus
            value={password}
            onChange={setPassword}
            error={set.error instanceof ApiError && set.error.status === 400 ? set.error.message : null}
          />
          {set.error && !(set.error instanceof ApiError && set.error.status === 400) && <Trouble error={set.error} />}
          <Note>{t('reset-ends')}</Note>
          <div className="form-acts">
            <Button type="submit" look="primary" busy={set.isPending} disabled={password === ''}>
              {t('reset-act')}
            </Button>
          </div>
        </form>
      )}
    </Alone>
  )
}
