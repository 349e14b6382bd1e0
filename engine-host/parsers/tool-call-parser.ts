/** One per format: how a model writes calls, and how that text becomes events. */
import type { ToolParser } from '../../src/engines/engine-wire.ts'
import type { ToolSchemas } from './answer-event.ts'
import { DeepSeekParser } from './deepseek.ts'
import { HermesParser } from './hermes.ts'
import { DSML, QWEN3_CODER, TaggedParametersParser } from './tagged-parameters.ts'
import type { ToolCallParser } from './tool-call-machine.ts'

/** A format of tool calls that a model really writes. */
export type ToolFormat = Exclude<ToolParser, 'auto' | 'none'>

/** @param schemas decide, in the formats that tag each parameter, which values are strings */
export function toolCallParser(format: ToolFormat, schemas: ToolSchemas): ToolCallParser {
  switch (format) {
    case 'hermes':
      return new HermesParser()
    case 'qwen3_coder':
      return new TaggedParametersParser(QWEN3_CODER, schemas)
    case 'deepseek_v3':
    case 'deepseek_v31':
      return new DeepSeekParser(format)
    case 'deepseek_v32':
      return new TaggedParametersParser(DSML, schemas)
    default:
      return format satisfies never
  }
}

/**
 * Tags of each format that some models spell with control tokens, which a detokeniser would hide. A parser that never
 * sees its own tags finds no calls.
 */
export const CONTROL_TAGS: Record<ToolFormat, readonly string[]> = {
  hermes: ['<tool_call>', '</tool_call>'],
  qwen3_coder: ['<tool_call>', '</tool_call>'],
  deepseek_v3: [
    '<｜tool▁calls▁begin｜>',
    '<｜tool▁calls▁end｜>',
    '<｜tool▁call▁begin｜>',
    '<｜tool▁call▁end｜>',
    '<｜tool▁sep｜>',
  ],
  deepseek_v31: [
    '<｜tool▁calls▁begin｜>',
    '<｜tool▁calls▁end｜>',
    '<｜tool▁call▁begin｜>',
    '<｜tool▁call▁end｜>',
    '<｜tool▁sep｜>',
  ],
  deepseek_v32: ['｜DSML｜'],
}

export const REASONING_TAGS: readonly string[] = ['<think>', '</think>']
