/**
 * `POST /v1/chat/completions`: the story of one request.
 *
 *   read and check ─► plan (prompt, grammar, parser) ─► run the choices ─► write the answer, whole or as it comes
 */
import { answerGrammar } from '../grammar/answer-grammar.ts'
import { SchemaRefused } from '../grammar/schema-refused.ts'
import type { AnswerEvent } from '../parsers/answer-event.ts'
import { answerParser } from '../parsers/answer-parser.ts'
import { CONTROL_TAGS, REASONING_TAGS, type ToolFormat } from '../parsers/tool-call-parser.ts'
import { EngineError, type GeneratedToken } from '../token-engine.ts'
import { answerId, callId } from './answer-ids.ts'
import { buildPrompt } from './chat-prompt.ts'
import { type ChatRequest, readChatRequest } from './chat-request.ts'
import type { ChoiceEnd, ChoiceFinish } from './choice.ts'
import { EventStream } from './event-stream.ts'
import { unsupportedParameter } from './fields.ts'
import type { Call, Host } from './host.ts'
import { sendJson } from './json-response.ts'
import { type ChatTokenLogprob, chatLogprobs } from './logprobs.ts'
import { type Preparation, prepared } from './preparation.ts'
import { requestCancelled } from './request-cancelled.ts'
import { asRequestError, RequestError } from './request-error.ts'
import { type ChoicePlan, runChoices } from './run-choices.ts'
import { clipTokensMax } from './sampling.ts'
import { reportPrompt, reportUsage, type Usage, type UsageReport } from './usage.ts'

/** Answers on `call.response`. @throws RequestError or EngineError as long as nothing has been sent */
export async function answerChat(host: Host, call: Call): Promise<void> {
  refuseEmbeddingModel(host)
  const request = readChatRequest(call.body, {
    vocabularySize: host.engine.facts.vocabularySize,
    contextTokens: host.engine.facts.contextTokens,
    samplingDefaults: host.samplingDefaults,
    usageHeader: call.usage,
  })
  const plans = await prepared(host, call, (preparation) => planChat(host, request, preparation))
  const promptTokens = plans[0]?.request.prompt.length ?? 0
  const head = { id: answerId('chatcmpl'), created: host.nowS(), model: request.model ?? host.modelName }
  const answer = request.stream ? new StreamedChat(host, call, request, head) : new WholeChat(host, call, request, head)
  try {
    const { ends, cutBy } = await runChoices(
      host,
      call,
      plans,
      (index, cachedTokens) => answer.begin(index, reportPrompt(promptTokens, cachedTokens)),
      (index, events, tokens) => answer.pieces(index, events, tokens),
    )
    if (cutBy === 'client') return
    const report = reportUsage(ends, promptTokens)
    if (cutBy === 'request' && ends.some((end) => end.finish === 'cancelled')) answer.cancelled(report)
    else answer.complete(ends, report)
  } catch (error) {
    answer.broken(error)
  }
}

function refuseEmbeddingModel(host: Host): void {
  if (host.task === 'chat') return
  throw new RequestError({
    status: 400,
    code: 'unsupported_model',
    param: 'model',
    message: `'${host.modelName}' is an embedding model: it answers /v1/embeddings, not text.`,
  })
}

