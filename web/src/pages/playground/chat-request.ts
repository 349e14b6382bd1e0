/** Bodies of the requests that the playground makes, exactly as they are sent and as "code" prints them. Pure. */
import { modelOf } from './columns.ts'
import { type Answer, type Doc, exchangesOf, pathTo, type Turn } from './document-turns.ts'

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
  const tools = doc.tools_json === null ? null : (JSON.parse(doc.tools_json) as unknown[])
  return {
    model: modelOf(model),
    messages: messagesFor(doc, pathTo(doc, turn.parent_id), model),
    ...sampling(doc),
    ...(thinking === undefined ? {} : { enable_thinking: thinking }),
    ...(tools !== null && tools.length > 0 ? { tools } : {}),
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

function responseFormat({ response_format: { type, schema_json } }: Doc) {
  if (type === 'text') return {}
  if (type === 'json_object') return { response_format: { type } }
  const schema = JSON.parse(schema_json ?? '{}') as unknown
  return { response_format: { type, json_schema: { name: 'answer', schema } } }
}

/**
 * The conversation as one model reads it: what was asked, and its own answers. Where it said nothing because it joined
 * later, what another model said; an exchange in which nobody said anything is left out, since templates want turns that
 * alternate. The last question always stays.
 */
export function messagesFor(doc: Doc, path: readonly Turn[], model: string): ChatMessage[] {
  const messages: ChatMessage[] = []
  if (doc.system_prompt !== '') messages.push({ role: 'system', content: doc.system_prompt })
  const exchanges = exchangesOf(path)
  for (const [index, { question, replies }] of exchanges.entries()) {
    const speaker = replies.some((turn) => saidBy(turn, model))
      ? model
      : replies.flatMap((turn) => turn.answers).find(hasSaid)?.model
    const isLast = index === exchanges.length - 1
    if (speaker === undefined && !isLast) continue
    messages.push({ role: 'user', content: question.text })
    if (speaker !== undefined) messages.push(...repliesOf(replies, speaker))
  }
  return messages
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
