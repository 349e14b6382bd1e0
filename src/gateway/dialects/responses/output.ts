/**
 * Puts the items of an answer together from the chunks of a chat completion, and tells the events of it on the way.
 *
 *   output_item.added · (content_part.added · …delta … · …done · content_part.done)* · output_item.done, for each item
 *
 * A thought or a text is over when something else comes, a call when its arguments are whole and something else comes, or
 * the answer is at its end. Chunks may mix what belongs to two calls; so may these events, since each names its item.
 *
 * Pure module.
 */
import { outputItemId } from '../../../responses/stored-response.ts'
import { isObject, type Json, objectIn } from '../fields.ts'
import { sealedReasoning } from './reasoning.ts'

type Logprob = { token: string; logprob: number; bytes: number[]; top_logprobs: Json[] }
type Reasoning = { kind: 'reasoning'; text: string }
type Message = { kind: 'message'; parts: MessagePart[] }
type MessagePart = { type: 'output_text' | 'refusal'; text: string; logprobs: Logprob[] }
type Call = { kind: 'function_call'; number: number; callId: string; name: string; text: string }
type OpenItem = (Reasoning | Message | Call) & { id: string; place: number; isOver: boolean }

export type OutputOptions = {
  requestId: string
  /** Thoughts are told as a summary. */
  summarizes: boolean
  /** Thoughts come with what a client sends back. */
  seals: boolean
  say(type: string, fields: Json): void
}

export class ResponseOutput {
  /** Pieces of content that came. */
  pieces = 0
  readonly #options: OutputOptions
  readonly #items: OpenItem[] = []
  /** Names of calls, in the order in which they began, where an engine numbers none. */
  readonly #callIds: string[] = []

  constructor(options: OutputOptions) {
    this.#options = options
  }

  /** @param delta of a choice of a chunk, or the message of a whole answer */
  take(delta: Json, logprobs: unknown): void {
    this.#takeThoughts(delta.reasoning_content ?? delta.reasoning)
    this.#takeText('output_text', delta.content, logprobsIn(logprobs))
    this.#takeText('refusal', delta.refusal, [])
    const calls = Array.isArray(delta.tool_calls) ? (delta.tool_calls as unknown[]) : []
    for (const call of calls) if (isObject(call)) this.#takeCall(call)
  }

  /** The answer is over. @param isCut it has reached a bound: what was being said is not whole */
  end(isCut: boolean): void {
    const open = this.#items.filter(({ isOver }) => !isOver)
    for (const item of open) this.#close(item, isCut && item === open.at(-1) ? 'incomplete' : 'completed')
  }

  /** As they are now. @param status of those that are not over */
  items(status: 'in_progress' | 'incomplete' | 'completed'): Json[] {
    return this.#items.map((item) => this.#wire(item, item.isOver ? 'completed' : status))
  }

  #takeThoughts(piece: unknown): void {
    if (typeof piece !== 'string' || piece === '') return
    this.pieces++
    const last = this.#items.at(-1)
    const item = last?.kind === 'reasoning' && !last.isOver ? last : this.#add({ kind: 'reasoning', text: '' })
    if (item.kind !== 'reasoning') return
    const index = this.#options.summarizes ? { summary_index: 0 } : { content_index: 0 }
    const place = { item_id: item.id, output_index: item.place, ...index }
    if (item.text === '') {
      if (this.#options.summarizes)
        this.#say('response.reasoning_summary_part.added', { ...place, part: { type: 'summary_text', text: '' } })
      else this.#say('response.content_part.added', { ...place, part: { type: 'reasoning_text', text: '' } })
    }
    item.text += piece
    this.#say(`response.${this.#thoughtsName}.delta`, { ...place, delta: piece })
  }

