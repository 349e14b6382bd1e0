/** Bodies of the requests that the playground makes, exactly as they are sent and as "code" prints them. Pure. */
import { modelOf } from './columns.ts'
import { type Answer, type Doc, type Exchange, exchangesOf, pathTo, type Turn } from './document-turns.ts'

export type ChatMessage = {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string | null
  tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[]
  tool_call_id?: string
}

export type RequestBody = Record<string, unknown> & { model: string }
export type Endpoint = '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings' | '/tokenize'

/** Only what the two dialects share, and what the model's maker does not set by himself. */
function sampling({ parameters }: Doc) {
  const { thinking: _thinking, stop, ...numbers } = parameters
  return { ...numbers, ...(stop && stop.length > 0 ? { stop } : {}) }
}

const STREAM = { stream: true, stream_options: { include_usage: true } } as const

/**
 * What a model is asked at the turn that waits for its answer.
 * @throws SyntaxError where tools or the schema are not JSON
 */
export function chatBody(doc: Doc, turn: Pick<Turn, 'parent_id'>, model: string): RequestBody {
  const { thinking } = doc.parameters
  const path = pathTo(doc, turn.parent_id)
  return {
    model: modelOf(model),
    messages: messagesFor(doc, path, model),
    ...sampling(doc),
    ...(thinking === undefined ? {} : { enable_thinking: thinking }),
    ...toolsFor(doc, path),
    ...responseFormat(doc),
    ...STREAM,
  }
}

export function completionBody(doc: Doc, turn: Pick<Turn, 'parent_id'>, model: string): RequestBody {
  const prompt = pathTo(doc, turn.parent_id).at(-1)?.text ?? ''
  return { model: modelOf(model), prompt, ...sampling(doc), ...STREAM }
}

export const embeddingBody = (model: string, input: readonly string[]): RequestBody => ({
  model: modelOf(model),
  input: [...input],
})

export const tokenizeBody = (model: string, text: string, asChat: boolean): RequestBody =>
  asChat
    ? { model: modelOf(model), messages: [{ role: 'user', content: text }], return_token_strs: true }
    : { model: modelOf(model), prompt: text, return_token_strs: true }

/**
 * Once a tool has returned something the model is free again: who must call a tool each time would never answer. A choice
 * of a tool that is not there any more counts for nothing.
 */
function toolsFor({ tools_json, tool_choice: choice }: Doc, path: readonly Turn[]) {
  if (tools_json === null) return {}
  const tools = JSON.parse(tools_json) as { function: { name: string } }[]
  if (tools.length === 0) return {}
  if (choice === undefined || path.at(-1)?.role === 'tool') return { tools }
  if (typeof choice === 'string') return { tools, tool_choice: choice }
  const isThere = tools.some((tool) => tool.function.name === choice.name)
  return isThere ? { tools, tool_choice: { type: 'function', function: { name: choice.name } } } : { tools }
}

function responseFormat({ response_format: { type, schema_json } }: Doc) {
  if (type === 'text') return {}
  if (type === 'json_object') return { response_format: { type } }
  const schema = JSON.parse(schema_json ?? '{}') as unknown
  return { response_format: { type, json_schema: { name: 'answer', schema } } }
}

/**
 * The conversation as one model reads it: what was asked, and its own answers; where it said nothing, what `speakerOf`
 * names. An exchange in which nobody said anything is left out, since templates want turns that alternate. The last
 * question always stays.
 */
export function messagesFor(doc: Doc, path: readonly Turn[], model: string): ChatMessage[] {
  const messages: ChatMessage[] = []
  if (doc.system_prompt !== '') messages.push({ role: 'system', content: doc.system_prompt })
  const exchanges = exchangesOf(path)
  for (const [index, exchange] of exchanges.entries()) {
    const speaker = speakerOf(exchange, model)
    const isLast = index === exchanges.length - 1
    if (speaker === null && !isLast) continue
    messages.push({ role: 'user', content: exchange.question.text })
    if (speaker !== null) messages.push(...repliesOf(exchange.replies, speaker))
  }
  return messages
}

/**
 * Whose answer a model is sent of an exchange: its own, else, because it joined later or failed, that of the first who
 * said something. The page says so there. Null = nobody said anything.
 */
export function speakerOf({ replies }: Exchange, model: string): string | null {
  if (replies.some((turn) => saidBy(turn, model))) return model
  return replies.flatMap((turn) => turn.answers).find(hasSaid)?.model ?? null
}

function repliesOf(replies: readonly Turn[], model: string): ChatMessage[] {
  const messages: ChatMessage[] = []
  const called = new Set<string>()
  for (const turn of replies) {
    if (turn.role === 'tool') {
      if (turn.tool_call_id !== null && called.has(turn.tool_call_id))
        messages.push({ role: 'tool', tool_call_id: turn.tool_call_id, content: turn.text })
      continue
    }
    const answer = saidBy(turn, model)
    if (!answer) continue
    for (const { id } of answer.tool_calls) called.add(id)
    messages.push({
      role: 'assistant',
      content: answer.text === '' && answer.tool_calls.length > 0 ? null : answer.text,
      ...(answer.tool_calls.length === 0
        ? {}
        : {
            tool_calls: answer.tool_calls.map(({ id, name, arguments: given }) => ({
              id,
              type: 'function',
              function: { name, arguments: given },
            })),
          }),
    })
  }
  return messages
}

const hasSaid = (answer: Answer): boolean => answer.text !== '' || answer.tool_calls.length > 0

const saidBy = (turn: Turn, model: string): Answer | undefined =>
  turn.answers.find((answer) => answer.model === model && hasSaid(answer))
