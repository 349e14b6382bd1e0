/**
 * The grammar of one chat answer: thoughts if the model thinks, then what the caller insists on.
 *
 *   tool_choice required or named   one or more calls in the model's own format, arguments by the tool's schema
 *   response_format                 one JSON value
 *   a strict tool, choice `auto`    free text, or calls whose arguments match; the text may not contain a call's opening
 *   anything else                   no grammar
 */
import type { ChatRequest, ChatTool } from '../openai/chat-request.ts'
import { invalidValue } from '../openai/fields.ts'
import type { ToolFormat } from '../parsers/tool-call-parser.ts'
import { addTextWithout, choice, type Expression, optional, type Rules, repeat, sequence, text } from './gbnf.ts'
import { anyJson, checkedGbnf, schemaExpression } from './json-schema-to-gbnf.ts'
import { addCalls, callOpenings } from './tool-call-grammar.ts'

export type AnswerGrammarInput = Pick<ChatRequest, 'toolChoice' | 'parallelToolCalls' | 'responseFormat'> & {
  /** Empty = the model may not call. */
  tools: readonly ChatTool[]
  format: ToolFormat
  thoughts: 'open' | 'closed' | 'free'
}

/** Most calls in one enforced answer: a small model would otherwise repeat itself until the context is full. */
export const FORCED_CALLS_MAX = 8

/** @returns GBNF, or null where nothing is enforced. @throws SchemaRefused */
export function answerGrammar(input: AnswerGrammarInput): string | null {
  const rules: Rules = new Map([['root', text('')]])
  const body = answerBody(rules, input)
  if (body === null) return null
  rules.set('root', sequence(thoughts(rules, input.thoughts), body.expression))
  return checkedGbnf(rules, body.path)
}

function answerBody(rules: Rules, input: AnswerGrammarInput): { expression: Expression; path: string } | null {
  const { tools, toolChoice, responseFormat, format } = input
  if (tools.length > 0 && toolChoice !== 'auto') {
    const indexed = tools.map((tool, index) => ({ tool, index }))
    const allowed =
      typeof toolChoice === 'object' ? indexed.filter(({ tool }) => tool.name === toolChoice.name) : indexed
    const callsMax = typeof toolChoice === 'object' || !input.parallelToolCalls ? 1 : FORCED_CALLS_MAX
    return { expression: addCalls(rules, allowed, format, callsMax), path: 'tools' }
  }
  if (responseFormat.type !== 'text') {
    const json = jsonBody(rules, responseFormat)
    if (tools.length === 0) return json
    // The model decides: a call, or the structured answer.
    return { ...json, expression: choice(json.expression, calls(rules, input)) }
  }
  if (!tools.some((tool) => tool.strict)) return null
  const free = addTextWithout(rules, 'free', callOpenings(format))
  return { expression: sequence(free, optional(calls(rules, input))), path: 'tools' }
}

function calls(rules: Rules, { tools, format, parallelToolCalls }: AnswerGrammarInput): Expression {
  const indexed = tools.map((tool, index) => ({ tool, index }))
  return addCalls(rules, indexed, format, parallelToolCalls ? FORCED_CALLS_MAX : 1)
}

function jsonBody(
  rules: Rules,
  format: Exclude<ChatRequest['responseFormat'], { type: 'text' }>,
): { expression: Expression; path: string } {
  if (format.type === 'json_object') return { expression: anyJson(rules, 'object'), path: 'response_format' }
  const path = 'response_format.json_schema.schema'
  if (typeof format.schema !== 'object' || format.schema === null || Array.isArray(format.schema)) {
    throw invalidValue(path, `Invalid schema at '${path}': it must be an object.`)
  }
  return { expression: schemaExpression(rules, format.schema, path), path }
}

/** Enforcing a form must not take a thinking model's thoughts away. */
function thoughts(rules: Rules, state: AnswerGrammarInput['thoughts']): Expression {
  if (state === 'closed') return text('')
  const inside = addTextWithout(rules, 'thoughts', ['</think>'])
  const closed = sequence(inside, text('</think>'), repeat(text('\n'), 0, 2))
  return state === 'open' ? closed : optional(sequence(text('<think>'), closed))
}
