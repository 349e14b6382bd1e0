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
          <span className="cut request-code desk-only">{error_code ?? t('failed')}</span>
          <span className="only-phone">{t('failed')}</span>
        </State>
      )
    default:
      return outcome satisfies never
  }
}
