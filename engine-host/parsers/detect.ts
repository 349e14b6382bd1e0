/**
 * Which parsers read a model's output, decided from its chat template: the template writes earlier turns, so it shows
 * the form that the model was trained to write itself.
 */
import type { ReasoningParser, ToolParser } from '../../src/engines/engine-wire.ts'

/**
 * @param template the model's own; null = none
 * @returns `hermes` where the template knows no tools: their description is then ours, and so is the form
 */
export function detectToolParser(template: string | null): Exclude<ToolParser, 'auto'> {
  if (template === null) return 'hermes'
  if (template.includes('DSML')) return 'deepseek_v32'
  if (template.includes('<function=')) return 'qwen3_coder'
  if (template.includes('tool▁calls▁begin')) return template.includes('```json') ? 'deepseek_v3' : 'deepseek_v31'
  return 'hermes'
}

export function detectReasoningParser(template: string | null): Exclude<ReasoningParser, 'auto'> {
  return template?.includes('<think>') || template?.includes('</think>') ? 'think' : 'none'
}

/** Whether the template writes the tools it is given into the prompt. */
export function templateDescribesTools(template: string | null): boolean {
  return template !== null && /\btools\b/.test(template)
}
