import { words } from '../../words/i18n.ts'
import en from './routes.en.json'
import zh from './routes.zh.json'

export const useRouteWords = words('routes', en, zh)
