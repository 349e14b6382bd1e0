/** `POST /tokenize` and `POST /detokenize`, in vLLM's shapes. */
import { buildPrompt } from './chat-prompt.ts'
import { readChatRequest } from './chat-request.ts'
import { Fields, missing } from './fields.ts'
import type { Host } from './host.ts'
import { readTokens } from './prompt-input.ts'

/**
 * A prompt as `/v1/completions` would see it, or messages (with tools and template switches) as chat would.
 * `add_special_tokens: false` leaves out the BOS token; it has no meaning for messages.
 */
export function answerTokenize(host: Host, body: unknown): { tokens: number[]; count: number; max_model_len: number } {
  const { engine } = host
  const fields = new Fields(body)
  const answer = (tokens: number[]) => ({ tokens, count: tokens.length, max_model_len: engine.facts.contextTokens })
  if (fields.raw('messages') === undefined) {
    const tokens = engine.tokenize(fields.requiredString('prompt'), true)
    return answer((fields.boolean('add_special_tokens') ?? true) ? engine.withBos(tokens) : tokens)
  }
  const request = readChatRequest(body, {
    vocabularySize: engine.facts.vocabularySize,
    samplingDefaults: {},
    usageHeader: undefined,
  })
  return answer(
    buildPrompt(engine, {
      messages: request.messages,
      tools: request.toolChoice === 'none' ? [] : request.tools,
      templateValues: request.templateValues,
      toolParser: host.toolParser,
      reasoningParser: host.reasoningParser,
    }).tokens,
  )
}

export function answerDetokenize(host: Host, body: unknown): { prompt: string } {
  const fields = new Fields(body)
  const list = fields.array('tokens') ?? missing('tokens')
  const tokens = list.length === 0 ? [] : readTokens(list, 'tokens', host.engine.facts.vocabularySize)
  const bytes = Buffer.concat(tokens.map((token) => host.engine.tokenBytes(token, true)))
  return { prompt: bytes.toString('utf8') }
}
