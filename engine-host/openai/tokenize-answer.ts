/** `POST /tokenize` and `POST /detokenize`, in vLLM's shapes. */
import type { Token } from '../token-engine.ts'
import { buildPrompt } from './chat-prompt.ts'
import { readChatRequest } from './chat-request.ts'
import { Fields, invalidValue, missing } from './fields.ts'
import type { Call, Host } from './host.ts'
import { type Preparation, prepared } from './preparation.ts'
import { readTokens } from './prompt-input.ts'

/** A text to count may be this many contexts long: whoever cuts documents to size counts them first. */
export const TOKENIZE_CONTEXTS_MAX = 16
/** Tokens turned back in one turn of the event loop. */
const DETOKENIZE_SLICE = 4096

export type Tokenized = { tokens?: number[]; count: number; max_model_len: number; token_strs?: string[] }

/**
 * A prompt as `/v1/completions` would see it, or messages (with tools and template switches) as chat would.
 * `add_special_tokens: false` leaves out the BOS token; it has no meaning for messages.
 * `return_tokens: false` leaves out the tokens: who only counts a long conversation need not carry them away.
 * `return_token_strs: true` adds each token's own text; one that is a part of a character only is U+FFFD.
 */
export async function answerTokenize(host: Host, call: Call): Promise<Tokenized> {
  const { contextTokens } = host.engine.facts
  const fields = new Fields(call.body)
  const withTokens = fields.boolean('return_tokens') ?? true
  const withTexts = fields.boolean('return_token_strs') ?? false
  return prepared(host, call, async (preparation) => {
    const tokens = await tokensOf(host, call.body, preparation)
    return {
      ...(withTokens ? { tokens } : {}),
      count: tokens.length,
      max_model_len: contextTokens,
      ...(withTexts ? { token_strs: await textsOf(host, tokens, preparation) } : {}),
    }
  })
}

async function textsOf({ engine }: Host, tokens: readonly Token[], preparation: Preparation): Promise<string[]> {
  const texts: string[] = []
  for (const [index, token] of tokens.entries()) {
    if (index % DETOKENIZE_SLICE === 0) await preparation.turn()
    texts.push(Buffer.from(engine.tokenBytes(token, true)).toString('utf8'))
  }
  return texts
}

async function tokensOf(host: Host, body: unknown, preparation: Preparation): Promise<number[]> {
  const { engine } = host
  const fields = new Fields(body)
  if (fields.raw('messages') === undefined) {
    const text = fields.requiredString('prompt')
    const addBos = fields.boolean('add_special_tokens') ?? true
    const tokensMax = engine.facts.contextTokens * TOKENIZE_CONTEXTS_MAX
    const tokens = await preparation.tokenize(text, true, tokensMax, (atLeast) => tooMany('prompt', tokensMax, atLeast))
    return addBos ? engine.withBos(tokens) : tokens
  }
  const request = readChatRequest(body, { ...engine.facts, samplingDefaults: {}, usageHeader: undefined })
  const input = {
    messages: request.messages,
    tools: request.toolChoice === 'none' ? [] : request.tools,
    templateValues: request.templateValues,
    toolParser: host.toolParser,
    reasoningParser: host.reasoningParser,
  }
  return (await buildPrompt(engine, input, preparation)).tokens
}

export async function answerDetokenize(host: Host, call: Call): Promise<{ prompt: string }> {
  const { engine } = host
  const list = new Fields(call.body).array('tokens') ?? missing('tokens')
  const tokensMax = engine.facts.contextTokens * TOKENIZE_CONTEXTS_MAX
  if (list.length > tokensMax) throw tooMany('tokens', tokensMax, list.length)
  const limits = { vocabularySize: engine.facts.vocabularySize, contextTokens: tokensMax }
  const tokens = list.length === 0 ? [] : readTokens(list, 'tokens', limits)
  const bytes = await prepared(host, call, async (preparation) => {
    const slices: Buffer[] = []
    for (let from = 0; from < tokens.length; from += DETOKENIZE_SLICE) {
      await preparation.turn()
      const slice = tokens.slice(from, from + DETOKENIZE_SLICE)
      slices.push(Buffer.concat(slice.map((token) => engine.tokenBytes(token, true))))
    }
    return Buffer.concat(slices)
  })
  return { prompt: bytes.toString('utf8') }
}

function tooMany(param: string, tokensMax: number, atLeast: number) {
  return invalidValue(
    param,
    `Invalid '${param}': at most ${tokensMax} tokens (${TOKENIZE_CONTEXTS_MAX} times the model's context) are taken in one request, and these are at least ${atLeast}.`,
  )
}
