/**
 * Chunks of a chat completion into the typed events of a message.
 *
 *   message_start · ping · (content_block_start · content_block_delta … · content_block_stop)* · message_delta · message_stop
 *
 * Blocks follow each other, while chunks may mix what they belong to: a second tool call may begin before the first one's
 * arguments are whole. So blocks stand in a line; the first is open and passes on what comes, the others hold it. A text
 * or a thought is over when something else comes, a call when its arguments are whole, or the answer is.
 *
 * A stream that breaks off ends in `error`, without `message_stop`. Pure module.
 */
import type { Trouble } from '../dialect.ts'
import { isObject, type Json, objectIn } from '../fields.ts'
import { NO_FINISH, troubleIn } from '../rewrite-answer.ts'
import { type Ending, endingOf, messageHead, signatureOf, toolUseId } from './answer.ts'
import { anthropicRefusal } from './errors.ts'
import { deltaUsage, messageUsage } from './usage.ts'

type Kind = 'thinking' | 'text' | 'tool_use'
type Block = {
  kind: Kind
  /** Which call, by the chunks' own number; null = no call. */
  call: number | null
  id: string
  name: string
  /** Of a call: all arguments so far. */
  whole: string
  /** Not passed on yet. */
  held: string
}

export class MessageStream {
  readonly #requestId: string
  /** The first is open. */
  #line: Block[] = []
  #blocksBegun = 0
  #calls = 0
  /** Names of calls by the chunks' number, in an engine's way of counting. */
  #callIds: string[] = []
  #begun = false
  #over = false
  #contentChunks = 0
  #finish: unknown = null
  #stop: unknown = null
  #refused = false
  #usage: unknown = null
  #out = ''

  constructor(requestId: string) {
    this.#requestId = requestId
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

  /** The engine is gone, or said what went wrong. */
  broken(trouble: Trouble): string {
    if (this.#over) return ''
    this.#over = true
    this.#say('error', anthropicRefusal(trouble, this.#requestId).body)
    return this.#taken()
  }

  #take(chunk: Json): void {
    if (isObject(chunk.error)) {
      this.#out += this.broken(troubleIn(chunk.error))
      return
    }
    if (isObject(chunk.usage)) this.#usage = chunk.usage
    this.#begin(chunk)
    const choices = Array.isArray(chunk.choices) ? (chunk.choices as unknown[]) : []
    for (const choice of choices) {
      if (!isObject(choice) || (choice.index ?? 0) !== 0) continue
      if (isObject(choice.delta)) this.#takeDelta(choice.delta)
      this.#finish = choice.finish_reason ?? this.#finish
      this.#stop = choice.stop_reason ?? this.#stop
    }
  }

  #begin(chunk: Json): void {
    if (this.#begun) return
    this.#begun = true
    this.#say('message_start', {
      message: {
        ...messageHead(this.#requestId, chunk.model),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: messageUsage(this.#usage),
      },
    })
    this.#say('ping', {})
  }

  #takeDelta(delta: Json): void {
    this.#takeText('thinking', delta.reasoning_content ?? delta.reasoning)
    this.#takeText('text', delta.content)
    if (typeof delta.refusal === 'string' && delta.refusal !== '') this.#refused = true
    this.#takeText('text', delta.refusal)
    const calls = Array.isArray(delta.tool_calls) ? (delta.tool_calls as unknown[]) : []
    for (const call of calls) if (isObject(call)) this.#takeCall(call)
  }

  #takeText(kind: 'thinking' | 'text', piece: unknown): void {
    if (typeof piece !== 'string' || piece === '') return
    this.#contentChunks++
    const last = this.#line.at(-1)
    this.#add(
      last?.kind === kind ? last : this.#queue({ kind, call: null, id: '', name: '', whole: '', held: '' }),
      piece,
    )
  }

  #takeCall(sent: Json): void {
    this.#contentChunks++
    const called = isObject(sent.function) ? sent.function : {}
    const number = this.#numberOf(sent)
    let block = this.#line.find(({ call }) => call === number)
    if (block === undefined) {
      if (number < this.#calls) return // a call that is over: nothing but white space can follow its arguments
      const id = toolUseId(sent.id, this.#requestId, number)
      const name = typeof called.name === 'string' ? called.name : ''
      this.#calls = number + 1
      block = this.#queue({ kind: 'tool_use', call: number, id, name, whole: '', held: '' })
    }
    if (typeof called.arguments !== 'string' || called.arguments === '') return
    block.whole += called.arguments
    this.#add(block, called.arguments)
  }

  /** Some engines leave out the number of a call, and some repeat its id. */
  #numberOf({ index, id }: Json): number {
    if (typeof index === 'number' && Number.isSafeInteger(index) && index >= 0) return index
    if (typeof id !== 'string') return Math.max(0, this.#calls - 1)
    const known = this.#callIds.indexOf(id)
    if (known >= 0) return known
    this.#callIds[this.#calls] = id
    return this.#calls
  }

  #queue(block: Block): Block {
    this.#line.push(block)
    if (this.#line.length === 1) this.#open(block)
    else this.#advance()
    return block
  }

  #add(block: Block, piece: string): void {
    block.held += piece
    if (block === this.#line[0]) this.#passOn(block)
    this.#advance()
  }

  /** Closes what is over, where something waits behind it. */
  #advance(): void {
    for (;;) {
      const [first, next] = this.#line
      if (first === undefined || next === undefined || !isOver(first)) return
      this.#close(first)
      this.#open(next)
    }
  }

  #open(block: Block): void {
    const content =
      block.kind === 'thinking'
        ? { type: 'thinking', thinking: '', signature: '' }
        : block.kind === 'text'
          ? { type: 'text', text: '', citations: null }
          : { type: 'tool_use', id: block.id, name: block.name, input: {}, caller: { type: 'direct' } }
    this.#say('content_block_start', { index: this.#blocksBegun++, content_block: content })
    this.#passOn(block)
  }

  #passOn(block: Block): void {
    if (block.held === '') return
    const piece = block.held
    block.held = ''
    if (block.kind === 'thinking') this.#delta({ type: 'thinking_delta', thinking: piece })
    else if (block.kind === 'text') this.#delta({ type: 'text_delta', text: piece })
    else this.#delta({ type: 'input_json_delta', partial_json: piece })
  }

  #close(block: Block): void {
    if (block.kind === 'thinking') this.#delta({ type: 'signature_delta', signature: signatureOf(this.#requestId) })
    this.#say('content_block_stop', { index: this.#blocksBegun - 1 })
    this.#line.shift()
  }

  #delta(delta: Json): void {
    this.#say('content_block_delta', { index: this.#blocksBegun - 1, delta })
  }

  #end(): void {
    if (this.#begun && this.#finish === null) {
      this.#out += this.broken(NO_FINISH)
      return
    }
    this.#begin({})
    for (let first = this.#line[0]; first !== undefined; first = this.#line[0]) {
      this.#close(first)
      if (this.#line[0] !== undefined) this.#open(this.#line[0])
    }
    const ending: Ending = endingOf(this.#finish, this.#stop, this.#calls > 0, this.#refused)
    this.#say('message_delta', {
      delta: { ...ending, stop_details: null, container: null },
      usage: deltaUsage(this.#usage, this.#contentChunks),
    })
    this.#say('message_stop', {})
    this.#over = true
  }

  #say(type: string, rest: object): void {
    this.#out += `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  }

  #taken(): string {
    const out = this.#out
    this.#out = ''
    return out
  }
}

function isOver({ kind, whole }: Block): boolean {
  return kind !== 'tool_use' || objectIn(whole) !== null
}
