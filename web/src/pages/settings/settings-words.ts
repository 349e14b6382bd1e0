import { words } from '../../words/i18n.ts'
import en from './settings.en.json'
import zh from './settings.zh.json'

export const useSettingsWords = words('settings', en, zh)
