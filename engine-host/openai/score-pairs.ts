/**
 * How well documents meet queries, by either kind of model.
 *
 *   embedding model   cosine of the two vectors, −1 … 1
 *   any other         probability of "yes" against "no" as the first token of the answer, 0 … 1, as Qwen3-Reranker means it
 *
 * The second takes one step of the model a document. The first document goes ahead: it computes what all of them begin with,
 * and leaves it as a prefix for the others.
 */
import { performance } from 'node:perf_hooks'
import type { GeneratedToken, GenerateResult, Generation, Token } from '../token-engine.ts'
import type { Call, Host } from './host.ts'
import { type Preparation, prepared, tooLong } from './preparation.ts'
import { type Answers, relevanceAnswers, relevancePrompts } from './relevance-prompt.ts'
import { RequestError } from './request-error.ts'
import type { PairRequest } from './rerank-request.ts'
import { reportUsage, sumUsage, type UsageReport } from './usage.ts'

/** Tokens of all pairs of one request, as of all inputs of one for embeddings. */
const TOKENS_SUM_MAX = 300_000

export type Scores = {
  /** One a pair, in their order. */
  scores: number[]
  report: UsageReport
  /** `client`: nobody is left to answer; `request`: stopped by name, so that `scores` are not all there. */
  cutBy: 'client' | 'request' | null
}

/** @throws RequestError · EngineError */
export function scorePairs(host: Host, call: Call, request: PairRequest): Promise<Scores> {
  return host.task === 'embedding' ? byVectors(host, call, request) : byAnswers(host, call, request)
}

async function byVectors(host: Host, call: Call, request: PairRequest): Promise<Scores> {
  const { engine } = host
  const lists = await prepared(host, call, (preparation) => vectorTokens(host, request, preparation))
  const startedMs = performance.now()
  const finished = host.running.add(call.requestId, () => {}) // vectors cannot be stopped half-way
  const inputs = [...lists.queries.values(), ...lists.documents]
  const vectors = await engine.embed(inputs, call.share).finally(finished)
  const queries = new Map([...lists.queries.keys()].map((query, index) => [query, vectors[index]]))
  const scores = request.pairs.map(({ query }, index) =>
    product(queries.get(query), vectors[lists.queries.size + index]),
  )
  const tokens = inputs.reduce((sum, list) => sum + list.length, 0)
  const prefillMs = Math.round((performance.now() - startedMs) * 1000) / 1000
  const { usage } = reportUsage([], tokens)
  return { scores, report: { usage, timings: { queue_ms: 0, prefill_ms: prefillMs, decode_ms: 0 } }, cutBy: null }
}

/** An instruction goes before the query alone, as Qwen3-Embedding has it. */
async function vectorTokens(host: Host, request: PairRequest, preparation: Preparation) {
  const { engine } = host
  const { contextTokens } = engine.facts
  const read = async (text: string, param: string, tokensMax: number | null): Promise<Token[]> => {
    const refusal = (atLeast: number) => tooLong(contextTokens, param, param, atLeast)
    const tokens = await preparation.tokenize(text, false, tokensMax === null ? contextTokens : Infinity, refusal)
    const list = engine.withBos(tokens.slice(0, tokensMax ?? tokens.length))
    if (list.length > contextTokens) throw refusal(list.length)
    if (list.length === 0) throw emptyText(param)
    return list
  }
  const { instruction, documentTokensMax, promptTokensMax } = request
  const cut = documentTokensMax === null && promptTokensMax === null
  const tokensMax = cut ? null : Math.min(contextTokens - 2, documentTokensMax ?? Infinity, promptTokensMax ?? Infinity)
  const queries = new Map<string, Token[]>()
  const documents: Token[][] = []
  for (const { query, document, param } of request.pairs) {
    const text = instruction === null ? query : `Instruct: ${instruction}\nQuery:${query}`
    if (!queries.has(query)) queries.set(query, await read(text, 'query', null))
    documents.push(await read(document, param, tokensMax))
  }
  checkSum([...queries.values(), ...documents])
  return { queries, documents }
}

