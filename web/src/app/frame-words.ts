import { words } from '../words/i18n.ts'
import en from './frame.en.json'
import zh from './frame.zh.json'

export const useFrameWords = words('frame', en, zh)
