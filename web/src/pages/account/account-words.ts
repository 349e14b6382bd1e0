import { words } from '../../words/i18n.ts'
import en from './account.en.json'
import zh from './account.zh.json'

export const useAccountWords = words('account', en, zh)
