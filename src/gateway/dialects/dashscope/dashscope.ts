/** Alibaba Cloud's DashScope API, as a dialect. */
import type { IncomingHttpHeaders } from 'node:http'
import { FieldUnsupported } from '../../errors.ts'
import type { Asked, Dialect } from '../dialect.ts'
import type { Json } from '../fields.ts'
import { rewriteAnswer } from '../rewrite-answer.ts'
import { translateBody } from '../translate-body.ts'
import { embeddingsOf, generationOf } from './answer.ts'
import { dashScopeRefusal } from './errors.ts'
import { type AnswerForm, embeddingBody, generationBody } from './request.ts'
import { rerankBody, rerankOf } from './rerank.ts'
import { GenerationStream } from './stream.ts'

export const DASHSCOPE: Dialect = {
  headers: () => ({}),
  refusal: dashScopeRefusal,
  statusOf: (status) => status,
}

/** @throws BodyNotJson · FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function askGeneration(body: Buffer, headers: IncomingHttpHeaders): Asked {
  return generation(body, headers, false)
}

/** The same, whose messages have lists of parts. @throws as `askGeneration` */
export function askMultimodalGeneration(body: Buffer, headers: IncomingHttpHeaders): Asked {
  return generation(body, headers, true)
}

/** @throws as `askGeneration` */
export function askTextEmbedding(body: Buffer, headers: IncomingHttpHeaders): Asked {
  refuseAsync(headers)
  const translated = translateBody(body, embeddingBody)
  return { ...translated, openAnswer: answerBy(WHOLE, embeddingsOf) }
}

/** @throws BodyNotJson · FieldMissing · FieldOfWrongType · FieldUnsupported */
export function askTextRerank(body: Buffer, headers: IncomingHttpHeaders): Asked {
  refuseAsync(headers)
  const translated = translateBody(body, rerankBody)
  return { ...translated, openAnswer: answerBy(WHOLE, rerankOf) }
}

/** Of what never comes as a stream. */
const WHOLE: AnswerForm = { format: 'message', incremental: false }

function generation(body: Buffer, headers: IncomingHttpHeaders, isMultimodal: boolean): Asked {
  refuseAsync(headers)
  let form = WHOLE
  const translated = translateBody(body, (asked) => {
    const { chat, form: wanted } = generationBody(asked, wantsStream(headers), isMultimodal)
    form = wanted
    return chat
  })
  return { ...translated, openAnswer: answerBy(form, (answer, requestId) => generationOf(answer, form, requestId)) }
}

function answerBy(form: AnswerForm, translate: (answer: Json, requestId: string) => Json): Asked['openAnswer'] {
  return (requestId) =>
    rewriteAnswer({
      streamType: 'text/event-stream;charset=UTF-8',
      stream: new GenerationStream(requestId, form),
      whole: (answer) => translate(answer, requestId),
      refusal: (trouble) => dashScopeRefusal(trouble, requestId),
    })
}

/** Either header does. */
function wantsStream(headers: IncomingHttpHeaders): boolean {
  const accepts = headers.accept?.toLowerCase().includes('text/event-stream') ?? false
  return accepts || isEnabled(headers['x-dashscope-sse'])
}

function refuseAsync(headers: IncomingHttpHeaders): void {
  if (!isEnabled(headers['x-dashscope-async'])) return
  const trouble = 'answers come with the request here, whole or as a stream, never as a task to ask for later'
  throw new FieldUnsupported({ param: 'X-DashScope-Async', trouble })
}

function isEnabled(header: string | string[] | undefined): boolean {
  return typeof header === 'string' && header.trim().toLowerCase() === 'enable'
}
