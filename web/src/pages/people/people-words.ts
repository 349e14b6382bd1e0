import { words } from '../../words/i18n.ts'
import en from './people.en.json'
import zh from './people.zh.json'

export const usePeopleWords = words('people', en, zh)
