import { State, useFormat } from '../../ui/index.ts'
import type { Key } from './keys-api.ts'
import { useKeyWords } from './keys-words.ts'

const SOON_MS = 3 * 86_400_000

/** Active, or why not; one that ends within three days says when. */
export function KeyState({ of: key }: { of: Pick<Key, 'state' | 'expires_at'> }) {
  const t = useKeyWords()
  const format = useFormat()
  if (key.state === 'revoked') return <State tone="off">{t('state-revoked')}</State>
  if (key.state === 'expired') return <State tone="off">{t('state-expired')}</State>
  const ends = key.expires_at ? new Date(key.expires_at) : null
  if (ends && ends.getTime() - Date.now() < SOON_MS)
    return <State tone="warn">{t('ends', { when: format.ago(ends) })}</State>
  return <State tone="on">{t('state-live')}</State>
}
