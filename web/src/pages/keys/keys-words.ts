import { words } from '../../words/i18n.ts'
import en from './keys.en.json'
import zh from './keys.zh.json'

export const useKeyWords = words('keys', en, zh)
