/**
 * Chunks of a chat completion into the typed events of a response.
 *
 *   response.created · response.in_progress · events of items … · response.completed | incomplete | failed
 *
 * Numbered from 0, without `[DONE]`. The last event waits until the response is kept, if it is to be, since it says
 * whether it was. A stream that breaks off, or ends without a finish reason, ends in `response.failed`. A whole answer is
 * a stream of one chunk of which nobody hears the events.
 *
 * Pure module.
 */
import type { Trouble } from '../dialect.ts'
import { isObject, type Json, objectIn } from '../fields.ts'
import { troubleIn } from '../rewrite-answer.ts'
import { ResponseOutput } from './output.ts'
import type { ResponseRequest } from './request.ts'
import { type ResponseState, responseOf } from './response.ts'
import { responseUsage } from './usage.ts'

export type ResponseStreamOptions = {
  request: ResponseRequest
  requestId: string
  createdAtMs: number
  /** Whether it is to be kept. */
  store: boolean
}

export class ResponseStream {
  readonly #options: ResponseStreamOptions
  readonly #output: ResponseOutput
  #begun = false
  #over = false
  #ended = false
  #finish: unknown = null
  #usage: unknown = null
  #events = 0
  #out = ''

  constructor(options: ResponseStreamOptions) {
    this.#options = options
    const { requestId, request } = options
    this.#output = new ResponseOutput({
      requestId,
      summarizes: request.summarizes,
      seals: request.seals,
      say: (type, fields) => this.#say(type, fields),
    })
  }

  /**
   * @param data of one whole event
   * @returns events, ready to be sent; '' = none yet
   */
  push(data: string): string {
    if (this.#over) return ''
    if (data === '[DONE]') this.#end()
    else {
      const chunk = objectIn(data)
      if (chunk !== null) this.#take(chunk)
    }
    return this.#taken()
  }

  /** A whole answer, in place of all events. */
  takeWhole(completion: Json): void {
    this.#take(completion)
    this.#end()
    this.#out = ''
  }

  /** The engine is gone, or said what went wrong. */
  broken(trouble: Trouble): string {
    if (this.#over) return ''
    this.#fail(trouble)
    return this.#taken()
  }

  /** Whether all of it was said, so that it is worth keeping. */
  get isWhole(): boolean {
    return this.#ended
  }

  /** As it is once it has ended. @param isKept whether it is stored, which nobody knows earlier */
  response(isKept: boolean, completedAtMs: number): Json {
    const { request, requestId, createdAtMs } = this.#options
    const reason = this.#reason()
    const state: ResponseState = {
      status: reason === undefined ? 'completed' : 'incomplete',
      output: this.#output.items('incomplete'),
      store: isKept,
      usage: responseUsage(this.#usage, this.#output.pieces),
      ...(reason === undefined ? { completedAtMs } : { reason }),
    }
    return responseOf(request, requestId, createdAtMs, state)
  }

  /** The last event of a stream that has ended. @returns '' where it has failed, which is told already */
  last(response: Json): string {
    if (!this.#ended) return ''
    this.#say(`response.${response.status as string}`, { response })
    return this.#taken()
  }

  #take(chunk: Json): void {
    if (isObject(chunk.error)) {
      this.#fail(troubleIn(chunk.error))
      return
    }
    this.#begin()
    if (isObject(chunk.usage)) this.#usage = chunk.usage
    const choices = Array.isArray(chunk.choices) ? (chunk.choices as unknown[]) : []
    for (const choice of choices) {
      if (!isObject(choice) || (choice.index ?? 0) !== 0) continue
      const said = choice.delta ?? choice.message
      if (isObject(said)) this.#output.take(said, choice.logprobs)
      this.#finish = choice.finish_reason ?? this.#finish
    }
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    const { request, requestId, createdAtMs, store } = this.#options
    const response = responseOf(request, requestId, createdAtMs, { status: 'in_progress', output: [], store })
    this.#say('response.created', { response })
    this.#say('response.in_progress', { response })
  }

  #end(): void {
    this.#begin()
    if (typeof this.#finish !== 'string') {
      this.#fail({ status: 502, code: 'engine_lost', message: 'The engine ended this answer without a finish reason.' })
      return
    }
    this.#output.end(this.#reason() !== undefined)
    this.#ended = true
    this.#over = true
  }

  #fail(trouble: Trouble): void {
    this.#begin()
    const { request, requestId, createdAtMs } = this.#options
    const response = responseOf(request, requestId, createdAtMs, {
      status: 'failed',
      output: this.#output.items('incomplete'),
      store: false,
      error: { code: 'server_error', message: `${trouble.message} (${trouble.code})` },
      ...(isObject(this.#usage) ? { usage: responseUsage(this.#usage, 0) } : {}),
    })
    this.#say('response.failed', { response })
    this.#over = true
  }

  #reason(): ResponseState['reason'] {
    if (this.#finish === 'length') return 'max_output_tokens'
    return this.#finish === 'content_filter' ? 'content_filter' : undefined
  }

  #say(type: string, fields: Json): void {
    const event = { type, sequence_number: this.#events++, ...fields }
    this.#out += `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`
  }

  #taken(): string {
    const out = this.#out
    this.#out = ''
    return out
  }
}
