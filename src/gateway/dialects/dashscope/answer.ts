/** A whole chat completion, or a list of embeddings, as DashScope answers it. Pure module. */
import { usageIn } from '../../answer-watch.ts'
import { isObject, type Json } from '../fields.ts'
import type { AnswerForm } from './request.ts'
import { messageOf, textIn } from './said.ts'
import { generationUsage } from './usage.ts'

export function generationOf(completion: Json, form: AnswerForm, requestId: string): Json {
  const choices = objectsIn(completion.choices)
  const first = choices[0] ?? {}
  const output =
    form.format === 'text'
      ? { text: contentOf(messageIn(first)), finish_reason: finishOf(first) }
      : { choices: choices.map((choice, at) => choiceOf(choice, at, form)) }
  return { output, usage: generationUsage(completion.usage), request_id: requestId }
}

export function embeddingsOf(list: Json, requestId: string): Json {
  return {
    output: {
      embeddings: objectsIn(list.data).map(({ index, embedding }, at) => ({ text_index: index ?? at, embedding })),
    },
    usage: { total_tokens: usageIn(isObject(list.usage) ? list.usage : {}).tokensIn },
    request_id: requestId,
  }
}

function choiceOf(choice: Json, at: number, { format }: AnswerForm): Json {
  const said = messageIn(choice)
  const calls = objectsIn(said.tool_calls).map((call, index) => ({ index, ...call }))
  const thoughts = textIn(said.reasoning_content ?? said.reasoning)
  return {
    index: choice.index ?? at,
    message: messageOf(format, contentOf(said), thoughts, calls),
    finish_reason: finishOf(choice),
    ...(isObject(choice.logprobs) ? { logprobs: choice.logprobs } : {}),
  }
}

function messageIn(choice: Json): Json {
  return isObject(choice.message) ? choice.message : {}
}

function contentOf(said: Json): string {
  return textIn(said.content) || textIn(said.refusal)
}

function finishOf(choice: Json): string {
  return textIn(choice.finish_reason) || 'stop'
}

function objectsIn(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
