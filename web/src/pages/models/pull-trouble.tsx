import { Link } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Id, isEnglish, Note, useKeptTrouble } from '../../ui/index.ts'
import { useGap, useModelsWords } from './models-words.ts'

/** What each refusal of a source asks for; others say it in their own sentence. */
const KNOWN = {
  'catalog.hub_unreachable': 'hub-away',
  'catalog.hub_refused': 'hub-refused',
  'catalog.gated': 'gated',
  'catalog.hub_token_refused': 'token-refused',
  'catalog.file_missing': 'not-at-hub',
  'catalog.disk_full': 'disk-full',
  'catalog.wrong_hash': 'wrong-hash',
  'catalog.not_weights': 'not-weights',
} as const
const ABOUT_THE_TOKEN = new Set(['catalog.gated', 'catalog.hub_token_refused'])

/** Why weights do not come, what one may do about it, and what the source said. */
export function PullTrouble({ error }: { error: { code: string; message: string; requestId?: string | null } }) {
  const t = useModelsWords()
  const gap = useGap()
  const { may } = usePlace()
  const say = useKeptTrouble()
  const known = KNOWN[error.code as keyof typeof KNOWN]
  return (
    <div className="pull-trouble">
      <Note tone="bad">
        {known && (
          <>
            <b className="medium">{t(`trouble-${known}`)}</b>
            {gap}
            {t(`trouble-${known}-do`)}
            {gap}
            {ABOUT_THE_TOKEN.has(error.code) &&
              (may('hub.update') ? (
                <Link to="/settings" search={{ tab: 'installation' } as never} hash="hub">
                  {t('set-token')}
                </Link>
              ) : (
                t('ask-operator')
              ))}
          </>
        )}
        <p className={known ? 'small soft' : undefined} lang={known && isEnglish(error.message) ? 'en' : undefined}>
          {known ? error.message : say(error)}
        </p>
        {error.requestId && <Id text={error.requestId} />}
      </Note>
    </div>
  )
}
