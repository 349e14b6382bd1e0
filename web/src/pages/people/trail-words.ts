import { words } from '../../words/i18n.ts'
import en from './trail.en.json'
import zh from './trail.zh.json'
import { spelled } from './trail-diff.ts'

export const useTrailWords = words('trail', en, zh)
export type TrailWords = ReturnType<typeof useTrailWords>
type Key = Parameters<TrailWords>[0]

const has = (key: string): key is Key & string => Object.hasOwn(en, key)

/** What was done. An action that came after these words is shown as the trail writes it. */
export function actionWords(t: TrailWords, action: string): string {
  const key = `act.${action}`
  return has(key) ? t(key) : action
}

export function fieldWords(t: TrailWords, field: string): string {
  const key = `field.${field}`
  if (has(key)) return t(key)
  const last = `field.${field.split('.').at(-1)}`
  return has(last) ? t(last) : spelled(field)
}

/** Words that are values, such as roles. */
export function valueWords(t: TrailWords, text: string): string {
  const key = `value.${text}`
  return has(key) ? t(key) : text
}

/** What it means that a field holds nothing: a key without models may call all of them. */
export function nothingWords(t: TrailWords, field: string): string {
  const key = `nothing.${field}`
  return has(key) ? t(key) : t('nothing')
}
