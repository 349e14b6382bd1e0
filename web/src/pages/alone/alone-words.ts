import { words } from '../../words/i18n.ts'
import en from './alone.en.json'
import zh from './alone.zh.json'

export const useAloneWords = words('alone', en, zh)
