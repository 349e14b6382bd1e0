/**
 * Puts together what is kept of one request: the request's own words, cut out of the body's bytes without parsing them,
 * and the answer as it was handed to the client.
 *
 * The body was checked by the scan, so that its bytes can stand in our JSON as they are. Parsing and writing it again
 * would cost milliseconds of the thread that relays everybody's tokens, and change what was sent.
 *
 * Pure module.
 */
import { CONTENT_BYTES_MAX, type ContentText } from '../billing/request-detail.ts'
import type { AnswerText } from './answer-text.ts'
import type { BodyHead, NotedField } from './scan-body.ts'

/** Of one answer; some 25,000 tokens. */
export const ANSWER_CHARACTERS_MAX = 96 * 1024
/** What a request gets at least, however long its answer is. */
const REQUEST_BYTES_MIN = 64 * 1024

/** Which of a request's fields are its words, by route. Other routes say nothing that is kept. */
const WORDS: Readonly<Record<string, NotedField & keyof NonNullable<ContentText['request']>>> = {
  '/v1/chat/completions': 'messages',
  '/v1/completions': 'prompt',
  '/v1/embeddings': 'input',
}

/** Whether requests of this route have content. */
export function hasContent(route: string): boolean {
  return route in WORDS
}

/** Whether answers of this route are text; those of `/v1/embeddings` are numbers, which are not kept. */
export function answersText(route: string): boolean {
  return route === '/v1/chat/completions' || route === '/v1/completions'
}

/**
 * @param body the one that was scanned into `head`
 * @param answer null = none was begun
 * @returns a `ContentText` as JSON, not yet compressed
 */
export function contentText(
  route: string,
  body: Buffer,
  head: BodyHead,
  answer: AnswerText | null,
): { json: Buffer; truncated: boolean } {
  const answers = Buffer.from(JSON.stringify(answer?.answers() ?? []))
  const name = WORDS[route]
  const value = name === undefined ? undefined : head.noted.get(name)
  const bytesMax = Math.max(REQUEST_BYTES_MIN, CONTENT_BYTES_MAX - answers.length)
  const isCut = value !== undefined && value.end - value.start > bytesMax
  const parts: (Buffer | string)[] = ['{"request":']
  if (value === undefined) parts.push('{},"request_cut":null')
  else if (isCut) parts.push(`null,"request_cut":${JSON.stringify(beginning(body, value.start, bytesMax))}`)
  else parts.push(`{"${name}":`, body.subarray(value.start, value.end), '},"request_cut":null')
  parts.push(',"answers":', answers, '}')
  return {
    json: Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))),
    truncated: isCut || (answer?.truncated ?? false),
  }
}

/** Text of at most `bytesMax` bytes that ends between two characters. */
function beginning(body: Buffer, start: number, bytesMax: number): string {
  let end = start + bytesMax
  while (((body[end] as number) & 0xc0) === 0x80) end--
  return body.toString('utf8', start, end)
}
