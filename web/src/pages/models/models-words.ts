import { type Say, words } from '../../words/i18n.ts'
import en from './models.en.json'
import zh from './models.zh.json'

export const useModelsWords = words('models', en, zh)
export type ModelsWords = Say<typeof en>
