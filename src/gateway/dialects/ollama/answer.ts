/**
 * What an engine answers in Ollama's shapes: the lines of a stream, and the same as one whole. `/api/chat` and
 * `/api/generate` differ in where the words stand. Times are the engine's own; what it does not say is left out, as is
 * `load_duration`, which nobody here knows. Pure module.
 */
import { usageIn } from '../../answer-watch.ts'
import { isObject, type Json, objectIn } from '../fields.ts'

export type ToolCall = { id: string; function: { index: number; name: string; arguments: Json } }

/** A piece of an answer, or all of it. */
export type Said = { text: string; thoughts: string; calls: readonly ToolCall[]; logprobs: readonly unknown[] }

/** Where the words of a piece stand. */
export type Shape = (said: Said) => Json

export const SILENCE: Said = { text: '', thoughts: '', calls: [], logprobs: [] }

/** When something is said. */
export type Moment = { atMs: number; sinceAskedMs: number }

export type AnswerOptions = {
  /** As the client may name it. */
  model: string
  shape: Shape
  now(): Moment
}

export const chatShape: Shape = ({ text, thoughts, calls, logprobs }) => ({
  message: {
    role: 'assistant',
    content: text,
    ...(thoughts === '' ? {} : { thinking: thoughts }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  },
  ...(logprobs.length === 0 ? {} : { logprobs }),
})

export const generateShape: Shape = ({ text, thoughts, logprobs }) => ({
  response: text,
  ...(thoughts === '' ? {} : { thinking: thoughts }),
  ...(logprobs.length === 0 ? {} : { logprobs }),
})

/** A piece, with more to come. */
export function pieceOf({ model, shape, now }: AnswerOptions, said: Said): Json {
  return { model, created_at: timeOf(now()), ...shape(said), done: false }
}

/**
 * The end of an answer.
 * @param finish OpenAI's reason
 * @param counted tokens where the engine counted none
 */
export function endOf(
  { model, shape, now }: AnswerOptions,
  said: Said,
  finish: unknown,
  { usage, timings }: { usage: unknown; timings: unknown },
  counted = 0,
): Json {
  const moment = now()
  const counts = isObject(usage) ? usageIn(usage) : { tokensIn: 0, tokensOut: counted }
  const times = isObject(timings) ? timings : {}
  return {
    model,
    created_at: timeOf(moment),
    ...shape(said),
    done: true,
    done_reason: finish === 'length' ? 'length' : 'stop',
    total_duration: nanoseconds(moment.sinceAskedMs),
    prompt_eval_count: counts.tokensIn,
    ...duration('prompt_eval_duration', times.prefill_ms),
    eval_count: counts.tokensOut,
    ...duration('eval_duration', times.decode_ms),
  }
}

/** A model that was asked nothing is loaded now. */
export function loadedOf({ model, shape, now }: AnswerOptions): Json {
  return { model, created_at: timeOf(now()), ...shape(SILENCE), done: true, done_reason: 'load' }
}

/** @param completion a whole chat or text completion */
export function wholeOf(options: AnswerOptions, completion: Json): Json {
  const choices = Array.isArray(completion.choices) ? (completion.choices as unknown[]) : []
  const choice = isObject(choices[0]) ? choices[0] : {}
  const message = isObject(choice.message) ? choice.message : { content: choice.text }
  const said = {
    text: textIn(message.content) || textIn(message.refusal),
    thoughts: textIn(message.reasoning_content ?? message.reasoning),
    calls: (Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : []).flatMap(
      (call, index) => toolCall(index, call.id, call.function) ?? [],
    ),
    logprobs: logprobsIn(choice),
  }
  return endOf(options, said, choice.finish_reason, { usage: completion.usage, timings: completion.timings })
}

/** @returns null for one whose arguments were cut by the end of the answer: an object is not half an object */
export function toolCall(index: number, id: unknown, called: unknown): ToolCall | null {
  if (!isObject(called)) return null
  const args = objectIn(textIn(called.arguments) || '{}')
  if (args === null) return null
  return {
    id: typeof id === 'string' && id !== '' ? id : `call_${index}`,
    function: { index, name: textIn(called.name), arguments: args },
  }
}

export function logprobsIn({ logprobs }: Json): readonly unknown[] {
  return isObject(logprobs) && Array.isArray(logprobs.content) ? logprobs.content : []
}

export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6)
}

function duration(name: string, ms: unknown): Json {
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? { [name]: nanoseconds(ms) } : {}
}

function timeOf({ atMs }: Moment): string {
  return new Date(atMs).toISOString()
}
