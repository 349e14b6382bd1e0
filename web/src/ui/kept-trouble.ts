/**
 * Trouble that the server kept as a code and an English sentence, such as why a pull failed. Nothing knows any more what
 * the sentence was made of, so that Chinese says what the code stands for, and then the sentence as it is.
 */
import { type Language, useLanguage } from '../words/i18n.ts'
import zh from './kept-trouble.zh.json'

const CHINESE: Readonly<Record<string, string>> = zh

export type KeptTrouble = { code: string; message: string }

/** Whether a sentence came in English, whatever the language of the page. */
export const isEnglish = (text: string) => !/\p{Script=Han}/u.test(text)

export function sayKept({ code, message }: KeptTrouble, language: Language): string {
  const general = language === 'zh' && isEnglish(message) ? (CHINESE[code] ?? null) : null
  return general === null ? message : `${general}原文：${message}`
}

/** Says kept trouble in the language of the moment; nothing where there is none. */
export function useKeptTrouble(): (trouble: KeptTrouble | null | undefined) => string {
  const language = useLanguage()
  return (trouble) => (trouble ? sayKept(trouble, language) : '')
}
