import { words } from '../../words/i18n.ts'
import en from './usage.en.json'
import zh from './usage.zh.json'

export const useUsageWords = words('usage', en, zh)
