/**
 * Items of a conversation, as OpenAI's Responses API has them: read from a request, and told to an engine as messages of
 * a chat.
 *
 *   message of system or developer     → a system message
 *   message of a user                  → a user message
 *   reasoning, message, function_call  → one assistant message: reasoning_content, content, tool_calls
 *   function_call_output               → a tool message
 *
 * What is read is written anew with the fields that mean something here, so that what is kept of it is what a list of
 * items shows. Items of an assistant that follow each other are one turn, since many templates refuse two.
 *
 * Pure module.
 */
import { FieldInvalid, FieldUnsupported } from '../../errors.ts'
import { Fields, type Json } from '../fields.ts'
import { openedReasoning } from './reasoning.ts'

export type InputPart =
  | { type: 'input_text'; text: string }
  | { type: 'input_image'; image_url: string; detail: string }
export type OutputPart =
  | { type: 'output_text'; text: string; annotations: never[]; logprobs: never[] }
  | { type: 'refusal'; refusal: string }

export type Item =
  | { type: 'message'; role: 'user' | 'system' | 'developer'; status: 'completed'; content: InputPart[] }
  | { type: 'message'; role: 'assistant'; status: 'completed'; content: OutputPart[] }
  | { type: 'function_call'; call_id: string; name: string; arguments: string; status: 'completed' }
  | { type: 'function_call_output'; call_id: string; output: string | InputPart[]; status: 'completed' }
  | {
      type: 'reasoning'
      summary: { type: 'summary_text'; text: string }[]
      content?: { type: 'reasoning_text'; text: string }[]
      encrypted_content?: string
    }

/** An item that was kept, named instead of sent. */
export type ItemReference = { type: 'item_reference'; id: string }

const SERVED = 'message, function_call, function_call_output, reasoning, item_reference'

/**
 * @param asked the body
 * @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported
 */
