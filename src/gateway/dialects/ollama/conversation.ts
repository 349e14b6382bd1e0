/**
 * Ollama's messages into chat messages.
 *
 * Two things are said less exactly there: images come as bare base64, without their type, and a tool's result may name the
 * tool where OpenAI's names the call. So images are known by their first bytes, calls are numbered, and a result belongs
 * to the first call of that tool that has none yet.
 *
 * Pure module.
 */
import { FieldInvalid } from '../../errors.ts'
import type { Fields, Json } from '../fields.ts'

type Call = { id: string; name: string }

/** First bytes in base64. */
const IMAGE_TYPES = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
] as const

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid */
export function chatMessages(messages: readonly Fields[]): Json[] {
  const unanswered: Call[] = []
  let calls = 0
  return messages.map((message) => {
    const role = message.requiredString('role')
    const content = message.string('content') ?? ''
    switch (role) {
      case 'system':
      case 'user':
        return { role, content: contentOf(content, message) }
      case 'assistant': {
        const made = (message.objects('tool_calls') ?? []).map((call) => callOf(call, `call_${calls++}`))
        unanswered.push(...made.map(({ id, function: { name } }) => ({ id, name })))
        const thoughts = message.string('thinking') ?? ''
        return {
          role,
          content: content === '' && made.length > 0 ? null : content,
          ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
          ...(made.length === 0 ? {} : { tool_calls: made }),
        }
      }
      case 'tool': {
        const id = answeredBy(message, unanswered)
        return { role, content, ...(id === null ? {} : { tool_call_id: id }) }
      }
      default:
        throw new FieldInvalid({ param: message.path('role'), trouble: 'must be system, user, assistant or tool' })
    }
  })
}

/** Text, or with images parts of it. @throws FieldOfWrongType · FieldInvalid */
export function contentOf(text: string, holder: Fields): string | Json[] {
  const images = holder.list('images') ?? []
  if (images.length === 0) return text
  return [
    ...(text === '' ? [] : [{ type: 'text', text }]),
    ...images.map((image, index) => ({
      type: 'image_url',
      image_url: { url: imageUrl(image, `${holder.path('images')}.${index}`) },
    })),
  ]
}

function imageUrl(image: unknown, param: string): string {
  const data = typeof image === 'string' ? image : ''
  if (data.startsWith('data:image/')) return data
  const type = IMAGE_TYPES.find(([start]) => data.startsWith(start))?.[1]
  if (type === undefined) throw new FieldInvalid({ param, trouble: 'must be a PNG, JPEG, GIF or WebP image in base64' })
  return `data:${type};base64,${data}`
}

function callOf(call: Fields, numbered: string) {
  const called = call.requiredObject('function')
  const args = called.object('arguments') === null ? {} : called.raw('arguments')
  return {
    id: call.string('id') ?? numbered,
    type: 'function',
    function: { name: called.requiredString('name'), arguments: JSON.stringify(args) },
  }
}

function answeredBy(message: Fields, unanswered: Call[]): string | null {
  const id = message.string('tool_call_id')
  const name = message.string('tool_name')
  const at = unanswered.findIndex((call) => (id === null ? name === null || call.name === name : call.id === id))
  const [answered] = at < 0 ? [] : unanswered.splice(at, 1)
  return id ?? answered?.id ?? null
}
