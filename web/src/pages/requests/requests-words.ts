import { words } from '../../words/i18n.ts'
import en from './requests.en.json'
import zh from './requests.zh.json'

export const useRequestWords = words('requests', en, zh)
