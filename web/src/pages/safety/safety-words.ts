import { words } from '../../words/i18n.ts'
import en from './safety.en.json'
import zh from './safety.zh.json'

export const useSafetyWords = words('safety', en, zh)
