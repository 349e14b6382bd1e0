/**
 * Tools described to a model whose template does not do it.
 *
 * The words are those of Qwen's and Hermes' own templates, since most open models have been trained on them; only the
 * example of a call follows the format that the model's parser reads.
 */
import { DEEPSEEK_TAGS } from '../parsers/deepseek.ts'
import type { ToolFormat } from '../parsers/tool-call-parser.ts'
import type { ChatTool, ChatToolCall } from './chat-request.ts'

export function describeTools(tools: readonly ChatTool[], format: ToolFormat): string {
  const list = tools.map((tool) => JSON.stringify(tool.wire)).join('\n')
  return [
    '# Tools',
    '',
    'You may call one or more functions to assist with the user query.',
    '',
    'You are provided with function signatures within <tools></tools> XML tags:',
    '<tools>',
    list,
    '</tools>',
    '',
    'For each function call, answer in this form and write nothing after it:',
    EXAMPLES[format],
  ].join('\n')
}

const { CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR } = DEEPSEEK_TAGS

const EXAMPLES: Record<ToolFormat, string> = {
  hermes: '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>',
  qwen3_coder:
    '<tool_call>\n<function=function-name>\n<parameter=parameter-name>\nvalue\n</parameter>\n</function>\n</tool_call>',
  deepseek_v3: `${CALLS_BEGIN}${CALL_BEGIN}function${SEPARATOR}function-name\n\`\`\`json\n{"parameter-name": value}\n\`\`\`${CALL_END}${CALLS_END}`,
  deepseek_v31: `${CALLS_BEGIN}${CALL_BEGIN}function-name${SEPARATOR}{"parameter-name": value}${CALL_END}${CALLS_END}`,
  deepseek_v32:
    '<｜DSML｜function_calls>\n<｜DSML｜invoke name="function-name">\n<｜DSML｜parameter name="parameter-name" string="true|false">value</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
}

/** A call of an earlier turn as the model itself would have written it. */
export function callAsText(call: ChatToolCall, format: ToolFormat): string {
  switch (format) {
    case 'hermes':
      return `<tool_call>\n{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}}\n</tool_call>`
    case 'deepseek_v3':
      return `${CALLS_BEGIN}${CALL_BEGIN}function${SEPARATOR}${call.name}\n\`\`\`json\n${call.arguments}\n\`\`\`${CALL_END}${CALLS_END}`
    case 'deepseek_v31':
      return `${CALLS_BEGIN}${CALL_BEGIN}${call.name}${SEPARATOR}${call.arguments}${CALL_END}${CALLS_END}`
    case 'qwen3_coder': {
      const parameters = entriesOf(call.arguments).map(([name, value]) => {
        return `<parameter=${name}>\n${bare(value)}\n</parameter>\n`
      })
      return `<tool_call>\n<function=${call.name}>\n${parameters.join('')}</function>\n</tool_call>`
    }
    case 'deepseek_v32': {
      const parameters = entriesOf(call.arguments).map(([name, value]) => {
        const isString = typeof value === 'string'
        return `<｜DSML｜parameter name="${name}" string="${isString}">${bare(value)}</｜DSML｜parameter>\n`
      })
      return `<｜DSML｜function_calls>\n<｜DSML｜invoke name="${call.name}">\n${parameters.join('')}</｜DSML｜invoke>\n</｜DSML｜function_calls>`
    }
    default:
      return format satisfies never
  }
}

function entriesOf(json: string): [string, unknown][] {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? Object.entries(value) : []
  } catch {
    return []
  }
}

function bare(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
