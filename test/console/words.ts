/** The console's own words, so that one test reads the page in both languages. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Language } from './browser.ts'

const SOURCES = join(import.meta.dirname, '../../web/src')

export type WordsFile = { path: string; words: Record<string, string> }

/** Every file of words, by `<name>.<language>`. */
export function wordsFiles(): Map<string, WordsFile> {
  return new Map(
    globSync('**/*.{en,zh}.json', { cwd: SOURCES })
      .sort()
      .map((path) => [
        basename(path, '.json'),
        { path, words: JSON.parse(readFileSync(join(SOURCES, path), 'utf8')) as Record<string, string> },
      ]),
  )
}

const files = wordsFiles()

export type Say = (name: string, key: string, values?: Record<string, string | number>) => string

/** What a page says for a key. @throws Error where there is no such word */
export function sayIn(language: Language): Say {
  return (name, key, values = {}) => {
    const text = files.get(`${name}.${language}`)?.words[key]
    if (text === undefined) throw new Error(`${name}.${language}.json has no ${key}`)
    return text.replaceAll(/\{(\w+)\}/g, (_, value: string) => {
      const filled = values[value]
      if (filled === undefined) throw new Error(`${name}.${language}.json: ${key} needs ${value}`)
      return String(filled)
    })
  }
}
