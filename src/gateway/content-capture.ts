/**
 * Puts together what is kept of one request: the request's own words, cut out of the body's bytes without parsing them,
 * and the answer as it was handed to the client.
 *
 * The scan has noted where they lie, so cutting is copying. Parsing the body and writing it again would cost milliseconds
 * of the thread that relays everybody's tokens, and change what was sent.
 *
 * Pure module.
 */
import { type ContentName, laidOut, type SentWords } from '../billing/packed-content.ts'
import { CONTENT_BYTES_MAX } from '../billing/request-detail.ts'
import type { AnswerText } from './answer-text.ts'
import type { BodyHead } from './scan-body.ts'

/** Of one answer; some 25,000 tokens. */
export const ANSWER_CHARACTERS_MAX = 96 * 1024
/** What a request gets at least, however long its answer is. */
const REQUEST_BYTES_MIN = 64 * 1024

/** Which of a request's fields are its words, by route. Other routes say nothing that is kept. */
const WORDS: Readonly<Record<string, ContentName>> = {
  '/v1/chat/completions': 'messages',
  '/v1/messages': 'messages', // as they were told to the engine
  '/v1/responses': 'messages',
  '/v1/completions': 'prompt',
  '/v1/embeddings': 'input',
  '/api/chat': 'messages',
  '/api/generate': 'messages',
  '/api/embed': 'input',
  '/api/embeddings': 'input',
  '/api/v1/services/aigc/text-generation/generation': 'messages',
  '/api/v1/services/aigc/multimodal-generation/generation': 'messages',
  '/api/v1/services/embeddings/text-embedding/text-embedding': 'input',
}

/** What may stand in their place. */
const OTHER_WORDS: Readonly<Record<string, ContentName>> = { '/api/generate': 'prompt' }

/** Whether requests of this route have content. */
export function hasContent(route: string): boolean {
  return route in WORDS
}

/** Whether answers of this route are text; embeddings are numbers, which are not kept. */
export function answersText(route: string): boolean {
  return route in WORDS && WORDS[route] !== 'input'
}

/**
 * @param body the one that was scanned into `head`; it is copied from
 * @param answer null = none was begun
 * @returns text for `packedContent`
 */
export function contentText(
  route: string,
  body: Buffer,
  head: BodyHead,
  answer: AnswerText | null,
): { text: Buffer; truncated: boolean } {
  const bytesMax = Math.max(REQUEST_BYTES_MIN, CONTENT_BYTES_MAX - (answer?.characters ?? 0))
  const words = wordsIn(route, body, head, bytesMax)
  const truncated = (words?.isCut ?? false) || (answer?.truncated ?? false)
  return { text: laidOut(words, answer?.answers() ?? []), truncated }
}

function wordsIn(route: string, body: Buffer, head: BodyHead, bytesMax: number): SentWords | null {
  const name = [WORDS[route], OTHER_WORDS[route]].find((one) => one !== undefined && head.noted.has(one))
  const value = name === undefined ? undefined : head.noted.get(name)
  if (name === undefined || value === undefined) return null
  const isCut = value.end - value.start > bytesMax
  const end = isCut ? lastBoundary(body, value.start + bytesMax) : value.end
  return { name, isCut, bytes: body.subarray(value.start, end) }
}

/** The last place up to `end` that is between two characters. */
function lastBoundary(body: Buffer, end: number): number {
  let at = end
  while (((body[at] as number) & 0xc0) === 0x80) at--
  return at
}
