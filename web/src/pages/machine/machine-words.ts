import { words } from '../../words/i18n.ts'
import en from './machine.en.json'
import zh from './machine.zh.json'

export const useMachineWords = words('machine', en, zh)
