import { words } from '../../words/i18n.ts'
import en from './parts.en.json'
import zh from './parts.zh.json'

export const usePartsWords = words('parts-page', en, zh)
