/**
 * A request's body: taken in, bounded, parsed.
 *
 * `JSON.parse` cannot be interrupted and shares its thread with every answer, so what is too much for it is refused
 * before: text that no context could hold, and objects by the hundred thousand, which cost it the most.
 */
import type { IncomingMessage } from 'node:http'
import type { ModelFacts } from '../token-engine.ts'
import { RequestError } from './request-error.ts'

/** Most bytes of a request body, whatever the model. */
const BODY_BYTES_MAX = 64 * 1024 * 1024
/** What a body may hold beside the text of its prompt: a schema, metadata, layout. */
const BESIDE_TEXT_BYTES = 1024 * 1024
/** `\n` for a line break, `\u4e2d` for three bytes of Chinese. */
const JSON_BYTES_PER_BYTE = 2
/** Objects and lists of one body: 20 ms of parsing. */
const OBJECTS_MAX = 100_000
/** Values of all objects and lists of one body, such as token ids: 30 ms of parsing. */
const VALUES_MAX = 1_000_000

export type BodyLimit = { bytesMax: number; contextTokens: number }

/** @param contexts how many contexts full of text the route may be sent; undefined = no bound but that of all bodies */
export function bodyLimit(facts: ModelFacts, contexts: number | undefined): BodyLimit {
  const { contextTokens, tokenBytesMax } = facts
  const textBytes = contexts === undefined ? BODY_BYTES_MAX : contexts * contextTokens * tokenBytesMax
  return { bytesMax: Math.min(BODY_BYTES_MAX, BESIDE_TEXT_BYTES + textBytes * JSON_BYTES_PER_BYTE), contextTokens }
}

/** @throws RequestError */
export async function readBody(request: IncomingMessage, { bytesMax, contextTokens }: BodyLimit): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > BODY_BYTES_MAX) {
      throw new RequestError({
        status: 413,
        code: 'request_too_large',
        message: `The request body is larger than ${BODY_BYTES_MAX} bytes.`,
      })
    }
    // The rest is read and dropped: a client that is still writing would not see the answer.
    if (length > bytesMax) chunks.length = 0
    else chunks.push(chunk)
  }
  if (length > bytesMax) {
    throw new RequestError({
      status: 400,
      code: 'context_length_exceeded',
      message: `This model's maximum context length is ${contextTokens} tokens, for which at most ${bytesMax} bytes of request are read. However, your request has ${length} bytes. Please reduce its length.`,
    })
  }
  const bytes = Buffer.concat(chunks, length)
  refuseTooManyValues(bytes)
  try {
    return JSON.parse(withoutBom(bytes.toString('utf8')))
  } catch (error) {
    throw new RequestError(
      {
        status: 400,
        code: 'invalid_json',
        // The parser's own words would quote the body.
        message: 'We could not parse the JSON body of your request.',
      },
      { cause: error },
    )
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b

/** Counts what parsing would build; brackets and commas inside strings build nothing. */
function refuseTooManyValues(bytes: Buffer): void {
  let objects = 0
  let values = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfString(bytes, at)
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) objects++
    else if (byte === COMMA) values++
    if (objects > OBJECTS_MAX || values > VALUES_MAX) {
      const what = objects > OBJECTS_MAX ? `${OBJECTS_MAX} objects and lists` : `${VALUES_MAX} values`
      throw new RequestError({ status: 400, code: 'invalid_value', message: `The request holds more than ${what}.` })
    }
  }
}

function endOfString(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes++
    if (escapes % 2 === 0) return at
  }
  return bytes.length
}

/** Some clients begin with a byte order mark, which RFC 8259 lets a reader ignore. */
function withoutBom(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text
}
