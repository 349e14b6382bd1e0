/**
 * `POST /v1/completions`: raw text in, raw text out; no template, no parsers.
 * Several prompts are answered side by side: choice = prompt × n + k, as OpenAI numbers them.
 */
import type { AnswerEvent, AnswerParser } from '../parsers/answer-event.ts'
import type { GeneratedToken, Token } from '../token-engine.ts'
import { answerId } from './answer-ids.ts'
import type { ChoiceEnd } from './choice.ts'
import { type CompletionRequest, readCompletionRequest } from './completion-request.ts'
import { EventStream } from './event-stream.ts'
import type { Call, Host } from './host.ts'
import { sendJson } from './json-response.ts'
import { type CompletionLogprobs, completionLogprobs } from './logprobs.ts'
import { type Preparation, prepared, tooLong } from './preparation.ts'
import { requestCancelled } from './request-cancelled.ts'
import { asRequestError, RequestError } from './request-error.ts'
import { type ChoicePlan, runChoices } from './run-choices.ts'
import { clipTokensMax } from './sampling.ts'
import { reportUsage, sumUsage, type UsageReport } from './usage.ts'

/** Choices of one request, over all its prompts. */
const CHOICES_SUM_MAX = 128

/** Answers on `call.response`. @throws RequestError or EngineError as long as nothing has been sent */
export async function answerCompletion(host: Host, call: Call): Promise<void> {
  if (host.task !== 'chat') {
    throw new RequestError({
      status: 400,
      code: 'unsupported_model',
      param: 'model',
      message: `'${host.modelName}' is an embedding model: it answers /v1/embeddings, not text.`,
    })
  }
  const request = readCompletionRequest(call.body, {
    vocabularySize: host.engine.facts.vocabularySize,
    contextTokens: host.engine.facts.contextTokens,
    samplingDefaults: host.samplingDefaults,
    usageHeader: call.usage,
  })
  if (request.prompts.length * request.choices > CHOICES_SUM_MAX) {
    throw new RequestError({
      status: 400,
      code: 'array_above_max_length',
      param: 'prompt',
      message: `Invalid 'prompt': prompts × n must be at most ${CHOICES_SUM_MAX}, but is ${request.prompts.length * request.choices}.`,
    })
  }
  const prompts = await prepared(host, call, (preparation) => promptTokens(host, request.prompts, preparation))
  const plans = prompts.flatMap((prompt) => planPrompt(host, request, prompt))
  const echoes = request.prompts.map((prompt, index) =>
    request.echo ? promptText(host, prompt, prompts[index] ?? []) : '',
  )
  const head = {
    id: answerId('cmpl'),
    object: 'text_completion',
    created: host.nowS(),
    model: request.model ?? host.modelName,
  }
  const context: AnswerContext = { host, call, request, head, echoes }
  const answer = request.stream ? new StreamedCompletion(context) : new WholeCompletion(context)
  try {
    const { ends, cutBy } = await runChoices(
      host,
      call,
      plans,
      (index) => answer.begin(index),
      (index, events, tokens) => answer.piece(index, textOf(events), tokens),
    )
    if (cutBy === 'client') return
    const report = sumUsage(
      prompts.map((prompt, index) =>
        reportUsage(ends.slice(index * request.choices, (index + 1) * request.choices), prompt.length),
      ),
    )
    if (cutBy === 'request' && ends.some((end) => end.finish === 'cancelled')) answer.cancelled(report)
    else answer.complete(ends, report)
  } catch (error) {
    answer.broken(error)
  }
}

async function promptTokens(
  { engine }: Host,
  prompts: readonly (string | Token[])[],
  preparation: Preparation,
): Promise<Token[][]> {
  const { contextTokens } = engine.facts
  const lists: Token[][] = []
  for (const prompt of prompts) {
    if (typeof prompt !== 'string') {
      if (prompt.length > contextTokens) throw tooLong(contextTokens, 'prompt', 'your prompt', prompt.length)
      lists.push(prompt)
      continue
    }
    const refusal = (atLeast: number) => tooLong(contextTokens, 'prompt', 'your prompt', atLeast)
    lists.push(engine.withBos(await preparation.tokenize(prompt, true, contextTokens, refusal)))
  }
  return lists
}

function promptText(host: Host, prompt: string | Token[], tokens: readonly Token[]): string {
  if (typeof prompt === 'string') return prompt
  return Buffer.concat(tokens.map((token) => host.engine.tokenBytes(token, true))).toString('utf8')
}

