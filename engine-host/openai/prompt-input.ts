/** The four ways in which OpenAI takes text: a string, strings, tokens, lists of tokens. */
import type { Token } from '../token-engine.ts'
import { invalidType, invalidValue } from './fields.ts'
import { tooLong } from './preparation.ts'
import { RequestError } from './request-error.ts'

export const PROMPTS_MAX = 2048

export type TokenLimits = {
  vocabularySize: number
  /** Most tokens of one list. */
  contextTokens: number
}

/** @throws RequestError for anything else, for empty and too long lists and for tokens that the model does not have */
export function readPrompts(value: unknown, path: string, limits: TokenLimits): (string | Token[])[] {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) throw invalidType(path, 'a string or an array', value)
  if (value.length === 0) throw emptyArray(path)
  if (typeof value[0] === 'number') return [readTokens(value, path, limits)]
  if (value.length > PROMPTS_MAX) {
    throw new RequestError({
      status: 400,
      code: 'array_above_max_length',
      param: path,
      message: `Invalid '${path}': array too long. Expected an array with maximum length ${PROMPTS_MAX}, but got an array with length ${value.length} instead.`,
    })
  }
  return value.map((entry, index) => {
    if (typeof entry === 'string') return entry
    if (Array.isArray(entry)) return readTokens(entry, `${path}[${index}]`, limits)
    throw invalidType(`${path}[${index}]`, 'a string or an array of integers', entry)
  })
}

export function readTokens(values: readonly unknown[], path: string, limits: TokenLimits): Token[] {
  const { vocabularySize, contextTokens } = limits
  if (values.length === 0) throw emptyArray(path)
  if (values.length > contextTokens) throw tooLong(contextTokens, path, `'${path}'`, values.length)
  return values.map((token, index) => {
    if (typeof token !== 'number' || !Number.isInteger(token)) {
      throw invalidType(`${path}[${index}]`, 'an integer', token)
    }
    if (token < 0 || token >= vocabularySize) {
      throw invalidValue(
        `${path}[${index}]`,
        `Invalid token ${token}: this model's tokens are 0 to ${vocabularySize - 1}.`,
      )
    }
    return token
  })
}

function emptyArray(path: string): RequestError {
  return new RequestError({
    status: 400,
    code: 'empty_array',
    param: path,
    message: `Invalid '${path}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
  })
}
