/**
 * The question that Qwen3-Reranker was trained to answer with "yes" or "no": does this document meet the query?
 * (https://github.com/QwenLM/Qwen3-Embedding, 2026-11)
 *
 *   system and instruction and query   one for all documents of a request, so that it is computed once
 *   document                           tokenised by itself, at a border where the tokeniser cuts anyway
 *   end of the turn, empty thoughts    the next token is the answer
 *
 * Queries and documents are text: what looks like a control token in one is text too, so that no document can answer the
 * question about itself.
 */
import type { Token, TokenEngine } from '../token-engine.ts'
import { type Preparation, tooLong } from './preparation.ts'
import { RequestError } from './request-error.ts'
import type { Pair, PairRequest } from './rerank-request.ts'

const SYSTEM =
  'Judge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be "yes" or "no".'
const INSTRUCTION = 'Given a web search query, retrieve relevant passages that answer the query'
const TURN_ENDS = '<|im_end|>\n<|im_start|>assistant\n'
/** A model that thinks is told that it has. */
const NO_THOUGHTS = '<think>\n\n</think>\n\n'

export type Answers = { yes: Token; no: Token }

/**
 * The two tokens that are compared.
 * @throws RequestError where this model has no such tokens, or does not speak in turns as the reranker does
 */
export function relevanceAnswers(engine: TokenEngine, modelName: string): Answers {
  const [yes, ...restOfYes] = engine.tokenize('yes', false)
  const [no, ...restOfNo] = engine.tokenize('no', false)
  const hasTurns = ['<|im_start|>', '<|im_end|>'].every((text) => engine.facts.controlTexts.has(text))
  if (!hasTurns || yes === undefined || no === undefined || restOfYes.length > 0 || restOfNo.length > 0) {
    throw new RequestError({
      status: 400,
      code: 'unsupported_model',
      param: 'model',
      message: `'${modelName}' cannot be asked for relevance: this needs an embedding model, or a model with ChatML turns and one token each for "yes" and "no", as Qwen3-Reranker is.`,
    })
  }
  return { yes, no }
}

/** @throws RequestError · PreparationStopped */
export async function relevancePrompts(
  engine: TokenEngine,
  request: PairRequest,
  preparation: Preparation,
): Promise<Token[][]> {
  const { contextTokens, chatTemplate } = engine.facts
  const room = contextTokens - 1 // the answer is a token
  const begin = engine.withBos(engine.tokenize(`<|im_start|>system\n${SYSTEM}<|im_end|>\n<|im_start|>user\n`, true))
  const end = engine.tokenize(chatTemplate?.includes('<think>') ? TURN_ENDS + NO_THOUGHTS : TURN_ENDS, true)
  const instruction = request.instruction ?? INSTRUCTION
  const heads = new Map<string, Token[]>()
  const headOf = async (query: string): Promise<Token[]> => {
    const known = heads.get(query)
    if (known !== undefined) return known
    const text = `<Instruct>: ${instruction}\n<Query>: ${query}\n<Document>:`
    const refusal = (atLeast: number) => tooLong(contextTokens, 'query', 'your query', atLeast)
    const made = [...begin, ...(await preparation.tokenize(text, false, room, refusal))]
    heads.set(query, made)
    return made
  }

  const prompts: Token[][] = []
  for (const pair of request.pairs) {
    const head = await headOf(pair.query)
    const document = await documentTokens(pair, request, room - head.length - end.length, engine, preparation)
    prompts.push([...head, ...document, ...end])
  }
  return prompts
}

async function documentTokens(
  { document, param }: Pair,
  { documentTokensMax, promptTokensMax }: PairRequest,
  room: number,
  engine: TokenEngine,
  preparation: Preparation,
): Promise<Token[]> {
  const { contextTokens } = engine.facts
  const refusal = (atLeast: number) => tooLong(contextTokens, param, param, contextTokens - room + atLeast)
  if (room < 1) throw tooLong(contextTokens, 'query', 'your query', contextTokens - room)
  const tokensMax = cutAt({ documentTokensMax, promptTokensMax }, room, contextTokens)
  const text = ` ${document}`
  if (tokensMax === null) return preparation.tokenize(text, false, room, refusal)
  const tokens: Token[] = []
  for (const slice of engine.slices(text, false)) {
    tokens.push(...(await preparation.tokenize(slice, false, Number.POSITIVE_INFINITY, refusal)))
    if (tokens.length >= tokensMax) break
  }
  return tokens.slice(0, tokensMax)
}

/** How many tokens of a document are taken; null = nobody asked for a cut, so that too long a one is refused. */
function cutAt(
  { documentTokensMax, promptTokensMax }: Pick<PairRequest, 'documentTokensMax' | 'promptTokensMax'>,
  room: number,
  contextTokens: number,
): number | null {
  if (documentTokensMax === null && promptTokensMax === null) return null
  const besides = contextTokens - room
  const ofPrompt = promptTokensMax === null ? room : Math.max(1, promptTokensMax - besides)
  return Math.min(room, ofPrompt, documentTokensMax ?? room)
}
