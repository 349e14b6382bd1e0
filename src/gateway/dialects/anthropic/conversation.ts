/**
 * Messages of content blocks into chat messages.
 *
 *   system (text or blocks)               → a system message
 *   user [tool_result, tool_result, text] → tool, tool, user: one message each, in their order
 *   assistant [thinking, text, tool_use]  → one message: reasoning_content, content, tool_calls
 *
 * Turns of one role that follow each other are one turn, as Anthropic reads them, since many templates refuse two. Texts
 * of an assistant are joined without a break: they are what the model wrote, and a prompt that begins as the last one did
 * is found computed. `cache_control` and `citations` are passed over: what is shared is found without being told.
 *
 * Pure module.
 */
import { FieldInvalid, FieldMissing, FieldUnsupported } from '../../errors.ts'
import { Fields, type Json } from '../fields.ts'

type Part = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } }
type Call = { id: string; type: 'function'; function: { name: string; arguments: string } }
type Turn =
  | { role: 'system' | 'user'; parts: Part[] }
  | { role: 'tool'; callId: string; parts: Part[] }
  | { role: 'assistant'; text: string; thoughts: string; calls: Call[] }

/**
 * @param asked the body
 * @returns messages of a chat completion
 * @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported
 */
export function chatMessages(asked: Fields): Json[] {
  const conversation = new Conversation()
  if (asked.raw('system') !== undefined) conversation.say('system', textParts(asked, 'system'))
  const messages = asked.objects('messages')
  if (messages === null) throw new FieldMissing({ param: 'messages' })
  if (messages.length === 0) throw new FieldInvalid({ param: 'messages', trouble: 'at least one message is required' })
  for (const message of messages) conversation.take(message)
  return conversation.turns.map(toChat)
}

class Conversation {
  readonly turns: Turn[] = []

  take(message: Fields): void {
    const role = message.requiredString('role')
    message.required('content')
    if (role === 'user') this.#takeUser(message)
    else if (role === 'assistant') this.#takeAssistant(message)
    else if (role === 'system') this.say('system', textParts(message, 'content'))
    else throw new FieldInvalid({ param: message.path('role'), trouble: 'must be user, assistant or system' })
  }

  say(role: 'system' | 'user', parts: Part[]): void {
    const last = this.turns.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else this.turns.push({ role, parts })
  }

  #takeUser(message: Fields): void {
    const blocks = blocksOf(message, 'content')
    if (blocks.length === 0) this.say('user', [])
    for (const block of blocks) {
      if (block.requiredString('type') === 'tool_result') this.turns.push(toolResult(block))
      else this.say('user', [partOf(block)])
    }
  }

  #takeAssistant(message: Fields): void {
    const turn = this.#assistant()
    for (const block of blocksOf(message, 'content')) {
      const type = block.requiredString('type')
      if (type === 'text') turn.text += block.requiredString('text')
      else if (type === 'thinking') turn.thoughts += block.requiredString('thinking')
      else if (type === 'tool_use') turn.calls.push(callOf(block))
      // What only its maker can read says nothing to any model here.
      else if (type !== 'redacted_thinking') throw unsupportedBlock(block, type)
    }
  }

  #assistant(): Turn & { role: 'assistant' } {
    const last = this.turns.at(-1)
    if (last?.role === 'assistant') return last
    const turn = { role: 'assistant' as const, text: '', thoughts: '', calls: [] }
    this.turns.push(turn)
    return turn
  }
}

function toolResult(block: Fields): Turn {
  const parts = block.raw('content') === undefined ? [] : blocksOf(block, 'content').map(partOf)
  // Chat completions have no place for the flag, and a model that reads a failure as a result goes on from nonsense.
  const failed = block.boolean('is_error') ?? false
  const first = parts[0]
  if (failed && first?.type === 'text') parts[0] = { type: 'text', text: `Error: ${first.text}` }
  else if (failed) parts.unshift({ type: 'text', text: 'Error' })
  return { role: 'tool', callId: block.requiredString('tool_use_id'), parts }
}

function callOf(block: Fields): Call {
  const input = block.requiredObject('input') && block.raw('input')
  return {
    id: block.requiredString('id'),
    type: 'function',
    function: { name: block.requiredString('name'), arguments: JSON.stringify(input) },
  }
}

/** Content as text is one block of text. */
function blocksOf(fields: Fields, name: string): Fields[] {
  const content = fields.raw(name)
  if (typeof content === 'string') return [new Fields({ type: 'text', text: content }, fields.path(name))]
  return fields.objects(name) ?? []
}

function textParts(fields: Fields, name: string): Part[] {
  return blocksOf(fields, name).map((block) => {
    const type = block.requiredString('type')
    if (type !== 'text') throw unsupportedBlock(block, type)
    return { type: 'text', text: block.requiredString('text') }
  })
}

function partOf(block: Fields): Part {
  const type = block.requiredString('type')
  if (type === 'text') return { type: 'text', text: block.requiredString('text') }
  if (type === 'image') return { type: 'image_url', image_url: { url: imageUrl(block) } }
  if (type === 'document') return { type: 'text', text: documentText(block) }
  if (type === 'search_result') return { type: 'text', text: searchResultText(block) }
  throw unsupportedBlock(block, type)
}

function imageUrl(block: Fields): string {
  const source = block.requiredObject('source')
  const type = source.requiredString('type')
  if (type === 'url') return source.requiredString('url')
  if (type === 'base64') return `data:${source.requiredString('media_type')};base64,${source.requiredString('data')}`
  throw unsupportedSource(source, type)
}

function documentText(block: Fields): string {
  const source = block.requiredObject('source')
  const type = source.requiredString('type')
  const heads = [block.string('title'), block.string('context')]
  if (type === 'text') return lines(...heads, source.requiredString('data'))
  if (type !== 'content') throw unsupportedSource(source, type)
  return lines(...heads, ...textsOf(textParts(source, 'content')))
}

function searchResultText(block: Fields): string {
  const texts = textsOf(textParts(block, 'content'))
  return lines(block.string('title'), block.string('source'), ...texts)
}

function toChat(turn: Turn): Json {
  switch (turn.role) {
    case 'system':
    case 'user':
      return { role: turn.role, content: contentOf(turn.parts) }
    case 'tool':
      return { role: 'tool', tool_call_id: turn.callId, content: contentOf(turn.parts) }
    case 'assistant':
      return {
        role: 'assistant',
        content: turn.text === '' && turn.calls.length > 0 ? null : turn.text,
        ...(turn.thoughts === '' ? {} : { reasoning_content: turn.thoughts }),
        ...(turn.calls.length === 0 ? {} : { tool_calls: turn.calls }),
      }
    default:
      return turn satisfies never
  }
}

/** Plain text wherever it is text, since some engines take parts of a user only. */
function contentOf(parts: readonly Part[]): string | readonly Part[] {
  const texts = textsOf(parts)
  return texts.length === parts.length ? texts.join('\n') : parts
}

function textsOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))
}

function lines(...texts: (string | null)[]): string {
  return texts.filter((text) => text !== null && text !== '').join('\n')
}

function unsupportedBlock(block: Fields, type: string): FieldUnsupported {
  return new FieldUnsupported({
    param: block.path('type'),
    trouble: `a block of type ${type.slice(0, 60)} is not taken here`,
  })
}

function unsupportedSource(source: Fields, type: string): FieldUnsupported {
  return new FieldUnsupported({
    param: source.path('type'),
    trouble: `a source of type ${type.slice(0, 60)} is not taken here`,
  })
}
