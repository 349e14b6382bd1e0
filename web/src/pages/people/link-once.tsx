import { CopyButton, Note } from '../../ui/index.ts'
import { usePeopleWords } from './people-words.ts'

/** Hosts that mean this machine on every machine. */
const HERE_ONLY = /^(localhost|127\.|\[::1\])/

/** A link that cannot be seen again. */
export function LinkOnce({ url }: { url: string }) {
  const t = usePeopleWords()
  return (
    <>
      <div className="secret">
        <code data-secret>{url}</code>
        <CopyButton text={url} look="primary" />
      </div>
      {HERE_ONLY.test(new URL(url).hostname) && <Note tone="warn">{t('link-here-only')}</Note>}
    </>
  )
}
