import { words } from '../../words/i18n.ts'
import en from './playground.en.json'
import zh from './playground.zh.json'

export const usePlaygroundWords = words('playground', en, zh)
export type PlaygroundSay = ReturnType<typeof usePlaygroundWords>
