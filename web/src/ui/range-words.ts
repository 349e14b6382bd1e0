import { words } from '../words/i18n.ts'
import en from './range.en.json'
import zh from './range.zh.json'

/** Words of the picker of a time, which not every page has. */
export const useRangeWords = words('range', en, zh)
