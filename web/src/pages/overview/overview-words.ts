import { words } from '../../words/i18n.ts'
import en from './overview.en.json'
import zh from './overview.zh.json'

export const useOverviewWords = words('overview', en, zh)
