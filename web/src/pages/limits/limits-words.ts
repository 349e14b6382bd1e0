import { words } from '../../words/i18n.ts'
import en from './limits.en.json'
import zh from './limits.zh.json'

export const useLimitsWords = words('limits', en, zh)