/** Everything that is decided before the first token, one plan per choice. */
async function planChat(host: Host, request: ChatRequest, preparation: Preparation): Promise<ChoicePlan[]> {
  const mayCall = request.toolChoice !== 'none' && request.tools.length > 0
  if (mayCall && host.toolParser === 'none') {
    throw unsupportedParameter('tools', 'This model is served without tool calls.')
  }
  const format = host.toolParser as ToolFormat
  const tools = mayCall ? request.tools : []
  const input = {
    messages: request.messages,
    tools,
    templateValues: request.templateValues,
    toolParser: host.toolParser,
    reasoningParser: host.reasoningParser,
  }
  const prompt = await buildPrompt(host.engine, input, preparation)
  await preparation.turn()
  const grammar = answerGrammar({ ...request, tools, format, thoughts: prompt.thoughts })
  if (grammar !== null) checkGrammar(host, grammar, request)
  const schemas = new Map(tools.map((tool) => [tool.name, tool.parameters]))
  const callsMax = request.parallelToolCalls && typeof request.toolChoice === 'string' ? null : 1
  return Array.from({ length: request.choices }, (_, index) => ({
    request: {
      prompt: prompt.tokens,
      tokensMax: clipTokensMax(prompt.tokens.length, request.tokensMax, host.engine.facts.contextTokens, 'messages'),
      sampling: {
        ...request.sampling,
        grammar,
        // The same seed for all choices would make them the same answer.
        seed: request.sampling.seed === null ? null : (request.sampling.seed + index) >>> 0,
      },
      topLogprobs: request.topLogprobs,
      ignoreEos: request.ignoreEos,
    },
    options: {
      parser: answerParser({
        reasoning: host.reasoningParser,
        insideThoughts: prompt.thoughts === 'open',
        tools: mayCall ? { format, schemas, forced: request.toolChoice !== 'auto' } : null,
      }),
      stops: request.stops,
      visibleControls: [
        ...(host.reasoningParser === 'think' ? REASONING_TAGS : []),
        ...(mayCall ? CONTROL_TAGS[format] : []),
      ],
      callsMax: mayCall ? callsMax : null,
    },
  }))
}

/** A grammar of ours that the library refuses all the same is the fault of the schema it was made from. */
function checkGrammar({ engine }: Host, grammar: string, { responseFormat }: ChatRequest): void {
  try {
    engine.checkGrammar(grammar)
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'engine.grammar_invalid') throw error
    const path = responseFormat.type === 'json_schema' ? 'response_format.json_schema.schema' : 'tools'
    throw new SchemaRefused(path, 'schema', 'is too large or too intricate for a grammar, all its parts together.')
  }
}

type Head = { id: string; created: number; model: string }

type Message = {
  role: 'assistant'
  content: string | null
  refusal: null
  reasoning_content?: string
  tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[]
}

/** A finish that a client may see; a cancelled choice among finished ones has none. */
function finishReason(finish: ChoiceFinish): string | null {
  return finish === 'cancelled' ? null : finish
}

/** The stop text that ended a choice, under vLLM's name, which OpenAI's own reason leaves open. */
function stopReason({ stop }: ChoiceEnd): { stop_reason?: string } {
  return stop === null ? {} : { stop_reason: stop }
}

class WholeChat {
  #host: Host
  #call: Call
  #head: Head
  #messages: Message[]
  #forced: boolean
  #logprobs: ChatTokenLogprob[][] | null

