/**
 * What expected errors say in another language than English. A house writes them beside its errors, in `errors.zh.ts`:
 *
 *     export const KEYS_IN_CHINESE = [sentence(KeyUnknown, (d) => `没有密钥 ${d.key}。`)]
 *
 * and control gathers them, since the server that answers knows no house. What is filled in is checked by the compiler
 * against the data of the class; a test finds the classes that have no sentence.
 */
import type { AppError } from './errors.ts'
import type { Language } from './languages.ts'

type Data = Record<string, unknown>
type ErrorClass<D extends Data> = { new (data: D, options?: ErrorOptions): AppError<D>; code: string }

export type Sentence = {
  kind: unknown
  say: (data: never) => string
  /** Of a refused form: what is wrong, by the name of the field. */
  sayProblems: ((data: never) => Record<string, string>) | null
}

export function sentence<D extends Data>(
  kind: ErrorClass<D>,
  say: (data: D) => string,
  sayProblems: ((data: D) => Record<string, string>) | null = null,
): Sentence {
  return { kind, say, sayProblems }
}

/** By the class, since two classes may share a code and differ in what they say. */
export type Sentences = ReadonlyMap<unknown, Sentence>
/** What is said in the languages beside English. */
export type Translations = Readonly<Record<Exclude<Language, 'en'>, Sentences>>

export function gather(...lists: (readonly Sentence[])[]): Sentences {
  return new Map(lists.flat().map((one) => [one.kind, one]))
}

export type Said = {
  message: string
  problems: Record<string, string> | null
  /** English where the language that was asked for has no sentence. */
  language: Language
}

export function sayError(error: AppError, language: Language, translations: Translations): Said {
  const translated = language === 'en' ? undefined : translations[language].get(error.constructor)
  if (translated === undefined) return { message: error.message, problems: error.problems, language: 'en' }
  const data = error.data as never
  return { message: translated.say(data), problems: translated.sayProblems?.(data) ?? null, language }
}
