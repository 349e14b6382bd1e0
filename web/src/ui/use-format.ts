import { useLanguage } from '../words/i18n.ts'
import { type Format, formatFor } from './format.ts'

/** The formats of the language of the moment. */
export function useFormat(): Format {
  return formatFor(useLanguage())
}
