import { useState } from 'react'
import { chosenTheme, setTheme, type ThemeChoice } from '../../app/theme.ts'
import { Segments } from '../../ui/index.ts'
import { type Language, setLanguage, useLanguage } from '../../words/i18n.ts'
import { useAccountWords } from './account-words.ts'

/** Kept in this browser. */
export function Looks() {
  const t = useAccountWords()
  const language = useLanguage()
  const [theme, setShown] = useState<ThemeChoice>(chosenTheme)
  return (
    <div className="form">
      <div className="row wide account-line">
        <span>{t('language')}</span>
        <Segments<Language>
          label={t('language')}
          value={language}
          onChange={setLanguage}
          choices={[
            { value: 'en', label: 'English' },
            { value: 'zh', label: '中文' },
          ]}
        />
      </div>
      <div className="row wide account-line">
        <span>{t('theme')}</span>
        <Segments<ThemeChoice>
          label={t('theme')}
          value={theme}
          onChange={(choice) => {
            setTheme(choice)
            setShown(choice)
          }}
          choices={(['system', 'light', 'dark'] as const).map((value) => ({ value, label: t(`theme-${value}`) }))}
        />
      </div>
    </div>
  )
}
