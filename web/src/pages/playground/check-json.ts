/** What is wrong with JSON that a person types, with the place where it is. Pure; the words are the page's. */
import { problemInSchema, type SchemaProblem, type UnknownRequired, unknownRequiredIn } from './schema-problem.ts'

export type JsonProblem =
  | { code: 'syntax'; line: number; column: number }
  | { code: 'not-array' | 'not-object' | 'not-tool' | 'tool-name' | 'tool-parameters' | 'tool-twice'; at?: string }
  | SchemaProblem

const TOOL_NAME = /^[a-zA-Z0-9_.-]{1,128}$/

export function schemaProblem(text: string): JsonProblem | null {
  const read = parsed(text)
  if ('problem' in read) return read.problem
  return isObject(read.value) ? problemInSchema(read.value) : { code: 'not-object' }
}

/** Of a schema that is right. */
export const schemaWarning = (text: string): UnknownRequired | null => unknownRequiredIn(JSON.parse(text))

/** Tools as the API takes them: `[{"type": "function", "function": {"name": …, "parameters": …}}]`. */
export function toolsProblem(text: string): JsonProblem | null {
  const read = parsed(text)
  if ('problem' in read) return read.problem
  if (!Array.isArray(read.value)) return { code: 'not-array' }
  const names = new Set<string>()
  for (const [index, tool] of read.value.entries()) {
    const at = `${index + 1}`
    if (!isObject(tool) || tool.type !== 'function' || !isObject(tool.function)) return { code: 'not-tool', at }
    const { name, parameters } = tool.function
    if (typeof name !== 'string' || !TOOL_NAME.test(name)) return { code: 'tool-name', at }
    if (parameters !== undefined && parameters !== null) {
      if (!isObject(parameters)) return { code: 'tool-parameters', at }
      const problem = problemInSchema(parameters, parametersAt(index))
      if (problem !== null) return problem
    }
    if (names.has(name)) return { code: 'tool-twice', at: name }
    names.add(name)
  }
  return null
}

/** Of tools that are right. */
export function toolsWarning(text: string): UnknownRequired | null {
  for (const [index, tool] of (JSON.parse(text) as { function: { parameters?: unknown } }[]).entries()) {
    const found = unknownRequiredIn(tool.function.parameters, parametersAt(index))
    if (found !== null) return found
  }
  return null
}

const parametersAt = (index: number): string => `[${index}].function.parameters`

/** Names of the tools; none where the text is not right. */
export function toolNames(text: string | null): string[] {
  if (text === null || toolsProblem(text) !== null) return []
  return (JSON.parse(text) as { function: { name: string } }[]).map((tool) => tool.function.name)
}

/** The same text with its lines and indents set; as it was where it is not JSON. */
export function tidied(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function parsed(text: string): { value: unknown } | { problem: JsonProblem } {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const at = syntaxAt(text, error instanceof Error ? error.message : '')
    const before = text.slice(0, at).split('\n')
    return { problem: { code: 'syntax', line: before.length, column: (before.at(-1)?.length ?? 0) + 1 } }
  }
}

/** Engines say where in words of their own; at the end of the text where they do not. */
function syntaxAt(text: string, message: string): number {
  const place = /line (\d+) column (\d+)/.exec(message)
  if (place) {
    const lines = text.split('\n').slice(0, Number(place[1]) - 1)
    return lines.reduce((sum, line) => sum + line.length + 1, 0) + Number(place[2]) - 1
  }
  const position = /position (\d+)/.exec(message)
  return position ? Number(position[1]) : text.length
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
