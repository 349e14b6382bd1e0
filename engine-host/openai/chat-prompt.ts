/**
 * From messages to tokens, through the model's own template.
 *
 * Two things a template cannot do are done here. A template without tools (SmolLM2's, for one) gets them as a system
 * message in the form of `tool-description.ts`, and earlier calls and their results as text, so that tool calls work
 * with any chat model. And text that looks like a control token (`<|im_end|>` typed by a user) is tokenised apart from
 * it: a message's content never becomes a turn of its own.
 */
import type { ReasoningParser, ToolParser } from '../../src/engines/engine-wire.ts'
import { templateDescribesTools } from '../parsers/detect.ts'
import type { ToolFormat } from '../parsers/tool-call-parser.ts'
import { EngineError, type Token, type TokenEngine } from '../token-engine.ts'
import type { ChatMessage, ChatTool, ChatToolCall } from './chat-request.ts'
import { RequestError } from './request-error.ts'
import { callAsText, describeTools } from './tool-description.ts'

/** The template for models that carry none but know ChatML's marks: plain turns, no system message of its own. */
export const CHATML_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

export type PromptInput = {
  messages: readonly ChatMessage[]
  /** Tools that the model may call. */
  tools: readonly ChatTool[]
  templateValues: Record<string, unknown>
  toolParser: Exclude<ToolParser, 'auto'>
  reasoningParser: Exclude<ReasoningParser, 'auto'>
}

export type Prompt = {
  tokens: Token[]
  /** How thoughts may come: the prompt has opened them, they are over, or the model decides. */
  thoughts: 'open' | 'closed' | 'free'
}

/**
 * @throws RequestError with the template's own words if it refuses these messages
 */
export function buildPrompt(engine: TokenEngine, input: PromptInput): Prompt {
  const template = engine.facts.chatTemplate ?? chatmlIfKnown(engine)
  const guard = new ControlTokenGuard(engine, input.messages)
  const given = input.messages.map((message) => guard.protectMessage(message))
  const format = input.toolParser === 'none' ? 'hermes' : input.toolParser
  // A template may know how to write calls that were made without knowing how to describe the tools.
  const known = template.includes('tool_calls') ? given : given.map((message) => callsAsText(message, format))
  const describes = input.tools.length > 0 && !templateDescribesTools(template)
  const messages = describes ? withSystemText(known, describeTools(input.tools, format)) : known
  const values = {
    ...input.templateValues,
    messages: messages.map((message) => toTemplateMessage(message, input.toolParser)),
    // An absent value and an empty list differ to some templates: no tools means no value.
    ...(input.tools.length > 0 && !describes ? { tools: input.tools.map((tool) => tool.wire) } : {}),
    add_generation_prompt: true,
    bos_token: engine.facts.bosToken,
    eos_token: engine.facts.eosToken,
  }
  const text = render(engine, template, values)
  return { tokens: tokenizePrompt(engine, guard.split(text)), thoughts: thoughtsAfter(text, input.reasoningParser) }
}

function render(engine: TokenEngine, template: string, values: Record<string, unknown>): string {
  try {
    return engine.renderTemplate(template, values)
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'engine.template_failed') throw error
    throw new RequestError(
      {
        status: 400,
        code: 'invalid_value',
        param: 'messages',
        message: `This model's chat template does not accept these messages: ${error.message}`,
      },
      { cause: error },
    )
  }
}

function chatmlIfKnown(engine: TokenEngine): string {
  if (engine.tokenize('<|im_start|>', true).length === 1) return CHATML_TEMPLATE
  throw new RequestError({
    status: 400,
    code: 'unsupported_model',
    param: 'model',
    message: 'This model has no chat template. Use /v1/completions.',
  })
}

/** Templates that write the BOS token themselves must not get a second one. */
function tokenizePrompt(engine: TokenEngine, pieces: readonly string[]): Token[] {
  const tokens = pieces.flatMap((piece) => (piece === '' ? [] : engine.tokenize(piece, true)))
  const bos = engine.facts.bosToken === '' ? [] : engine.tokenize(engine.facts.bosToken, true)
  return bos.length === 1 && tokens[0] === bos[0] ? tokens : engine.withBos(tokens)
}

function thoughtsAfter(prompt: string, parser: PromptInput['reasoningParser']): Prompt['thoughts'] {
  if (parser === 'none') return 'closed'
  const end = prompt.trimEnd()
  if (end.endsWith('<think>')) return 'open'
  return end.endsWith('</think>') ? 'closed' : 'free'
}

