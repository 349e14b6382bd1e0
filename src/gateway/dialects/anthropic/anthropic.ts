/** Anthropic's Messages API, as a dialect. */
import { codeIn, messageIn } from '../../engine-error.ts'
import type { AnswerRewrite, Asked, Dialect, Trouble } from '../dialect.ts'
import { isObject, type Json } from '../fields.ts'
import { translateBody } from '../translate-body.ts'
import { messageOf, tokenCountOf } from './answer.ts'
import { anthropicRefusal, anthropicStatus } from './errors.ts'
import { chatBody, tokenizeBody } from './request.ts'
import { MessageStream } from './stream.ts'

export const ANTHROPIC: Dialect = {
  headers: (requestId) => ({ 'request-id': requestId }),
  refusal: anthropicRefusal,
  statusOf: anthropicStatus,
}

/** @throws BodyNotJson · FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function askMessage(body: Buffer): Asked {
  const translated = translateBody(body, chatBody)
  return { ...translated, openAnswer: (requestId) => new MessageAnswer(requestId, messageOf) }
}

/** @throws as `askMessage` */
export function askTokenCount(body: Buffer): Asked {
  const translated = translateBody(body, tokenizeBody)
  return { ...translated, openAnswer: (requestId) => new MessageAnswer(requestId, tokenCountOf) }
}

class MessageAnswer implements AnswerRewrite {
  readonly streamType = 'text/event-stream; charset=utf-8'
  readonly #requestId: string
  readonly #translate: (answer: Json, requestId: string) => object
  readonly #stream: MessageStream

  constructor(requestId: string, translate: (answer: Json, requestId: string) => object) {
    this.#requestId = requestId
    this.#translate = translate
    this.#stream = new MessageStream(requestId)
  }

  event(data: string): Buffer | null {
    return bytesOf(this.#stream.push(data))
  }

  broken(trouble: Trouble): Buffer | null {
    return bytesOf(this.#stream.broken(trouble))
  }

  whole(status: number, body: Buffer): { status: number; body: Buffer } {
    const answer = status === 200 ? parsed(body) : null
    if (answer !== null) return { status, body: Buffer.from(JSON.stringify(this.#translate(answer, this.#requestId))) }
    // 200 with something else than JSON is an engine that failed.
    const trouble = { status: status === 200 ? 502 : status, code: codeIn(body), message: messageIn(body) }
    const refused = anthropicRefusal(trouble, this.#requestId)
    return { status: refused.status, body: Buffer.from(JSON.stringify(refused.body)) }
  }
}

function bytesOf(text: string): Buffer | null {
  return text === '' ? null : Buffer.from(text)
}

function parsed(body: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
