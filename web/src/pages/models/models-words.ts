import { type Say, useLanguage, words } from '../../words/i18n.ts'
import en from './models.en.json'
import zh from './models.zh.json'

export const useModelsWords = words('models', en, zh)
export type ModelsWords = Say<typeof en>

/** Between two sentences: Chinese needs nothing there. */
export function useGap(): string {
  return useLanguage() === 'zh' ? '' : ' '
}
