/**
 * The typed events of a message into chunks of a chat completion.
 *
 *   message_start          what the prompt cost, so that a stream which is cut is not free
 *   content_block_start    a tool call's name, a thought that only Anthropic reads
 *   content_block_delta    text, thoughts, their signature, arguments
 *   message_delta          the finish reason
 *   message_stop           the totals, and [DONE]
 *   error                  an error, after which nothing comes
 *
 * Unknown events and deltas are passed over, as Anthropic asks its clients to. Pure module.
 */
import { isObject, type Json, objectIn } from '../../dialects/fields.ts'
import { completionId, detailOf, endingOf, usageOf } from './answer.ts'
import { errorOf } from './errors.ts'

export class ChunkStream {
  readonly #createdS: number
  #id = ''
  #model: unknown = ''
  #usage: Json = {}
  /** Numbers of calls among calls, by the number of their block. */
  readonly #calls = new Map<unknown, number>()
  #over = false

  /** @param createdS when it was asked, seconds since the epoch */
  constructor(createdS: number) {
    this.#createdS = createdS
  }

  /** @param data of one whole event @returns data of as many events of a chat completion */
  push(data: string): string[] {
    const event = this.#over ? null : objectIn(data)
    return event === null ? [] : this.#take(event)
  }

  #take(event: Json): string[] {
    switch (event.type) {
      case 'message_start':
        return this.#begin(isObject(event.message) ? event.message : {})
      case 'content_block_start':
        return this.#beginBlock(event.index, isObject(event.content_block) ? event.content_block : {})
      case 'content_block_delta':
        return this.#continueBlock(event.index, isObject(event.delta) ? event.delta : {})
      case 'message_delta':
        this.#learn(event.usage)
        return isObject(event.delta) && typeof event.delta.stop_reason === 'string'
          ? [this.#chunk({}, endingOf(event.delta))]
          : []
      case 'message_stop':
        this.#over = true
        return [this.#totals(), '[DONE]']
      case 'error':
        this.#over = true
        return [JSON.stringify(errorOf(event))]
      default:
        return []
    }
  }

  #begin(message: Json): string[] {
    this.#id = completionId(message.id)
    this.#model = message.model ?? ''
    this.#learn(message.usage)
    return [this.#chunk({ role: 'assistant', content: '' }), this.#totals()]
  }

  #beginBlock(index: unknown, block: Json): string[] {
    if (block.type === 'text') return this.#text('content', block.text)
    if (block.type === 'thinking') return this.#text('reasoning_content', block.thinking)
    if (block.type === 'redacted_thinking') return [this.#chunk({ reasoning_details: [detailOf(block)] })]
    if (block.type !== 'tool_use') return []
    const number = this.#calls.size
    this.#calls.set(index, number)
    const called = { name: block.name, arguments: '' }
    return [this.#chunk({ tool_calls: [{ index: number, id: block.id, type: 'function', function: called }] })]
  }

  #continueBlock(index: unknown, delta: Json): string[] {
    if (delta.type === 'text_delta') return this.#text('content', delta.text)
    if (delta.type === 'thinking_delta') return this.#text('reasoning_content', delta.thinking)
    if (delta.type === 'signature_delta')
      return [this.#chunk({ reasoning_details: [{ type: 'reasoning.text', signature: delta.signature }] })]
    const call = this.#calls.get(index)
    if (delta.type !== 'input_json_delta' || call === undefined || delta.partial_json === '') return []
    return [this.#chunk({ tool_calls: [{ index: call, function: { arguments: delta.partial_json } }] })]
  }

  #text(field: 'content' | 'reasoning_content', text: unknown): string[] {
    return typeof text === 'string' && text !== '' ? [this.#chunk({ [field]: text })] : []
  }

  /** Counts rise; those that an event does not name stay as they were. */
  #learn(usage: unknown): void {
    if (!isObject(usage)) return
    for (const [name, value] of Object.entries(usage)) if (value !== null) this.#usage[name] = value
  }

  #chunk(delta: Json, ending: Json = { finish_reason: null }): string {
    return this.#written({ choices: [{ index: 0, delta, ...ending, logprobs: null }] })
  }

  #totals(): string {
    return this.#written({ choices: [], usage: usageOf(this.#usage) })
  }

  #written(rest: Json): string {
    const head = { id: this.#id, object: 'chat.completion.chunk', created: this.#createdS, model: this.#model }
    return JSON.stringify({ ...head, ...rest })
  }
}