export function readInput(asked: Fields): (Item | ItemReference)[] {
  const input = asked.raw('input')
  if (input === undefined) return []
  if (typeof input === 'string') {
    return [{ type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_text', text: input }] }]
  }
  return (asked.objects('input') ?? []).map(readItem)
}

function readItem(item: Fields): Item | ItemReference {
  const type = item.string('type') ?? (item.raw('role') === undefined ? 'item_reference' : 'message')
  switch (type) {
    case 'message':
      return readMessage(item)
    case 'item_reference':
      return { type, id: item.requiredString('id') }
    case 'function_call':
      return {
        type,
        call_id: item.requiredString('call_id'),
        name: item.requiredString('name'),
        arguments: item.requiredString('arguments'),
        status: 'completed',
      }
    case 'function_call_output':
      return { type, call_id: item.requiredString('call_id'), output: readOutput(item), status: 'completed' }
    case 'reasoning':
      return readReasoning(item)
    default:
      throw new FieldUnsupported({
        param: item.path('type'),
        trouble: `items of type ${type.slice(0, 60)} are not taken here; what is: ${SERVED}`,
      })
  }
}

function readMessage(item: Fields): Item {
  const role = item.requiredString('role')
  item.required('content')
  if (role === 'assistant') {
    return { type: 'message', role, status: 'completed', content: partsOf(item, 'content').map(readSaid) }
  }
  if (role !== 'user' && role !== 'system' && role !== 'developer') {
    throw new FieldInvalid({ param: item.path('role'), trouble: 'must be user, assistant, system or developer' })
  }
  return { type: 'message', role, status: 'completed', content: partsOf(item, 'content').map(readPart) }
}

/** Text is one part of text. */
function partsOf(item: Fields, name: string): Fields[] {
  const value = item.raw(name)
  if (typeof value === 'string') return [new Fields(inputText(value), item.path(name))]
  return item.objects(name) ?? []
}

function readPart(part: Fields): InputPart {
  const type = part.requiredString('type')
  // Chat's own names are what people write who come from there.
  if (type === 'input_text' || type === 'text' || type === 'output_text') return inputText(part.requiredString('text'))
  if (type !== 'input_image') throw unsupportedPart(part, type)
  const url = part.string('image_url')
  if (url === null) {
    throw new FieldUnsupported({ param: part.path('file_id'), trouble: 'images are taken as image_url' })
  }
  return { type, image_url: url, detail: part.string('detail') ?? 'auto' }
}

function readSaid(part: Fields): OutputPart {
  const type = part.requiredString('type')
  if (type === 'refusal') return { type, refusal: part.requiredString('refusal') }
  if (type !== 'output_text' && type !== 'text' && type !== 'input_text') throw unsupportedPart(part, type)
  return { type: 'output_text', text: part.requiredString('text'), annotations: [], logprobs: [] }
}

function readOutput(item: Fields): string | InputPart[] {
  const output = item.required('output')
  return typeof output === 'string' ? output : partsOf(item, 'output').map(readPart)
}

function readReasoning(item: Fields): Item {
  const textsOf = (name: string) => (item.objects(name) ?? []).map((part) => part.requiredString('text'))
  const content = textsOf('content')
  const sealed = item.string('encrypted_content')
  return {
    type: 'reasoning',
    summary: textsOf('summary').map((text) => ({ type: 'summary_text', text })),
    ...(content.length === 0 ? {} : { content: content.map((text) => ({ type: 'reasoning_text' as const, text })) }),
    ...(sealed === null ? {} : { encrypted_content: sealed }),
  }
}

export function inputText(text: string): InputPart & { type: 'input_text' } {
  return { type: 'input_text', text }
}

function unsupportedPart(part: Fields, type: string): FieldUnsupported {
  return new FieldUnsupported({
    param: part.path('type'),
    trouble: `a part of type ${type.slice(0, 60)} is not taken here; what is: input_text, input_image, output_text, refusal`,
  })
}

type Call = { id: string; type: 'function'; function: { name: string; arguments: string } }
type Turn =
  | { role: 'system' | 'user'; parts: InputPart[] }
  | { role: 'tool'; callId: string; parts: InputPart[] }
  | { role: 'assistant'; text: string; thoughts: string; calls: Call[] }

/** @returns messages of a chat completion */
export function chatMessages(instructions: string | null, items: readonly Item[]): Json[] {
  const turns: Turn[] = []
  if (instructions !== null) turns.push({ role: 'system', parts: [inputText(instructions)] })
  for (const item of items) take(turns, item)
  return turns.map(toChat)
}

function take(turns: Turn[], item: Item): void {
  switch (item.type) {
    case 'message':
      if (item.role === 'assistant') assistantOf(turns).text += item.content.map(wordsOf).join('')
      else say(turns, item.role === 'user' ? 'user' : 'system', item.content)
      return
    case 'function_call':
      assistantOf(turns).calls.push({
        id: item.call_id,
        type: 'function',
        function: { name: item.name, arguments: item.arguments },
      })
      return
    case 'function_call_output': {
      const parts = typeof item.output === 'string' ? [inputText(item.output)] : item.output
      turns.push({ role: 'tool', callId: item.call_id, parts })
      return
    }
    case 'reasoning':
      assistantOf(turns).thoughts += thoughtsOf(item)
      return
    default:
      item satisfies never
  }
}

function say(turns: Turn[], role: 'system' | 'user', parts: readonly InputPart[]): void {
  const last = turns.at(-1)
  if (last?.role === role) last.parts.push(...parts)
  else turns.push({ role, parts: [...parts] })
}

function assistantOf(turns: Turn[]): Turn & { role: 'assistant' } {
  const last = turns.at(-1)
  if (last?.role === 'assistant') return last
  const turn = { role: 'assistant' as const, text: '', thoughts: '', calls: [] }
  turns.push(turn)
  return turn
}

function wordsOf(part: OutputPart): string {
  return part.type === 'refusal' ? part.refusal : part.text
}

/** In the fullest form in which they came. */
function thoughtsOf({ content, encrypted_content, summary }: Item & { type: 'reasoning' }): string {
  if (content !== undefined) return content.map(({ text }) => text).join('')
  return openedReasoning(encrypted_content) ?? summary.map(({ text }) => text).join('\n')
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
function contentOf(parts: readonly InputPart[]): string | Json[] {
  const texts = parts.flatMap((part) => (part.type === 'input_text' ? [part.text] : []))
  if (texts.length === parts.length) return texts.join('\n')
  return parts.map((part) =>
    part.type === 'input_text'
      ? { type: 'text', text: part.text }
      : { type: 'image_url', image_url: { url: part.image_url, detail: part.detail } },
  )
}
