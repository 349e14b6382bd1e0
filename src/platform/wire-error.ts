/** The one place where an error becomes what a client of control sees, in the language that the request asks for. Pure module. */
import { AppError, type ErrorBody, errorBody } from './errors.ts'
import { FASTIFY_IN_CHINESE, INTERNAL_IN_CHINESE, noRouteInChinese, PLATFORM_IN_CHINESE } from './errors.zh.ts'
import type { Language } from './languages.ts'
import { type InputFailure, sayRefusedInput } from './refused-input.ts'
import { gather, type Sentence, sayError, type Translations } from './sentences.ts'

export type WireError = { status: number; body: ErrorBody; language: Language }

/** What Fastify itself refuses, in the words that the gateway uses for the same trouble. */
const FASTIFY_CODES: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
}

type FastifyFailure = {
  validation?: InputFailure[]
  validationContext?: string
  statusCode?: number
  code?: string
  message: string
}

/** What is said beside English: the sentences of the houses, and those of the platform's own errors. */
export function translationsWith(inChinese: readonly Sentence[]): Translations {
  return { zh: gather(PLATFORM_IN_CHINESE, inChinese) }
}

/** What is not an expected error says nothing of itself. */
export function wireError(error: unknown, language: Language, translations: Translations): WireError {
  if (error instanceof AppError) {
    const said = sayError(error, language, translations)
    const { error: body } = errorBody(error.code, error.status, said.message)
    const problems = said.problems === null ? {} : { problems: said.problems }
    return { status: error.status, body: { error: { ...body, ...problems } }, language: said.language }
  }
  const { validation, validationContext = '', statusCode, code = '', message } = error as FastifyFailure
  if (validation) {
    const said = sayRefusedInput(validationContext, validation, language)
    const sentence = said ?? `${message}.`.replace(/\.\.$/, '.')
    const body = errorBody('invalid_request', 400, sentence, paramOf(validation[0]))
    return { status: 400, body, language: said === null ? 'en' : language }
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const chinese = language === 'zh' ? FASTIFY_IN_CHINESE[code] : undefined
    const body = errorBody(FASTIFY_CODES[code] ?? 'invalid_request', statusCode, chinese ?? message)
    return { status: statusCode, body, language: chinese === undefined ? 'en' : language }
  }
  const inEnglish = 'Something went wrong here. The log has it under this request id.'
  return {
    status: 500,
    body: errorBody('internal', 500, language === 'zh' ? INTERNAL_IN_CHINESE : inEnglish),
    language,
  }
}

/** Of a request that no route answers. */
export function wireNoRoute(method: string, path: string, language: Language): WireError {
  const inEnglish = `There is no ${method} ${path} here. The routes are listed at /docs.`
  return {
    status: 404,
    body: errorBody('not_found', 404, language === 'zh' ? noRouteInChinese(method, path) : inEnglish),
    language,
  }
}

function paramOf(failure: InputFailure | undefined): string | null {
  const path = failure?.instancePath?.slice(1).replaceAll('/', '.') ?? ''
  return [path, failure?.params?.missingProperty ?? ''].filter(Boolean).join('.') || null
}
