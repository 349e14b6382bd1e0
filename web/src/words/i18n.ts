/**
 * Words in two languages. Each page brings its own file of words for both, so a page's words arrive with the page:
 *
 *     const useWords = words('keys', en, zh)      // beside the page
 *     const t = useWords()                        // in a component
 *     t('title'), t('count', { count: 3 })        // count picks count_one or count_other
 *
 * English is the source; a Chinese file that lacks a key does not compile.
 */
import i18next from 'i18next'
import { useMemo } from 'react'
import { initReactI18next, useTranslation } from 'react-i18next'

export type Language = 'en' | 'zh'
export const LANGUAGES: readonly Language[] = ['en', 'zh']

const KEPT = 'tradewind.language'

/** Numbers within sentences: 7,040 requests. */
const grouped = { en: new Intl.NumberFormat('en-GB'), zh: new Intl.NumberFormat('zh-CN') }

void i18next.use(initReactI18next).init({
  lng: document.documentElement.lang === 'zh' ? 'zh' : 'en',
  fallbackLng: 'en',
  resources: {},
  keySeparator: false,
  nsSeparator: false,
  interpolation: { escapeValue: false, prefix: '{', suffix: '}' }, // React escapes
  returnNull: false,
})

type Words = Record<string, string>
/** A key as it is asked for: `count_one` and `count_other` are asked for as `count`. */
type Key<W extends Words> = keyof W extends infer K
  ? K extends `${infer Stem}_one` | `${infer Stem}_other`
    ? Stem
    : K & string
  : never
/** Chinese knows one plural form. */
type Chinese<W extends Words> = { [K in keyof W as K extends `${string}_one` ? never : K]: string }

export type Say<W extends Words> = (key: Key<W>, values?: Record<string, string | number>) => string

/** Registers a page's words. @returns the hook that says them in the language of the moment */
export function words<W extends Words>(name: string, en: W, zh: Chinese<W>): () => Say<W> {
  i18next.addResourceBundle('en', name, en)
  i18next.addResourceBundle('zh', name, zh)
  return function useWords() {
    const { t, i18n } = useTranslation(name)
    return useMemo(() => {
      const say = t as unknown as (key: string, values?: object) => string
      const numbers = grouped[i18n.language === 'zh' ? 'zh' : 'en']
      const written = (value: string | number) => (typeof value === 'number' ? numbers.format(value) : value)
      return (key, values) => {
        if (values === undefined) return say(key)
        const replace = Object.fromEntries(Object.entries(values).map(([one, value]) => [one, written(value)]))
        return say(key, { replace, ...(typeof values.count === 'number' ? { count: values.count } : {}) })
      }
    }, [t, i18n.language])
  }
}

export function useLanguage(): Language {
  const { i18n } = useTranslation()
  return i18n.language === 'zh' ? 'zh' : 'en'
}

export function setLanguage(language: Language): void {
  document.documentElement.lang = language
  try {
    localStorage.setItem(KEPT, language)
  } catch {
    // A browser that keeps nothing asks again next time.
  }
  void i18next.changeLanguage(language)
}
