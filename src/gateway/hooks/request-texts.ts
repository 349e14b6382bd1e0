/**
 * Where people's words are in a request, in whichever API's words the request is: every string under a name that holds text.
 * What decides about the request (model, parameters, schemas, names of tools) is not among them.
 *
 * It is the client's body that is looked through, before a dialect reads it: what is kept of a request, or translated, or
 * sent on, is then what was looked through. One walk for each dialect was the alternative, and each would forget a field.
 *
 * Pure module.
 */

import { isObject, type Json } from '../dialects/fields.ts'
import { BodyNotJson, FieldUnsupported } from '../errors.ts'

/** A text in its place, so that another can be put there. */
export type TextPlace = { holder: Json | unknown[]; key: string | number; text: string }

/** Names of fields that hold text, or parts and lists that do. */
const TEXT_FIELDS = new Set([
  ...['messages', 'content', 'text', 'prompt', 'suffix', 'input', 'instructions', 'system', 'refusal', 'output'],
  ...['reasoning', 'reasoning_content', 'thinking', 'summary', 'history', 'user', 'bot', 'texts'],
  ...['query', 'queries', 'documents', 'text_1', 'text_2', 'context', 'title'],
  ...['tool_calls', 'function', 'function_call', 'arguments', 'prediction', 'source', 'data'],
])
/** Names within these that are not anybody's words. */
const NOT_TEXT = new Set([
  ...['type', 'role', 'id', 'name', 'call_id', 'tool_call_id', 'tool_use_id', 'status', 'cache_control', 'format'],
  ...['image_url', 'url', 'images', 'image', 'input_audio', 'file', 'file_id', 'file_data', 'media_type', 'signature'],
  ...['encrypted_content', 'detail', 'citations'],
])
const DEPTH_MAX = 1_000

/** @throws BodyNotJson where it goes too deep · FieldUnsupported where words come as tokens, which nobody can look through */
export function textsIn(body: unknown): TextPlace[] {
  const places: TextPlace[] = []
  if (!isObject(body)) return places
  for (const [key, value] of Object.entries(body)) {
    if (TEXT_FIELDS.has(key) && !(key === 'user' && typeof value === 'string')) collect(body, key, value, 0, places)
  }
  return places
}

/** What a guard is asked to judge: of a conversation what came last, from the user's words on; else everything. */
export function lastTextsIn(body: unknown): string[] {
  if (!isObject(body)) return []
  const nested = isObject(body.input) ? body.input.messages : undefined
  const list = [body.messages, nested, body.input].find(
    (value) => Array.isArray(value) && value.some((one) => isObject(one) && typeof one.role === 'string'),
  ) as unknown[] | undefined
  if (list === undefined) return textsIn(body).map(({ text }) => text)
  const last = list.findLastIndex((message) => isObject(message) && message.role === 'user')
  return textsIn({ messages: list.slice(Math.max(0, last)) }).map(({ text }) => text)
}

/** Every image's place on the web that a request names; a `data:` URL holds its image itself and is among them. */
export function imageUrlsIn(value: unknown, depth = 0): string[] {
  if (depth > DEPTH_MAX || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const isImage = key === 'image_url' || key === 'image' || key === 'video' || key === 'video_url'
    const isSource = key === 'source' && isObject(child) && child.type === 'url'
    if (isImage && typeof child === 'string') return [child]
    if ((isImage || isSource) && isObject(child) && typeof child.url === 'string') return [child.url]
    return imageUrlsIn(child, depth + 1)
  })
}

function collect(
  holder: Json | unknown[],
  key: string | number,
  value: unknown,
  depth: number,
  places: TextPlace[],
): void {
  if (depth > DEPTH_MAX) throw new BodyNotJson({ at: 0, trouble: `nesting deeper than ${DEPTH_MAX}` })
  if (typeof value === 'string') {
    if (value !== '') places.push({ holder, key, text: value })
  } else if (Array.isArray(value)) {
    if ((key === 'prompt' || key === 'input' || typeof key === 'number') && typeof value[0] === 'number') {
      const trouble = 'this project has its requests looked through, which needs text in place of tokens'
      throw new FieldUnsupported({ param: String(key), trouble })
    }
    for (const [index, one] of value.entries()) collect(value, index, one, depth + 1, places)
  } else if (isObject(value)) {
    for (const [name, one] of Object.entries(value)) {
      if (!NOT_TEXT.has(name)) collect(value, name, one, depth + 1, places)
    }
  }
}
