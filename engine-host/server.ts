/**
 * The engine host's HTTP server: `engine-wire.ts` on one side, a `TokenEngine` on the other.
 *
 * It listens before the model is loaded, so that `/health` can say so; inference answers 503 until then. Every route
 * is in the table below. Nothing here may use libuv's thread pool (see `main.ts`): no asynchronous files, DNS,
 * cryptography or compression.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ENGINE_HEADERS, type EngineHealth, type EngineSpec } from '../src/engines/engine-wire.ts'
import { answerChat } from './openai/chat-answer.ts'
import { answerCompletion } from './openai/completion-answer.ts'
import { answerEmbedding } from './openai/embedding-answer.ts'
import { Fields, missing } from './openai/fields.ts'
import type { Call, Host } from './openai/host.ts'
import { sendJson } from './openai/json-response.ts'
import { PreparationStopped, PreparationTurns } from './openai/preparation.ts'
import { bodyLimit, readBody } from './openai/request-body.ts'
import { requestCancelled } from './openai/request-cancelled.ts'
import { asRequestError, RequestError } from './openai/request-error.ts'
import { answerRerank, answerScore } from './openai/rerank-answer.ts'
import { RunningRequests } from './openai/running-requests.ts'
import { answerDetokenize, answerTokenize, TOKENIZE_CONTEXTS_MAX } from './openai/tokenize-answer.ts'
import { reportUsage } from './openai/usage.ts'
import { detectReasoningParser, detectToolParser } from './parsers/detect.ts'
import type { TokenEngine } from './token-engine.ts'

/** Longer than any pool on the other side keeps a connection, so that it is never us who closes one in use. */
const KEEP_ALIVE_MS = 10 * 60_000

export type LogLine = Record<string, string | number | boolean | null>

export type EngineServerOptions = {
  spec: Pick<EngineSpec, 'engineId' | 'modelName' | 'task' | 'toolParser' | 'reasoningParser' | 'samplingDefaults'>
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Never carries text of a request or an answer. */
  log(line: LogLine): void
}

export type EngineServer = {
  http: Server
  /** The model is loaded: from now on requests are answered. */
  ready(engine: TokenEngine): void
  /** Loading failed for good; `/health` says why. */
  failed(code: string, message: string): void
  /**
   * Takes no more requests, waits for running ones, cancels those that take longer, closes all connections.
   * @param drainMsMax how long running requests may still take
   */
  close(drainMsMax: number): Promise<void>
}

type State =
  | { name: 'loading' }
  | { name: 'ready'; host: Host }
  | { name: 'failed'; error: { code: string; message: string } }
  | { name: 'closing' }

