/** Anthropic's Messages API, as a dialect. */
import type { Asked, Dialect } from '../dialect.ts'
import type { Json } from '../fields.ts'
import { rewriteAnswer } from '../rewrite-answer.ts'
import { translateBody } from '../translate-body.ts'
import { messageOf, tokenCountOf } from './answer.ts'
import { anthropicRefusal, anthropicStatus } from './errors.ts'
import { anthropicLimitHeaders } from './limit-headers.ts'
import { chatBody, tokenizeBody } from './request.ts'
import { MessageStream } from './stream.ts'

export const ANTHROPIC: Dialect = {
  headers: (requestId) => ({ 'request-id': requestId }),
  limitHeaders: anthropicLimitHeaders,
  refusal: anthropicRefusal,
  statusOf: anthropicStatus,
}

/** @throws BodyNotJson · FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function askMessage(body: Buffer): Asked {
  return { ...translateBody(body, chatBody), openAnswer: answerBy(messageOf) }
}

/** @throws as `askMessage` */
export function askTokenCount(body: Buffer): Asked {
  return { ...translateBody(body, tokenizeBody), openAnswer: answerBy(tokenCountOf) }
}

function answerBy(translate: (answer: Json, requestId: string) => object): Asked['openAnswer'] {
  return (requestId) =>
    rewriteAnswer({
      streamType: 'text/event-stream; charset=utf-8',
      stream: new MessageStream(requestId),
      whole: (answer) => translate(answer, requestId),
      refusal: (trouble) => anthropicRefusal(trouble, requestId),
    })
}
