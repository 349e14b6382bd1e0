/** Why a request did not come to its own end: what it means, and what to do. */
import { Note, useFormat } from '../../ui/index.ts'
import en from './requests.en.json'
import type { RequestSeen } from './requests-api.ts'
import { useRequestWords } from './requests-words.ts'

type Key = keyof typeof en
type ErrorKey = Extract<Key, `error-${string}`>

export function RequestEnd({ of: request }: { of: RequestSeen }) {
  const t = useRequestWords()
  const format = useFormat()
  const { error_code: code, cut_by, status } = request
  if (code === null && cut_by === null) return null
  const key = `error-${code}`
  const means = code === null ? null : key in en ? t(key as ErrorKey) : t('error-unknown', { status, code })
  const said = [
    cut_by && t(`cut-by-${cut_by}`),
    cut_by === 'client' &&
      t(request.key_kind === 'console' ? 'cut-do-playground' : 'cut-do-client', {
        total: format.duration(request.total_ms),
      }),
    means,
  ].filter(Boolean)
  return (
    <div className="request-end">
      <Note tone={request.outcome === 'cut' ? 'warn' : 'bad'}>
        {said.join(t('between'))}
        {t('between')}
        {code !== null && <a href={`/docs#error-${code}`}>{t('error-more', { code })}</a>}
      </Note>
    </div>
  )
}
