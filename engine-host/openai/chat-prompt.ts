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
import { type PromptMaker, tooLong } from './preparation.ts'
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

/** OpenAI's own bound. A template takes up to 50 µs for each, and cannot be interrupted. */
export const MESSAGES_MAX = 2048

/**
 * @throws RequestError with the template's own words if it refuses these messages; `context_length_exceeded`, before the
 *   template runs where that is already sure · PreparationStopped
 */
export async function buildPrompt(engine: TokenEngine, input: PromptInput, preparation: PromptMaker): Promise<Prompt> {
  const template = engine.facts.chatTemplate ?? chatmlIfKnown(engine)
  refuseUnfit(engine, template, input)
  await preparation.turn()
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
  const tokens = await tokenizePrompt(engine, guard.split(text), preparation)
  return { tokens, thoughts: thoughtsAfter(text, input.reasoningParser) }
}

/** What can never fit is refused for the price of counting it. */
function refuseUnfit(engine: TokenEngine, template: string, { messages, tools }: PromptInput): void {
  const { contextTokens, tokenBytesMax } = engine.facts
  const turns = messages.filter(({ role }) => role === 'user' || role === 'assistant').length
  // Counted first with what is sure without running the template even once.
  let atLeast = messages.length
  if (atLeast <= contextTokens && atLeast > MESSAGES_FEW) atLeast += turns * (tokensPerTurn(engine, template) - 1)
  if (atLeast > contextTokens) throw tooLong(contextTokens, 'messages', 'your messages', atLeast)
  if (messages.length > MESSAGES_MAX) {
    throw new RequestError({
      status: 400,
      code: 'array_above_max_length',
      param: 'messages',
      message: `Invalid 'messages': array too long. Expected an array with maximum length ${MESSAGES_MAX}, but got an array with length ${messages.length} instead.`,
    })
  }
  const textOf = ({ content, toolCalls = [] }: ChatMessage) =>
    toolCalls.reduce((sum, call) => sum + call.name.length, content?.length ?? 0)
  const textLength = messages.reduce((sum, message) => sum + textOf(message), 0)
  const inText = Math.ceil(textLength / tokenBytesMax)
  if (inText > contextTokens) throw tooLong(contextTokens, 'messages', 'your messages', inText)
  // Only what every form of describing tools contains.
  const described = ({ name, parameters }: ChatTool) =>
    name.length + (parameters === null ? 0 : JSON.stringify(parameters).length)
  const inTools = Math.ceil(tools.reduce((sum, tool) => sum + described(tool), 0) / tokenBytesMax)
  if (inTools > contextTokens) throw tooLong(contextTokens, 'tools', 'your tools', inTools)
}

/** So few are worth no measuring. */
const MESSAGES_FEW = 64

const PER_TURN = new WeakMap<TokenEngine, number>()

/** What a template writes around one turn of user or assistant, in tokens, rounded down; 1 where it cannot be measured. */
function tokensPerTurn(engine: TokenEngine, template: string): number {
  const known = PER_TURN.get(engine)
  if (known !== undefined) return known
  const pair = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'a' },
  ]
  const { bosToken, eosToken } = engine.facts
  const tokensOf = (pairs: number) => {
    const messages = Array.from({ length: pairs }, () => pair).flat()
    const values = { messages, add_generation_prompt: false, bos_token: bosToken, eos_token: eosToken }
    return engine.tokenize(engine.renderTemplate(template, values), true).length
  }
  let perTurn = 1
  try {
    // The first turns and the last may have more around them than those between; one token each is the text.
    perTurn = Math.max(1, Math.floor((tokensOf(4) - tokensOf(2)) / 4) - 1)
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'engine.template_failed') throw error
  }
  PER_TURN.set(engine, perTurn)
  return perTurn
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
async function tokenizePrompt(
  engine: TokenEngine,
  pieces: readonly string[],
  preparation: PromptMaker,
): Promise<Token[]> {
  const { contextTokens } = engine.facts
  const tokens: Token[] = []
  for (const piece of pieces) {
    const refusal = (atLeast: number) => tooLong(contextTokens, 'messages', 'your messages', tokens.length + atLeast)
    const left = contextTokens - tokens.length
    for (const token of await preparation.tokenize(piece, true, left, refusal)) tokens.push(token)
  }
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

/** Most texts of control tokens come in these forms, and are then found by looking them up. */
const LOOKS_LIKE_CONTROL = [/<[^<>\s]{1,64}>/g, /\[\/?[A-Z_]{1,24}\]/g]

/**
 * Marks the inside of would-be control tokens before the template runs, and cuts the rendered text there, so that
 * they are tokenised in two halves. The content keeps every character; it only loses its power.
 */
class ControlTokenGuard {
  readonly #texts: ReadonlySet<string>
  readonly #mark: string

  constructor(engine: TokenEngine, messages: readonly ChatMessage[]) {
    this.#texts = engine.facts.controlTexts
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
    let text = content
    for (const shape of LOOKS_LIKE_CONTROL)
      text = text.replace(shape, (found) => (this.#texts.has(found) ? this.#marked(found) : found))
    for (const odd of oddControls(this.#texts)) text = text.replaceAll(odd, () => this.#marked(odd))
    return text
  }

  #marked(text: string): string {
    const first = String.fromCodePoint(text.codePointAt(0) ?? 0)
    return first + this.#mark + text.slice(first.length)
  }

  split(rendered: string): string[] {
    return rendered.split(this.#mark)
  }
}

const ODD_CONTROLS = new WeakMap<ReadonlySet<string>, string[]>()

/** Control tokens of other shapes (`▁<EOT>`); a single character has no inside to mark, and no model steers by one. */
function oddControls(texts: ReadonlySet<string>): string[] {
  let odd = ODD_CONTROLS.get(texts)
  if (odd === undefined) {
    const isUsual = (text: string) => LOOKS_LIKE_CONTROL.some((shape) => text.match(shape)?.[0] === text)
    odd = [...texts].filter((text) => text.length > 1 && !isUsual(text))
    ODD_CONTROLS.set(texts, odd)
  }
  return odd
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