function planPrompt(host: Host, request: CompletionRequest, prompt: Token[]): ChoicePlan[] {
  const tokensMax = clipTokensMax(prompt.length, request.tokensMax, host.engine.facts.contextTokens, 'prompt')
  if (prompt.length === 0) {
    throw new RequestError({
      status: 400,
      code: 'invalid_value',
      param: 'prompt',
      message: "Invalid 'prompt': an empty text has no next token for this model.",
    })
  }
  return Array.from({ length: request.choices }, (_, index) => ({
    request: {
      prompt,
      tokensMax,
      sampling: {
        ...request.sampling,
        seed: request.sampling.seed === null ? null : (request.sampling.seed + index) >>> 0,
      },
      topLogprobs: request.topLogprobs,
      ignoreEos: request.ignoreEos,
    },
    options: { parser: PLAIN_TEXT, stops: request.stops, visibleControls: [], callsMax: null },
  }))
}

const PLAIN_TEXT: AnswerParser = {
  section: 'content',
  push: (text) => [{ type: 'content-delta', text }],
  end: () => [],
}

function textOf(events: readonly AnswerEvent[]): string {
  return events.map((event) => (event.type === 'content-delta' ? event.text : '')).join('')
}

type AnswerContext = {
  host: Host
  call: Call
  request: CompletionRequest
  head: { id: string; object: string; created: number; model: string }
  /** Per prompt: what its answers begin with. */
  echoes: string[]
}

class WholeCompletion {
  #context: AnswerContext
  #texts: string[]
  #tokens: GeneratedToken[][]

  constructor(context: AnswerContext) {
    const { request, echoes } = context
    this.#context = context
    this.#texts = echoes.flatMap((echo) => Array.from({ length: request.choices }, () => echo))
    this.#tokens = this.#texts.map(() => [])
  }

  begin(_index: number): void {}

  piece(index: number, text: string, tokens: readonly GeneratedToken[]): void {
    this.#texts[index] += text
    this.#tokens[index]?.push(...tokens)
  }

  complete(ends: readonly ChoiceEnd[], report: UsageReport): void {
    const { host, call, request, head } = this.#context
    sendJson(call.response, 200, {
      ...head,
      choices: ends.map((end, index) => ({
        text: this.#texts[index],
        index,
        logprobs: request.topLogprobs === null ? null : completionLogprobs(host.engine, this.#tokens[index] ?? [], 0),
        finish_reason: finishReason(end),
      })),
      ...report,
    })
  }

  cancelled(report: UsageReport): void {
    requestCancelled(this.#context.call.response, report)
  }

  broken(error: unknown): never {
    throw error
  }
}

class StreamedCompletion {
  #context: AnswerContext
  #events: EventStream
  #begun = new Set<number>()
  /** Characters of the answer so far, per choice. */
  #offsets = new Map<number, number>()

  constructor(context: AnswerContext) {
    this.#context = context
    this.#events = new EventStream(context.call.response)
  }

  begin(index: number): void {
    if (this.#begun.has(index)) return
    this.#begun.add(index)
    const echo = this.#context.echoes[Math.floor(index / this.#context.request.choices)] ?? ''
    // Even an empty piece goes out: it carries the headers, which say that the answer has begun.
    this.#chunk(index, echo, null)
  }

  piece(index: number, text: string, tokens: readonly GeneratedToken[]): void {
    const { host, request } = this.#context
    const offset = this.#offsets.get(index) ?? 0
    const logprobs = request.topLogprobs === null ? null : completionLogprobs(host.engine, tokens, offset)
    this.#offsets.set(index, offset + text.length)
    this.#chunk(index, text, logprobs)
  }

  complete(ends: readonly ChoiceEnd[], report: UsageReport): void {
    for (const [index, end] of ends.entries()) {
      this.begin(index)
      this.#chunk(index, '', null, finishReason(end))
    }
    if (this.#context.request.endsWithUsage) this.#usage(report)
    this.#events.done()
  }

  /** Ends with the counts and without a finish reason, as a chat does. */
  cancelled(report: UsageReport): void {
    if (this.#events.started) {
      this.#usage(report)
      this.#events.close()
    } else requestCancelled(this.#context.call.response, report)
  }

  broken(error: unknown): void {
    if (!this.#events.started) throw error
    this.#events.fail(asRequestError(error))
  }

  #usage(report: UsageReport): void {
    this.#events.send({ ...this.#context.head, choices: [], ...report })
  }

  #chunk(index: number, text: string, logprobs: CompletionLogprobs | null, finish: string | null = null): void {
    const { head, request } = this.#context
    this.#events.send({
      ...head,
      choices: [{ text, index, logprobs, finish_reason: finish }],
      ...(request.includeUsage ? { usage: null } : {}),
    })
  }
}

function finishReason(end: ChoiceEnd): string | null {
  return end.finish === 'cancelled' ? null : end.finish
}
