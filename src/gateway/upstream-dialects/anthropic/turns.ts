/** Chat messages into Anthropic's turns of content blocks, which alternate between user and assistant. Pure module. */
import { Fields, isObject, type Json, objectIn } from '../../dialects/fields.ts'
import { FieldInvalid, FieldUnsupported } from '../../errors.ts'

type Turn = { role: 'user' | 'assistant'; content: Json[] }

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function turnsOf(messages: readonly Fields[]): { system: string; turns: Turn[] } {
  const system: string[] = []
  const turns: Turn[] = []
  const say = (role: Turn['role'], blocks: Json[]) => {
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...blocks)
    else if (blocks.length > 0) turns.push({ role, content: blocks })
  }
  for (const message of messages) {
    const role = message.requiredString('role')
    if (role === 'system' || role === 'developer') system.push(textOf(message))
    else if (role === 'user') say('user', blocksOf(message))
    else if (role === 'tool') say('user', [toolResult(message)])
    else if (role === 'assistant') say('assistant', assistantBlocks(message))
    else throw new FieldInvalid({ param: message.path('role'), trouble: 'must be system, user, assistant or tool' })
  }
  return { system: system.filter((text) => text !== '').join('\n\n'), turns }
}

function assistantBlocks(message: Fields): Json[] {
  const said = message.raw('content') === undefined ? [] : blocksOf(message)
  return [...thoughtsOf(message), ...said, ...(message.objects('tool_calls') ?? []).map(toolUse)]
}

/** Only what Anthropic has signed: `reasoning_content` alone is somebody's word. */
function thoughtsOf(message: Fields): Json[] {
  return (message.list('reasoning_details') ?? []).filter(isObject).flatMap((detail): Json[] => {
    if (detail.type === 'reasoning.text' && typeof detail.signature === 'string' && detail.signature !== '')
      return [{ type: 'thinking', thinking: String(detail.text ?? ''), signature: detail.signature }]
    if (detail.type === 'reasoning.encrypted' && typeof detail.data === 'string')
      return [{ type: 'redacted_thinking', data: detail.data }]
    return []
  })
}

function toolUse(call: Fields): Json {
  const called = call.requiredObject('function')
  const text = called.string('arguments') ?? ''
  const input = text.trim() === '' ? {} : objectIn(text)
  if (input === null) throw new FieldInvalid({ param: called.path('arguments'), trouble: 'must be JSON of an object' })
  return { type: 'tool_use', id: call.requiredString('id'), name: called.requiredString('name'), input }
}

function toolResult(message: Fields): Json {
  const content = message.raw('content') === undefined ? [] : blocksOf(message)
  return { type: 'tool_result', tool_use_id: message.requiredString('tool_call_id'), content }
}

function textOf(message: Fields): string {
  return blocksOf(message)
    .map((block) => {
      if (block.type !== 'text')
        throw new FieldUnsupported({ param: message.path('content'), trouble: 'must be text here' })
      return block.text
    })
    .join('\n')
}

/** Anthropic refuses empty texts, which OpenAI's clients send beside calls. */
function blocksOf(message: Fields): Json[] {
  const content = message.required('content')
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return (message.objects('content') ?? []).flatMap(blockOf)
}

function blockOf(part: Fields): Json[] {
  const type = part.requiredString('type')
  if (type === 'text') {
    const text = part.requiredString('text')
    return text === '' ? [] : [{ type: 'text', text }]
  }
  if (type === 'image_url') return [imageOf(part)]
  throw new FieldUnsupported({
    param: part.path('type'),
    trouble: `${type.slice(0, 60)} is not taken by the upstream of this model`,
  })
}

function imageOf(part: Fields): Json {
  const image = part.raw('image_url')
  const url = typeof image === 'string' ? image : new Fields(image, part.path('image_url')).requiredString('url')
  const data = /^data:([\w.+/-]+);base64,(.*)$/s.exec(url)
  if (data !== null) return { type: 'image', source: { type: 'base64', media_type: data[1], data: data[2] } }
  return { type: 'image', source: { type: 'url', url } }
}
