/** What a page shows while it waits, and when it cannot: bones, the error with its id, forbidden, not found, offline. */
import { type ReactNode, useEffect, useState } from 'react'
import { ApiError } from '../api/client.ts'
import { Button } from './button.tsx'
import { Id } from './copy.tsx'
import { gapAfter, sentences } from './gap.ts'
import { Note } from './page.tsx'
import { useFormat } from './use-format.ts'
import { usePartWords } from './words.ts'

/** The shape of what comes, after 200 ms. */
export function Bones({ rows = 4 }: { rows?: number }) {
  const t = usePartWords()
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 200)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className={shown ? 'bones' : 'bones unseen'} role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row}>
          <i className={`bone w${(row * 7) % 4}`} />
          <i className={`bone w${((row * 5) % 4) + 4}`} />
          <i className="bone w8 push" />
        </div>
      ))}
    </div>
  )
}

/** Why something did not come or did not work, and what to do. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = usePartWords()
  const known = error instanceof ApiError ? error : null
  if (known?.code === 'offline') return <Note>{t(retry ? 'offline-nothing' : 'offline-act')}</Note>
  if (known?.status === 403)
    return (
      <Note>
        <b className="medium">{t('forbidden')}</b>
        {gapAfter(t('forbidden'))}
        {sentences(known.message, t('forbidden-who'))}
      </Note>
    )
  if (known?.status === 404) return <Note>{t('not-found')}</Note>
  const expected = known !== null && known.status < 500
  return (
    <Note tone="bad">
      <b className="medium">{t('error-unknown')}</b>
      {gapAfter(t('error-unknown'))}
      {sentences(known?.message ?? (error instanceof Error ? error.message : ''), !expected && t('error-do'))}
      <div className="row trouble-acts">
        {retry && (
          <Button small onClick={retry}>
            {t('retry')}
          </Button>
        )}
        {known?.requestId && <Id text={known.requestId} />}
      </div>
    </Note>
  )
}

type Asked<Data> = {
  data: Data | undefined
  error: unknown
  isPending: boolean
  refetch: () => unknown
  dataUpdatedAt: number
  fetchStatus?: string
}

/**
 * A query in whatever state it is. Data that is here is shown at once, also when it could not be refreshed; then a line
 * above says of when it is.
 */
export function Loaded<Data>({
  query,
  rows,
  children,
}: {
  query: Asked<Data>
  rows?: number
  children: (data: Data) => ReactNode
}) {
  const t = usePartWords()
  const format = useFormat()
  if (query.data !== undefined)
    return (
      <>
        {query.error instanceof ApiError && query.error.code === 'offline' && (
          <div className="stale">
            <Note>{t('offline', { time: format.clock(new Date(query.dataUpdatedAt)) })}</Note>
          </div>
        )}
        {children(query.data)}
      </>
    )
  if (query.isPending && !query.error) return <Bones {...(rows === undefined ? {} : { rows })} />
  return <Trouble error={query.error} retry={() => void query.refetch()} />
}
