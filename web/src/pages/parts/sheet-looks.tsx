import type { CSSProperties } from 'react'
import { usePartsWords } from './parts-words.ts'
import { Sheet } from './sheet.tsx'

const COLOURS =
  'rail page well float hover press picked line line-strong line-control ink ink-2 ink-3 ink-off trade trade-weak good good-weak warn warn-mark warn-weak bad bad-weak s1 s2 s3 s4 s5 s6'.split(
    ' ',
  )

export function ColourSheet() {
  const t = usePartsWords()
  return (
    <Sheet id="colour" title={t('colour')} says={t('colour-says')} parts="ui/tokens.css">
      <div className="chips">
        {COLOURS.map((name) => (
          <div key={name} className="chip">
            <i style={{ background: `var(--${name})` } as CSSProperties} />
            <span className="mono">{name}</span>
          </div>
        ))}
      </div>
    </Sheet>
  )
}

export function TypeSheet() {
  const t = usePartsWords()
  return (
    <Sheet id="type" title={t('type')} says={t('type-says')} parts=".t28 … .small, .mono">
      <div className="types parts-type">
        <p className="t28">28 {t('type-28')}</p>
        <p className="t20">20 {t('type-20')}</p>
        <p className="t16">16 {t('type-16')}</p>
        <p className="t14">14 {t('type-14')}</p>
        <p className="t13">13 {t('type-13')} 14,862,271</p>
        <p className="small">12 {t('type-12')} 0123456789</p>
        <p className="small mono">12 rep_01JD7Q4T sha256:731ece8d</p>
      </div>
    </Sheet>
  )
}