export function createEngineServer(options: EngineServerOptions): EngineServer {
  const running = new RunningRequests()
  let state: State = { name: 'loading' }

  const http = createServer((request, response) => {
    void handle(request, response)
  })
  http.keepAliveTimeout = KEEP_ALIVE_MS
  http.requestTimeout = 0
  http.timeout = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = options.nowMs()
    const requestId = header(request, ENGINE_HEADERS.requestId) ?? randomUUID()
    const url = urlOf(request)
    let code: string | null = null
    response.setHeader(ENGINE_HEADERS.requestId, requestId)
    try {
      await route(request, response, url, requestId)
    } catch (error) {
      const refusal = asRequestError(error)
      const clientGone = response.destroyed
      code = clientGone ? 'client_closed_request' : refusal.code
      if (refusal.status >= 500 && !clientGone) {
        options.log({ level: 'error', event: 'request-failed', requestId, code, reason: reasonOf(error) })
      }
      if (response.headersSent) response.destroy()
      // Whoever stopped it by name wants its counts, which are none.
      else if (refusal instanceof PreparationStopped) requestCancelled(response, reportUsage([], 0))
      else sendJson(response, refusal.status, refusal.toWire())
    } finally {
      if (url.pathname.startsWith('/v1/')) {
        options.log({
          level: 'info',
          event: 'request',
          requestId,
          route: url.pathname,
          status: response.destroyed && !response.writableFinished ? 499 : response.statusCode,
          code,
          totalMs: options.nowMs() - startedMs,
        })
      }
    }
  }

  async function route(request: IncomingMessage, response: ServerResponse, url: URL, requestId: string): Promise<void> {
    const { pathname } = url
    if (request.method === 'GET' && pathname === '/health') {
      sendJson(response, state.name === 'ready' ? 200 : 503, health(state))
      return
    }
    const host = readyHost(state)
    const found = ROUTES.find((entry) => entry.method === request.method && matches(entry.path, pathname))
    if (found === undefined) throw noRoute(request.method ?? '', pathname)
    const arrived = found.generates ? host.engine.expect() : () => undefined
    try {
      const body =
        request.method === 'POST' ? await readBody(request, bodyLimit(host.engine.facts, found.contexts)) : null
      await found.answer(host, callOf(request, response, { body, requestId, arrived }), url)
    } finally {
      arrived()
    }
  }

  function callOf(
    request: IncomingMessage,
    response: ServerResponse,
    { body, requestId, arrived }: Pick<Call, 'body' | 'requestId' | 'arrived'>,
  ): Call {
    return {
      body,
      arrived,
      response,
      requestId,
      // Without a salt nothing is shared: a request of unknown origin must not read another's prefix.
      salt: header(request, ENGINE_HEADERS.salt) ?? randomUUID(),
      share: header(request, ENGINE_HEADERS.share) ?? '',
      adapter: header(request, ENGINE_HEADERS.adapter),
      disk: header(request, ENGINE_HEADERS.disk) === 'allow',
      usage: header(request, ENGINE_HEADERS.usage) ?? undefined,
    }
  }

  return {
    http,
    ready(engine) {
      if (state.name !== 'loading') return
      state = { name: 'ready', host: createHost(engine, options, running) }
    },
    failed(code, message) {
      state = { name: 'failed', error: { code, message } }
    },
    async close(drainMsMax) {
      state = { name: 'closing' }
      const closed = new Promise<void>((resolve) => http.close(() => resolve()))
      http.closeIdleConnections()
      const timer = setTimeout(() => running.cancelAll(), drainMsMax)
      await running.whenIdle()
      clearTimeout(timer)
      // The last answers are written; whoever still reads them gets a moment for it.
      setTimeout(() => http.closeAllConnections(), 1000).unref()
      http.closeIdleConnections()
      await closed
    },
  }
}

function createHost(engine: TokenEngine, { spec, nowMs }: EngineServerOptions, running: RunningRequests): Host {
  const { chatTemplate } = engine.facts
  return {
    engine,
    task: spec.task,
    modelName: spec.modelName,
    samplingDefaults: spec.samplingDefaults ?? {},
    toolParser: spec.toolParser === 'auto' ? detectToolParser(chatTemplate) : spec.toolParser,
    reasoningParser: spec.reasoningParser === 'auto' ? detectReasoningParser(chatTemplate) : spec.reasoningParser,
    running,
    turns: new PreparationTurns(),
    nowS: () => Math.floor(nowMs() / 1000),
  }
}

function health(state: State): EngineHealth {
  switch (state.name) {
    case 'loading':
      return { state: 'loading' }
    case 'failed':
      return { state: 'failed', error: state.error }
    case 'closing':
      return { state: 'failed', error: { code: 'engine.closing', message: 'The engine is closing.' } }
    case 'ready': {
      const { facts, path } = state.host.engine
      return {
        state: 'ready',
        model: {
          architecture: facts.architecture,
          contextTokens: facts.contextTokens,
          sequences: facts.sequences,
          embeddingSize: facts.embeddingSize,
          hasChatTemplate: facts.chatTemplate !== null,
          toolParser: state.host.toolParser,
          reasoningParser: state.host.reasoningParser,
          path,
        },
      }
    }
    default:
      return state satisfies never
  }
}

function readyHost(state: State): Host {
  if (state.name === 'ready') return state.host
  const { error } = health(state)
  throw new RequestError({
    status: 503,
    code: error?.code ?? 'engine.loading',
    message: error?.message ?? 'The model is being loaded.',
  })
}

