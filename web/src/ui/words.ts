import { words } from '../words/i18n.ts'
import en from './words.en.json'
import zh from './words.zh.json'

/** Words that parts say themselves. */
export const usePartWords = words('parts', en, zh)
