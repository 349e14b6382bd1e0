/** Alibaba Cloud's DashScope API, as a dialect. */
import type { IncomingHttpHeaders } from 'node:http'
import { codeIn, messageIn } from '../../engine-error.ts'
import { FieldUnsupported } from '../../errors.ts'
import type { AnswerRewrite, Asked, Dialect, Trouble } from '../dialect.ts'
import { isObject, type Json } from '../fields.ts'
import { translateBody } from '../translate-body.ts'
import { embeddingsOf, generationOf } from './answer.ts'
import { dashScopeRefusal } from './errors.ts'
import { type AnswerForm, embeddingBody, generationBody } from './request.ts'
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
  return { ...translated, openAnswer: (requestId) => new DashScopeAnswer(requestId, WHOLE, embeddingsOf) }
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
  const translate = (completion: Json, requestId: string) => generationOf(completion, form, requestId)
  return { ...translated, openAnswer: (requestId) => new DashScopeAnswer(requestId, form, translate) }
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

class DashScopeAnswer implements AnswerRewrite {
  readonly streamType = 'text/event-stream;charset=UTF-8'
  readonly #requestId: string
  readonly #translate: (answer: Json, requestId: string) => Json
  readonly #stream: GenerationStream

  constructor(requestId: string, form: AnswerForm, translate: (answer: Json, requestId: string) => Json) {
    this.#requestId = requestId
    this.#translate = translate
    this.#stream = new GenerationStream(requestId, form)
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
    const refused = dashScopeRefusal(trouble, this.#requestId)
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