function withSystemText(messages: readonly ChatMessage[], text: string): ChatMessage[] {
  const [first, ...rest] = messages
  if (first?.role === 'system') return [{ ...first, content: `${first.content ?? ''}\n\n${text}` }, ...rest]
  return [{ role: 'system', content: text }, ...messages]
}

/** Earlier calls and their results as turns that any template knows. */
function callsAsText(message: ChatMessage, format: ToolFormat): ChatMessage {
  if (message.role === 'tool') {
    return { role: 'user', content: `<tool_response>\n${message.content ?? ''}\n</tool_response>` }
  }
  if (message.toolCalls === undefined) return message
  const calls = message.toolCalls.map((call) => callAsText(call, format)).join('\n')
  const { toolCalls: _, ...rest } = message
  return { ...rest, content: message.content ? `${message.content}\n${calls}` : calls }
}

function toTemplateMessage(message: ChatMessage, toolParser: Exclude<ToolParser, 'auto'>): Record<string, unknown> {
  const isDeepSeek = toolParser.startsWith('deepseek')
  return {
    role: message.role,
    // DeepSeek's templates ask whether the content is none, the others join it to text.
    content: message.content ?? (isDeepSeek && message.toolCalls !== undefined ? null : ''),
    ...(message.name === undefined ? {} : { name: message.name }),
    ...(message.reasoningContent === undefined ? {} : { reasoning_content: message.reasoningContent }),
    ...(message.toolCallId === undefined ? {} : { tool_call_id: message.toolCallId }),
    ...(message.toolCalls === undefined
      ? {}
      : { tool_calls: message.toolCalls.map((call) => toTemplateCall(call, isDeepSeek)) }),
  }
}

/** DeepSeek's templates join the arguments' text, the others write them as JSON themselves. */
function toTemplateCall(call: ChatToolCall, argumentsAsText: boolean): Record<string, unknown> {
  return {
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: argumentsAsText ? call.arguments : parsedArguments(call.arguments) },
  }
}

function parsedArguments(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : text
  } catch {
    return text // what an earlier turn of a model got wrong is shown to it as it was
  }
}

/** Texts of control tokens come in these forms in every vocabulary we know. */
const LOOKS_LIKE_CONTROL = /<[^<>\s]{1,64}>|\[\/?[A-Z_]{1,24}\]/g

/**
 * Marks the inside of would-be control tokens before the template runs, and cuts the rendered text there, so that
 * they are tokenised in two halves. The content keeps every character; it only loses its power.
 */
class ControlTokenGuard {
  #engine: TokenEngine
  #mark: string
  /** A page of HTML repeats its few tags thousands of times. */
  #known = new Map<string, boolean>()

  constructor(engine: TokenEngine, messages: readonly ChatMessage[]) {
    this.#engine = engine
    this.#mark = unusedMark(messages)
  }

  protectMessage(message: ChatMessage): ChatMessage {
    return {
      ...message,
      content: message.content === null ? null : this.#protect(message.content),
      ...(message.reasoningContent === undefined ? {} : { reasoningContent: this.#protect(message.reasoningContent) }),
    }
  }

  #protect(content: string): string {
    return content.replace(LOOKS_LIKE_CONTROL, (text) =>
      this.#isControl(text) ? text[0] + this.#mark + text.slice(1) : text,
    )
  }

  split(rendered: string): string[] {
    return rendered.split(this.#mark)
  }

  #isControl(text: string): boolean {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const tokens = this.#engine.tokenize(text, true)
    const isControl = tokens.some((token) => this.#engine.tokenBytes(token, false).length === 0)
    this.#known.set(text, isControl)
    return isControl
  }
}

/** One of Unicode's noncharacters, which no honest text contains; one that this text does not contain either. */
function unusedMark(messages: readonly ChatMessage[]): string {
  const text = messages.map((message) => (message.content ?? '') + (message.reasoningContent ?? '')).join('')
  for (let code = 0xfdd0; code <= 0xfdef; code++) {
    const mark = String.fromCharCode(code)
    if (!text.includes(mark)) return mark
  }
  throw new RequestError({
    status: 400,
    code: 'invalid_value',
    param: 'messages',
    message: 'The messages contain all of the noncharacters U+FDD0–U+FDEF, which are not text.',
  })
}
