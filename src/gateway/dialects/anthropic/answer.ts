/** A whole chat completion as a message, and a count of tokens. Pure module. */
import type { Json } from '../fields.ts'
import { isObject } from '../fields.ts'
import { messageUsage } from './usage.ts'

export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'refusal'

export type Ending = { stop_reason: StopReason; stop_sequence: string | null }

/** What a message says besides its content, before it has ended. */
export function messageHead(requestId: string, model: unknown) {
  return {
    id: messageId(requestId),
    type: 'message',
    role: 'assistant',
    model: typeof model === 'string' ? model : '',
    container: null,
    diagnostics: null,
    stop_details: null,
  } as const
}

/** One name for a request in both: whoever has the message finds its record. */
function messageId(requestId: string): string {
  return `msg_${requestId.replace(/^req_/, '')}`
}

/** Ids that a client sends back later; the engine's own begin with `call_`. */
export function toolUseId(id: unknown, requestId: string, index: number): string {
  if (typeof id !== 'string' || id === '') return `toolu_${requestId.replace(/^req_/, '')}_${index}`
  return id.startsWith('toolu_') ? id : `toolu_${id.replace(/^call_/, '')}`
}

/**
 * What comes with thoughts for the day that they come back: the request that thought them. It proves nothing, and nothing
 * here asks it to, since thoughts are the client's to send.
 */
export function signatureOf(requestId: string): string {
  return requestId
}

export function messageOf(completion: Json, requestId: string) {
  const choices = Array.isArray(completion.choices) ? (completion.choices as unknown[]) : []
  const choice = isObject(choices[0]) ? choices[0] : {}
  const said = isObject(choice.message) ? choice.message : {}
  const calls = Array.isArray(said.tool_calls) ? said.tool_calls.filter(isObject) : []
  const thoughts = textIn(said.reasoning_content ?? said.reasoning)
  const text = textIn(said.content) || textIn(said.refusal)
  return {
    ...messageHead(requestId, completion.model),
    content: [
      ...(thoughts === '' ? [] : [{ type: 'thinking', thinking: thoughts, signature: signatureOf(requestId) }]),
      ...(text === '' ? [] : [{ type: 'text', text, citations: null }]),
      ...calls.map((call, index) => toolUse(call, requestId, index)),
    ],
    ...endingOf(choice.finish_reason, choice.stop_reason, calls.length > 0, textIn(said.refusal) !== ''),
    usage: messageUsage(completion.usage),
  }
}

/**
 * @param finish OpenAI's reason
 * @param stop the stop text that ended it, where an engine says so; others send a token's number or nothing
 */
export function endingOf(finish: unknown, stop: unknown, hasCalled: boolean, hasRefused: boolean): Ending {
  const ended = (stop_reason: StopReason): Ending => ({ stop_reason, stop_sequence: null })
  if (finish === 'length') return ended('max_tokens')
  if (finish === 'content_filter' || hasRefused) return ended('refusal')
  if (hasCalled) return ended('tool_use')
  return typeof stop === 'string' ? { stop_reason: 'stop_sequence', stop_sequence: stop } : ended('end_turn')
}

/** The answer of `count_tokens`, of what the engine's `/tokenize` answers. */
export function tokenCountOf(tokenized: Json): { input_tokens: number } {
  return { input_tokens: typeof tokenized.count === 'number' ? tokenized.count : 0 }
}

function toolUse(call: Json, requestId: string, index: number) {
  const called = isObject(call.function) ? call.function : {}
  return {
    type: 'tool_use',
    id: toolUseId(call.id, requestId, index),
    name: textIn(called.name),
    input: inputOf(textIn(called.arguments)),
    caller: { type: 'direct' },
  }
}

/** Arguments that were cut by the end of the answer are no JSON: the call is named, and has nothing. */
function inputOf(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