async function byAnswers(host: Host, call: Call, request: PairRequest): Promise<Scores> {
  const answers = relevanceAnswers(host.engine, host.modelName)
  const prompts = await prepared(host, call, async (preparation) => {
    const made = await relevancePrompts(host.engine, request, preparation)
    checkSum(made)
    return made
  })
  const questions = new Questions(host, call, answers)
  try {
    const first = await questions.ask(prompts[0] as Token[], 0)
    call.arrived()
    const rest = await Promise.all(prompts.slice(1).map((prompt, index) => questions.ask(prompt, index + 1)))
    const results = [first, ...rest]
    const report = sumUsage(
      results.map(({ result }, index) => reportUsage([{ result, reasoningTokens: 0 }], prompts[index]?.length ?? 0)),
    )
    return { scores: results.map(({ score }) => score), report: withoutAnswers(report), cutBy: questions.cutBy }
  } finally {
    questions.end()
  }
}

/** One token a document is computed and never handed out: what a caller uses is the prompt. */
function withoutAnswers({ usage, timings }: UsageReport): UsageReport {
  return { usage: { ...usage, completion_tokens: 0, total_tokens: usage.prompt_tokens }, timings }
}

/** The questions of one request, which end together. */
class Questions {
  cutBy: Scores['cutBy'] = null
  readonly #host: Host
  readonly #call: Call
  readonly #answers: Answers
  readonly #running = new Set<Generation>()
  readonly #finished: () => void
  readonly #hangUp = () => this.#cut('client')

  constructor(host: Host, call: Call, answers: Answers) {
    this.#host = host
    this.#call = call
    this.#answers = answers
    this.#finished = host.running.add(call.requestId, () => this.#cut('request'))
    call.response.once('close', this.#hangUp)
    if (call.response.destroyed) this.cutBy = 'client'
  }

  async ask(prompt: Token[], index: number): Promise<{ score: number; result: GenerateResult }> {
    if (this.cutBy !== null) return { score: 0, result: UNASKED }
    const call = this.#call
    const answers = this.#answers
    let score = 0
    const generation = this.#host.engine.generate(
      {
        id: `${call.requestId}.${index}`,
        prompt,
        tokensMax: 1,
        sampling: GREEDY,
        topLogprobs: 0,
        watchedTokens: [answers.yes, answers.no],
        salt: call.salt,
        share: call.share,
        adapter: call.adapter,
        disk: call.disk,
        ignoreEos: true,
      },
      (token) => {
        score = probabilityOf(token, answers)
      },
    )
    this.#running.add(generation)
    try {
      const result = await generation.done
      return { score, result }
    } catch (error) {
      this.#stopAll()
      throw error
    } finally {
      this.#running.delete(generation)
    }
  }

  end(): void {
    this.#call.response.off('close', this.#hangUp)
    this.#finished()
  }

  #cut(by: 'client' | 'request'): void {
    this.cutBy ??= by
    this.#stopAll()
  }

  #stopAll(): void {
    for (const generation of this.#running) generation.cancel()
  }
}

const GREEDY = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  seed: null,
  frequencyPenalty: 0,
  presencePenalty: 0,
  repeatPenalty: 1,
  logitBias: new Map<Token, number>(),
  grammar: null,
}

const UNASKED: GenerateResult = {
  end: 'cancelled',
  promptTokens: 0,
  cachedTokens: 0,
  generatedTokens: 0,
  queueMs: 0,
  prefillMs: 0,
  decodeMs: 0,
}

/** Of the two answers only, whatever else the model would have liked to say. */
function probabilityOf({ top }: GeneratedToken, { yes, no }: Answers): number {
  const logprobOf = (token: Token) => top.findLast((one) => one.token === token)?.logprob ?? Number.NEGATIVE_INFINITY
  const [ofYes, ofNo] = [logprobOf(yes), logprobOf(no)]
  if (ofYes === Number.NEGATIVE_INFINITY) return 0
  return 1 / (1 + Math.exp(ofNo - ofYes))
}

/** The vectors have length 1, so that this is the cosine of the angle between them. */
function product(one: Float32Array | undefined, other: Float32Array | undefined): number {
  if (one === undefined || other === undefined) return 0
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0)
}

function checkSum(lists: readonly Token[][]): void {
  const tokens = lists.reduce((sum, list) => sum + list.length, 0)
  if (tokens <= TOKENS_SUM_MAX) return
  throw new RequestError({
    status: 400,
    code: 'array_above_max_length',
    param: 'documents',
    message: `All documents of a request, each with its query, may have ${TOKENS_SUM_MAX} tokens, and these have ${tokens}. Please send them in several requests.`,
  })
}

function emptyText(param: string): RequestError {
  return new RequestError({
    status: 400,
    code: 'invalid_value',
    param,
    message: `Invalid '${param}': an empty text has no embedding with this model.`,
  })
}
