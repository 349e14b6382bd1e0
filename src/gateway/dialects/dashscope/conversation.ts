/**
 * `input` into chat messages.
 *
 *   input.prompt                        → one message of a user
 *   input.messages, content as text     → the same
 *   input.messages, content [{ text }]  → the same text
 *   input.messages, [{ text }, { image }] → parts, of which some are pictures
 *
 * Pure module.
 */
import { FieldInvalid, FieldMissing, FieldUnsupported } from '../../errors.ts'
import type { Fields, Json } from '../fields.ts'

type Part = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } }

const ROLES = new Set(['system', 'user', 'assistant', 'tool'])
/** Of a turn that the model took, or that answers one. The engine reads them as they are. */
const CARRIED = ['name', 'tool_calls', 'tool_call_id', 'reasoning_content']

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function chatMessages(input: Fields): Json[] {
  if ((input.list('history') ?? []).length > 0) {
    throw new FieldUnsupported({ param: input.path('history'), trouble: 'earlier turns are taken in messages only' })
  }
  const messages = input.objects('messages')
  if (messages === null) return [{ role: 'user', content: promptOf(input) }]
  if (messages.length === 0) {
    throw new FieldInvalid({ param: input.path('messages'), trouble: 'at least one message is required' })
  }
  return messages.map(chatMessage)
}

function promptOf(input: Fields): string {
  const prompt = input.string('prompt')
  if (prompt === null) throw new FieldMissing({ param: input.path('messages') })
  return prompt
}

function chatMessage(message: Fields): Json {
  const role = message.requiredString('role')
  if (!ROLES.has(role)) {
    throw new FieldInvalid({ param: message.path('role'), trouble: `must be one of ${[...ROLES].join(', ')}` })
  }
  if (message.boolean('partial') === true) {
    throw new FieldUnsupported({ param: message.path('partial'), trouble: 'a begun answer is not gone on with here' })
  }
  const chat: Json = { role, content: contentOf(message) }
  for (const name of CARRIED) {
    const value = message.raw(name)
    if (value !== undefined) chat[name] = value
  }
  return chat
}

/** Plain text wherever it is text, since some engines take parts of a user only. */
function contentOf(message: Fields): string | Part[] | null {
  const content = message.raw('content')
  if (content === undefined || typeof content === 'string') return content ?? null
  const parts = (message.objects('content') ?? []).map(partOf)
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  return texts.length === parts.length ? texts.join('\n') : parts
}

/** What a part is, its one key says; `type` beside it, as some clients write, says the same again. */
function partOf(part: Fields): Part {
  const text = part.string('text')
  if (text !== null) return { type: 'text', text }
  const url = part.string('image')
  if (url !== null) return { type: 'image_url', image_url: { url } }
  throw new FieldUnsupported({ param: part.path(), trouble: 'only parts with text or image are taken here' })
}