  constructor(host: Host, call: Call, request: ChatRequest, head: Head) {
    this.#host = host
    this.#call = call
    this.#head = head
    this.#forced = request.toolChoice !== 'auto' && request.toolChoice !== 'none'
    this.#messages = Array.from({ length: request.choices }, () => ({
      role: 'assistant',
      content: null,
      refusal: null,
    }))
    this.#logprobs = request.topLogprobs === null ? null : this.#messages.map(() => [])
  }

  begin(_index: number, _prompt: Usage): void {}

  pieces(index: number, events: readonly AnswerEvent[], tokens: readonly GeneratedToken[]): void {
    const message = this.#messages[index] as Message
    for (const event of events) {
      switch (event.type) {
        case 'content-delta':
          message.content = (message.content ?? '') + event.text
          break
        case 'reasoning-delta':
          message.reasoning_content = (message.reasoning_content ?? '') + event.text
          break
        case 'tool-call-start':
          message.tool_calls ??= []
          message.tool_calls.push({ id: callId(), type: 'function', function: { name: event.name, arguments: '' } })
          break
        case 'tool-call-arguments-delta': {
          const called = message.tool_calls?.[event.index]
          if (called) called.function.arguments += event.text
          break
        }
        case 'tool-call-end':
          break
        default:
          event satisfies never
      }
    }
    if (this.#logprobs !== null) this.#logprobs[index]?.push(...chatLogprobs(this.#host.engine, tokens))
  }

  complete(ends: readonly ChoiceEnd[], report: UsageReport): void {
    sendJson(this.#call.response, 200, {
      ...this.#head,
      object: 'chat.completion',
      choices: ends.map((end, index) => {
        const message = this.#messages[index] as Message
        // A model that ended at once has said nothing, which is an empty text and no missing one; a call that was cut
        // before it had a name is neither.
        if (message.tool_calls === undefined && !this.#forced) message.content ??= ''
        return {
          index,
          message,
          logprobs: this.#logprobs === null ? null : { content: this.#logprobs[index], refusal: null },
          finish_reason: finishReason(end.finish),
          ...stopReason(end),
        }
      }),
      ...report,
    })
  }

  cancelled(report: UsageReport): void {
    requestCancelled(this.#call.response, report)
  }

  broken(error: unknown): never {
    throw error
  }
}

class StreamedChat {
  #host: Host
  #events: EventStream
  #response: Call['response']
  #head: Head
  #includeUsage: boolean
  #endsWithUsage: boolean
  #beginsWithUsage: boolean
  #withLogprobs: boolean
  #begun = new Set<number>()

  constructor(host: Host, call: Call, request: ChatRequest, head: Head) {
    this.#host = host
    this.#response = call.response
    this.#events = new EventStream(call.response)
    this.#head = head
    this.#includeUsage = request.includeUsage
    this.#endsWithUsage = request.endsWithUsage
    this.#beginsWithUsage = request.beginsWithUsage
    this.#withLogprobs = request.topLogprobs !== null
  }

  /** @param prompt counts that the first chunk tells, where they are wanted there */
  begin(index: number, prompt: Usage): void {
    if (this.#begun.has(index)) return
    const isFirst = this.#begun.size === 0
    this.#begun.add(index)
    this.#chunk(index, { role: 'assistant', content: '' }, {}, isFirst && this.#beginsWithUsage ? prompt : null)
  }

  pieces(index: number, events: readonly AnswerEvent[], tokens: readonly GeneratedToken[]): void {
    let logprobs = tokens
    for (const event of events) {
      switch (event.type) {
        case 'content-delta':
          this.#chunk(index, { content: event.text }, {}, null, logprobs)
          logprobs = []
          break
        case 'reasoning-delta':
          this.#chunk(index, { reasoning_content: event.text })
          break
        case 'tool-call-start':
          this.#chunk(index, {
            tool_calls: [
              { index: event.index, id: callId(), type: 'function', function: { name: event.name, arguments: '' } },
            ],
          })
          break
        case 'tool-call-arguments-delta':
          this.#chunk(index, { tool_calls: [{ index: event.index, function: { arguments: event.text } }] })
          break
        case 'tool-call-end':
          break
        default:
          event satisfies never
      }
    }
  }

  complete(ends: readonly ChoiceEnd[], report: UsageReport): void {
    for (const [index, end] of ends.entries()) {
      this.begin(index, report.usage)
      this.#chunk(index, {}, { finish_reason: finishReason(end.finish), ...stopReason(end) })
    }
    if (this.#endsWithUsage) this.#usage(report)
    this.#events.done()
  }

  /** Ends with the counts, asked for or not, and without a finish reason: no reason that OpenAI knows would be true. */
  cancelled(report: UsageReport): void {
    if (this.#events.started) {
      this.#usage(report)
      this.#events.close()
    } else requestCancelled(this.#response, report)
  }

  broken(error: unknown): void {
    if (!this.#events.started) throw error
    this.#events.fail(asRequestError(error))
  }

  #usage(report: UsageReport): void {
    this.#events.send({ ...this.#head, object: 'chat.completion.chunk', choices: [], ...report })
  }

  #chunk(
    index: number,
    delta: Record<string, unknown>,
    end: { finish_reason?: string | null; stop_reason?: string } = {},
    usage: Usage | null = null,
    tokens: readonly GeneratedToken[] = [],
  ): void {
    const logprobs =
      this.#withLogprobs && tokens.length > 0
        ? { content: chatLogprobs(this.#host.engine, tokens), refusal: null }
        : null
    this.#events.send({
      ...this.#head,
      object: 'chat.completion.chunk',
      choices: [{ index, delta, logprobs, finish_reason: null, ...end }],
      ...(this.#includeUsage || usage !== null ? { usage } : {}),
    })
  }
}