  #takeText(type: MessagePart['type'], piece: unknown, logprobs: Logprob[]): void {
    if (typeof piece !== 'string' || (piece === '' && logprobs.length === 0)) return
    if (piece !== '') this.pieces++
    const last = this.#items.at(-1)
    if (piece === '' && last?.kind !== 'message') return
    const item = last?.kind === 'message' && !last.isOver ? last : this.#add({ kind: 'message', parts: [] })
    if (item.kind !== 'message') return
    const part = this.#partOf(item, type)
    part.text += piece
    part.logprobs.push(...logprobs)
    const place = { item_id: item.id, output_index: item.place, content_index: item.parts.length - 1, delta: piece }
    if (type === 'refusal') this.#say('response.refusal.delta', place)
    else this.#say('response.output_text.delta', { ...place, logprobs: logprobs.map(shortLogprob) })
  }

  /** The open part of a message, after closing one of another type. */
  #partOf(item: OpenItem & Message, type: MessagePart['type']): MessagePart {
    const last = item.parts.at(-1)
    if (last?.type === type) return last
    if (last !== undefined) this.#closePart(item)
    const part: MessagePart = { type, text: '', logprobs: [] }
    item.parts.push(part)
    const place = { item_id: item.id, output_index: item.place, content_index: item.parts.length - 1 }
    this.#say('response.content_part.added', { ...place, part: wirePart(part) })
    return part
  }

  #takeCall(sent: Json): void {
    this.pieces++
    const called = isObject(sent.function) ? sent.function : {}
    const number = this.#numberOf(sent)
    const known = this.#items.find((item) => item.kind === 'function_call' && item.number === number)
    const item = known ?? this.#addCall(sent.id, called.name, number)
    const piece = called.arguments
    if (item.kind !== 'function_call' || item.isOver || typeof piece !== 'string' || piece === '') return
    item.text += piece
    const place = { item_id: item.id, output_index: item.place }
    this.#say('response.function_call_arguments.delta', { ...place, delta: piece })
  }

  #addCall(id: unknown, name: unknown, number: number): OpenItem {
    const callId = typeof id === 'string' && id !== '' ? id : `call_${this.#options.requestId.slice(4)}_${number}`
    return this.#add({
      kind: 'function_call',
      number,
      callId,
      name: typeof name === 'string' ? name : '',
      text: '',
    })
  }

  /** Some engines leave out the number of a call, and some repeat its id. */
  #numberOf({ index, id }: Json): number {
    if (typeof index === 'number') return index
    if (typeof id !== 'string' || id === '') return Math.max(0, this.#callIds.length - 1)
    const known = this.#callIds.indexOf(id)
    return known >= 0 ? known : this.#callIds.push(id) - 1
  }

  /** Begins an item, after closing those that are over. */
  #add(begun: Reasoning | Message | Call): OpenItem {
    for (const item of this.#items)
      if (!item.isOver && (item.kind !== 'function_call' || objectIn(item.text) !== null))
        this.#close(item, 'completed')
    const place = this.#items.length
    const item = { ...begun, id: outputItemId(this.#options.requestId, begun.kind, place), place, isOver: false }
    this.#items.push(item)
    this.#say('response.output_item.added', { output_index: place, item: this.#wire(item, 'in_progress') })
    return item
  }

  #close(item: OpenItem, status: 'completed' | 'incomplete'): void {
    const place = { item_id: item.id, output_index: item.place }
    if (item.kind === 'reasoning') this.#closeThoughts(item)
    else if (item.kind === 'message') this.#closePart(item)
    else {
      const done = { ...place, name: item.name, arguments: item.text }
      this.#say('response.function_call_arguments.done', done)
    }
    this.#say('response.output_item.done', { output_index: item.place, item: this.#wire(item, status) })
    // One that is not whole stays as it is told here: only what is over is told as completed later.
    item.isOver = status === 'completed'
  }

  #closeThoughts(item: OpenItem & Reasoning): void {
    const index = this.#options.summarizes ? { summary_index: 0 } : { content_index: 0 }
    const place = { item_id: item.id, output_index: item.place, ...index }
    this.#say(`response.${this.#thoughtsName}.done`, { ...place, text: item.text })
    const type = this.#options.summarizes ? 'summary_text' : 'reasoning_text'
    const name = this.#options.summarizes ? 'reasoning_summary_part' : 'content_part'
    this.#say(`response.${name}.done`, { ...place, part: { type, text: item.text } })
  }

  #closePart(item: OpenItem & Message): void {
    const part = item.parts.at(-1)
    if (part === undefined) return
    const place = { item_id: item.id, output_index: item.place, content_index: item.parts.length - 1 }
    if (part.type === 'refusal') this.#say('response.refusal.done', { ...place, refusal: part.text })
    else
      this.#say('response.output_text.done', { ...place, text: part.text, logprobs: part.logprobs.map(shortLogprob) })
    this.#say('response.content_part.done', { ...place, part: wirePart(part) })
  }

  #wire(item: OpenItem, status: 'in_progress' | 'completed' | 'incomplete'): Json {
    const { id } = item
    switch (item.kind) {
      case 'reasoning': {
        const { summarizes, seals } = this.#options
        const isBegun = item.text !== ''
        return {
          id,
          type: 'reasoning',
          summary: summarizes && isBegun ? [{ type: 'summary_text', text: item.text }] : [],
          ...(summarizes ? {} : { content: isBegun ? [{ type: 'reasoning_text', text: item.text }] : [] }),
          ...(seals ? { encrypted_content: status === 'in_progress' ? null : sealedReasoning(item.text) } : {}),
          status,
        }
      }
      case 'message':
        return { id, type: 'message', status, role: 'assistant', content: item.parts.map(wirePart) }
      case 'function_call':
        return { id, type: 'function_call', status, call_id: item.callId, name: item.name, arguments: item.text }
      default:
        return item satisfies never
    }
  }

  get #thoughtsName(): string {
    return this.#options.summarizes ? 'reasoning_summary_text' : 'reasoning_text'
  }

  #say(type: string, fields: Json): void {
    this.#options.say(type, fields)
  }
}

function wirePart({ type, text, logprobs }: MessagePart): Json {
  return type === 'refusal' ? { type, refusal: text } : { type, annotations: [], logprobs, text }
}

/** @param logprobs of a choice of a chat completion */
function logprobsIn(logprobs: unknown): Logprob[] {
  const content = isObject(logprobs) && Array.isArray(logprobs.content) ? (logprobs.content as unknown[]) : []
  return content.filter(isObject).map((one) => ({
    ...tokenIn(one),
    top_logprobs: (Array.isArray(one.top_logprobs) ? one.top_logprobs : []).filter(isObject).map(tokenIn),
  }))
}

function tokenIn({ token, logprob, bytes }: Json): { token: string; logprob: number; bytes: number[] } {
  return { token: String(token), logprob: Number(logprob), bytes: Array.isArray(bytes) ? (bytes as number[]) : [] }
}

/** As events have it, which leave out the bytes. */
function shortLogprob({ token, logprob, top_logprobs }: Logprob): Json {
  return { token, logprob, top_logprobs: top_logprobs.map((top) => ({ token: top.token, logprob: top.logprob })) }
}
