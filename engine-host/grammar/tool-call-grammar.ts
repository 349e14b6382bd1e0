/** Calls in each format that the parsers read, with arguments that match the tool's schema. */
import type { ChatTool } from '../openai/chat-request.ts'
import { DEEPSEEK_TAGS } from '../parsers/deepseek.ts'
import { allowsOtherThanString } from '../parsers/parameter-type.ts'
import type { ToolFormat } from '../parsers/tool-call-parser.ts'
import { addTextWithout, choice, type Expression, optional, type Rules, repeat, rule, sequence, text } from './gbnf.ts'
import { anyJson, schemaExpression } from './json-schema-to-gbnf.ts'
import { SchemaRefused } from './schema-refused.ts'

const { CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR } = DEEPSEEK_TAGS

export type IndexedTool = { tool: ChatTool; index: number }

/** Texts that open a call, which free text beside calls must not contain. */
export function callOpenings(format: ToolFormat): string[] {
  switch (format) {
    case 'hermes':
      return ['<tool_call>']
    case 'qwen3_coder':
      return ['<tool_call>', '<function=']
    case 'deepseek_v3':
    case 'deepseek_v31':
      return [CALLS_BEGIN, CALL_BEGIN]
    case 'deepseek_v32':
      return ['<｜DSML｜']
    default:
      return format satisfies never
  }
}

/** From one to `callsMax` calls of any of `tools`. @throws SchemaRefused naming the tool's parameter */
export function addCalls(
  rules: Rules,
  tools: readonly IndexedTool[],
  format: ToolFormat,
  callsMax: number,
): Expression {
  rules.set('call', choice(...tools.map(({ tool, index }) => oneCall(rules, tool, `tools[${index}]`, format))))
  const { open, between, close } = GROUPS[format]
  const first = rule('call')
  const more = repeat(sequence(text(between), rule('call')), 0, callsMax - 1)
  return sequence(text(open), callsMax === 1 ? first : sequence(first, more), text(close))
}

const GROUPS: Record<ToolFormat, { open: string; between: string; close: string }> = {
  hermes: { open: '', between: '\n', close: '' },
  qwen3_coder: { open: '', between: '\n', close: '' },
  deepseek_v3: { open: CALLS_BEGIN, between: '\n', close: CALLS_END },
  deepseek_v31: { open: CALLS_BEGIN, between: '', close: CALLS_END },
  deepseek_v32: { open: '<｜DSML｜function_calls>\n', between: '\n', close: '\n</｜DSML｜function_calls>' },
}

function oneCall(rules: Rules, tool: ChatTool, path: string, format: ToolFormat): Expression {
  switch (format) {
    case 'hermes':
      return sequence(
        text(`<tool_call>\n{"name": ${JSON.stringify(tool.name)}, "arguments": `),
        jsonArguments(rules, tool, path),
        text('}\n</tool_call>'),
      )
    case 'deepseek_v3':
      return sequence(
        text(`${CALL_BEGIN}function${SEPARATOR}${tool.name}\n\`\`\`json\n`),
        jsonArguments(rules, tool, path),
        text(`\n\`\`\`${CALL_END}`),
      )
    case 'deepseek_v31':
      return sequence(text(`${CALL_BEGIN}${tool.name}${SEPARATOR}`), jsonArguments(rules, tool, path), text(CALL_END))
    case 'qwen3_coder':
      return sequence(
        text(`<tool_call>\n<function=${tool.name}>\n`),
        ...taggedParameters(rules, tool, path, QWEN_TAGS),
        text('</function>\n</tool_call>'),
      )
    case 'deepseek_v32':
      return sequence(
        text(`<｜DSML｜invoke name="${tool.name}">\n`),
        ...taggedParameters(rules, tool, path, DSML_TAGS),
        text('</｜DSML｜invoke>'),
      )
    default:
      return format satisfies never
  }
}

function jsonArguments(rules: Rules, tool: ChatTool, path: string): Expression {
  if (tool.parameters === null) return text('{}')
  const schema = objectSchema(tool.parameters)
  return schemaExpression(rules, schema, `${path}.function.parameters`)
}

/** Arguments are an object, whether or not the schema says so. */
function objectSchema(parameters: unknown): unknown {
  const schema = parameters as Record<string, unknown>
  const says = ['type', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const'].some((keyword) => keyword in schema)
  return says ? schema : { ...schema, type: 'object' }
}

type Tags = {
  parameter(name: string, isString: boolean): string
  close: string
  /** What a bare value may not contain, or its parser would take it for the end. */
  ends: readonly string[]
}

const QWEN_TAGS: Tags = {
  parameter: (name) => `<parameter=${name}>\n`,
  close: '\n</parameter>\n',
  ends: ['</parameter>', '\n</function>', '\n<parameter='],
}

const DSML_TAGS: Tags = {
  parameter: (name, isString) => `<｜DSML｜parameter name="${name}" string="${isString}">`,
  close: '</｜DSML｜parameter>\n',
  ends: ['</｜DSML｜'],
}

function taggedParameters(rules: Rules, tool: ChatTool, path: string, tags: Tags): Expression[] {
  const where = `${path}.function.parameters`
  const schema = (tool.parameters ?? {}) as Record<string, unknown>
  const { properties = {}, required = [], $defs, definitions } = schema
  for (const keyword of ['anyOf', 'oneOf', 'allOf', '$ref']) {
    if (keyword in schema)
      throw new SchemaRefused(where, keyword, 'is not supported at the top of parameters in this model’s call format.')
  }
  if (!Array.isArray(required)) throw new SchemaRefused(where, 'required', 'must be a list.')
  return Object.entries(properties as Record<string, unknown>).map(([name, value]) => {
    const isString = !allowsOtherThanString(value)
    // References inside a parameter point into the whole schema.
    const part = typeof value === 'object' ? { ...(value as object), $defs, definitions } : value
    const tagged = sequence(
      text(tags.parameter(name, isString)),
      isString
        ? bareString(rules, value, part, `${where}.properties.${name}`, tags)
        : schemaOrAny(rules, part, `${where}.properties.${name}`),
      text(tags.close),
    )
    return required.includes(name) ? tagged : optional(tagged)
  })
}

function schemaOrAny(rules: Rules, schema: unknown, path: string): Expression {
  return schema === true ? anyJson(rules, 'value') : schemaExpression(rules, schema, path)
}

function bareString(rules: Rules, value: unknown, schema: unknown, path: string, tags: Tags): Expression {
  const isFree = typeof value === 'object' && value !== null && !CONSTRAINTS.some((keyword) => keyword in value)
  if (!isFree) return schemaExpression(rules, schema, path, 'bare')
  return rules.has('bare') ? rule('bare') : addTextWithout(rules, 'bare', tags.ends)
}

const CONSTRAINTS = ['enum', 'const', 'minLength', 'maxLength', 'pattern', 'format', 'anyOf', 'oneOf', 'allOf', '$ref']
