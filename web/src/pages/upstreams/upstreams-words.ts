import { words } from '../../words/i18n.ts'
import en from './upstreams.en.json'
import zh from './upstreams.zh.json'

export const useUpstreamWords = words('upstreams', en, zh)
