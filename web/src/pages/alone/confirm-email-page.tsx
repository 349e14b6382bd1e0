/** A link that confirms a new e-mail address. */
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import type { Static } from 'typebox'
import type { ConfirmedEmail } from '../../../../src/identity/sign-in-schema.ts'
import { ApiError, api } from '../../api/client.ts'
import { Bones, Trouble } from '../../ui/index.ts'
import { Alone } from './alone.tsx'
import { useAloneWords } from './alone-words.ts'

export default function ConfirmEmailPage() {
  const t = useAloneWords()
  const { token = '' } = useSearch({ strict: false }) as { token?: string }
  // A query, so that what is confirmed once is not confirmed again when the page is drawn again.
  const confirmed = useQuery({
    queryKey: ['email-confirmation', token],
    queryFn: () =>
      api<Static<typeof ConfirmedEmail>>({ method: 'POST', path: '/api/auth/email-confirmation', body: { token } }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const signIn = (
    <Link to="/sign-in" className="btn primary">
      {t('sign-in')}
    </Link>
  )
  if (confirmed.data)
    return (
      <Alone title={t('email-confirmed')} says={t('email-confirmed-says', { email: confirmed.data.email })}>
        {signIn}
      </Alone>
    )
  if (confirmed.error instanceof ApiError && (confirmed.error.status === 410 || confirmed.error.status === 400))
    return (
      <Alone title={t('reset-over')} says={t('email-over-says')}>
        {signIn}
      </Alone>
    )
  return (
    <Alone title={t('email-confirm')}>
      {confirmed.error ? <Trouble error={confirmed.error} /> : <Bones rows={1} />}
    </Alone>
  )
}
