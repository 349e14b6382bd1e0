import { State } from '../../ui/index.ts'
import type { RequestSeen } from './requests-api.ts'
import { useRequestWords } from './requests-words.ts'

/** How it ended; a failure says its code. */
export function RequestState({ of: { outcome, error_code } }: { of: Pick<RequestSeen, 'outcome' | 'error_code'> }) {
  const t = useRequestWords()
  switch (outcome) {
    case 'ok':
      return <State tone="good">{t('ok')}</State>
    case 'cut':
      return <State tone="warn">{t('cut')}</State>
    case 'failed':
      return (
        <State tone="bad">
          {t('failed')}
          {error_code !== null && <span className="cut request-code faint desk-only">{error_code}</span>}
        </State>
      )
    default:
      return outcome satisfies never
  }
}
