/** The frame of pages that need nobody signed in: the product's name, language and theme, one narrow column. */
import { type ReactNode, useEffect } from 'react'
import { LanguageButton, ThemeButton } from '../../app/bar.tsx'
import { useLanguage } from '../../words/i18n.ts'

export function Alone({ title, says, children }: { title: ReactNode; says?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = typeof title === 'string' ? `${title} · Tradewind` : 'Tradewind'
  }, [title])
  return (
    <div className="alone">
      <header>
        <img className="brand-mark" src="/icon.svg" alt="" />
        Tradewind
        <span className="push">
          <LanguageButton />
          <ThemeButton />
        </span>
      </header>
      <main id="main">
        <h1>{title}</h1>
        <p>{says}</p>
        {children}
      </main>
    </div>
  )
}

/** What the server refused was said in the language of then: with another language it is said anew by the next try. */
export function useForgottenOnSwitch(attempt: { error: unknown; reset(): void }): void {
  const language = useLanguage()
  useEffect(() => {
    if (attempt.error !== null) attempt.reset()
  }, [language])
}