type Route = {
  /** How many contexts of text a body may hold; absent = no bound but that of all bodies. */
  contexts?: number
  /** Whether it ends in `generate`, so that the engine may expect it. */
  generates?: true
  method: 'GET' | 'POST' | 'DELETE'
  /** `*` at the end stands for the rest of the path. */
  path: string
  answer(host: Host, call: Call, url: URL): Promise<void> | void
}

const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/chat/completions', contexts: 1, generates: true, answer: answerChat },
  { method: 'POST', path: '/v1/completions', generates: true, answer: answerCompletion },
  { method: 'POST', path: '/v1/embeddings', answer: answerEmbedding },
  { method: 'POST', path: '/v1/rerank', generates: true, answer: answerRerank },
  { method: 'POST', path: '/v1/score', generates: true, answer: answerScore },
  { method: 'GET', path: '/v1/models', answer: (host, call) => sendJson(call.response, 200, listModels(host)) },
  {
    method: 'POST',
    path: '/tokenize',
    contexts: TOKENIZE_CONTEXTS_MAX,
    answer: async (host, call) => sendJson(call.response, 200, await answerTokenize(host, call)),
  },
  {
    method: 'POST',
    path: '/detokenize',
    contexts: TOKENIZE_CONTEXTS_MAX,
    answer: async (host, call) => sendJson(call.response, 200, await answerDetokenize(host, call)),
  },
  {
    method: 'GET',
    path: '/stats',
    answer: ({ engine }, call) =>
      sendJson(call.response, 200, { ...engine.stats(), residentBytes: process.memoryUsage.rss() }),
  },
  {
    method: 'DELETE',
    path: '/requests/*',
    answer: (host, call, url) => {
      host.running.cancel(lastStep(url))
      noContent(call.response)
    },
  },
  { method: 'POST', path: '/adapters', answer: loadAdapter },
  {
    method: 'DELETE',
    path: '/adapters/*',
    answer: async (host, call, url) => {
      await host.engine.unloadAdapter(lastStep(url))
      noContent(call.response)
    },
  },
  {
    method: 'POST',
    path: '/threads',
    answer: ({ engine }, call) => {
      engine.setThreads(new Fields(call.body).integer('threads', { min: 1, max: 1024 }) ?? missing('threads'))
      noContent(call.response)
    },
  },
  {
    method: 'DELETE',
    path: '/prefixes',
    answer: async ({ engine }, call, url) => {
      const salt = url.searchParams.get('salt') ?? missing('salt')
      await engine.forgetPrefixes(salt, url.searchParams.get('share'))
      noContent(call.response)
    },
  },
]

async function loadAdapter({ engine }: Host, call: Call): Promise<void> {
  const fields = new Fields(call.body)
  await engine.loadAdapter({
    name: fields.requiredString('name'),
    path: fields.requiredString('path'),
    sha256: fields.requiredString('sha256'),
    scale: fields.number('scale', { min: -100, max: 100 }) ?? 1,
  })
  noContent(call.response)
}

function listModels(host: Host): object {
  return {
    object: 'list',
    data: [{ id: host.modelName, object: 'model', created: host.nowS(), owned_by: 'tradewind' }],
  }
}

function noContent(response: ServerResponse): void {
  response.writeHead(204)
  response.end()
}

function matches(path: string, pathname: string): boolean {
  return path.endsWith('*')
    ? pathname.startsWith(path.slice(0, -1)) && pathname.length >= path.length
    : path === pathname
}

function lastStep(url: URL): string {
  const step = url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(step)
  } catch {
    return step // no valid escape, so it is the name itself
  }
}

function noRoute(method: string, pathname: string): RequestError {
  return new RequestError({
    status: 404,
    code: 'unknown_url',
    message: `Unknown request URL: ${method} ${pathname}.`,
  })
}

/** Whatever a request line may hold; what is no path leads nowhere, and that is a 404. */
function urlOf(request: IncomingMessage): URL {
  const text = `http://engine${request.url ?? '/'}`
  return new URL(URL.canParse(text) ? text : 'http://engine/')
}

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** What the log may know of a failure: names and codes, and messages of our own errors only. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const cause = error.cause instanceof Error ? `: ${error.cause.name}` : ''
  return `${error.name}${cause}${error.stack === undefined ? '' : ` ${error.stack.split('\n')[1]?.trim() ?? ''}`}`
}
