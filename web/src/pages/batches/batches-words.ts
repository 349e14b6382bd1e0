import { words } from '../../words/i18n.ts'
import en from './batches.en.json'
import zh from './batches.zh.json'

export const useBatchWords = words('batches', en, zh)
