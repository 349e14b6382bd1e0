/**
 * One attempt at one engine: the body goes there as it is, the answer comes back as it is, with backpressure. Where a
 * dialect is spoken, its events are made anew on the way, and a whole body once it is whole.
 *
 * Streams pass event by event, only the totals that the client did not ask for are left out. Other answers are held up
 * to 1 MiB until they are whole, so that an engine's death in the middle can still be hidden; longer ones pass as they
 * come. Raw undici handlers, since web streams cost six times as much processor time.
 *
 * The last bytes, which tell a client that it has all, wait for the caller: its record is on file by then.
 *
 *                 nothing sent yet        something sent already
 *   engine dies   lost (try another)      cut (an error event, no [DONE])
 *   client leaves  the engine is told to stop, and for a moment its last words (the counts) are awaited
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { errorBody } from '../platform/errors.ts'
import { type AnswerWatch, BODY_READ_WHOLE_MAX } from './answer-watch.ts'
import type { ClientAnswer } from './client-answer.ts'
import type { AnswerRewrite } from './dialects/dialect.ts'
import type { Patience } from './routing/ask-engines.ts'
import { SseSplitter } from './sse.ts'
import type { UpstreamAnswer } from './upstream-dialects/upstream-dialect.ts'

export type RelayEnd =
  /** The client has the engine's whole answer. */
  | { kind: 'answered' }
  /** The engine turned the request away, or failed at once, with an answer of its own. Nothing was sent. */
  | { kind: 'refused'; status: number; headers: IncomingHttpHeaders; body: Buffer }
  /** The engine died or could not be reached. Nothing was sent. `reached`: it may have worked on the request. */
  | { kind: 'lost'; reached: boolean; timedOut: boolean; error: Error }
  /** The engine died after bytes were sent; the client has been told. */
  | { kind: 'cut'; timedOut: boolean; error: Error }
  /** The client left, or took nothing for too long. */
  | { kind: 'left' }

export type RelayOptions = {
  dispatcher: Dispatcher
  path: string
  headers: string[]
  body: Buffer
  client: ClientAnswer
  watch: AnswerWatch
  /** Makes what an upstream says into what an engine would; null = it is an engine of ours. */
  upstream: UpstreamAnswer | null
  /** Makes the answer into another; null = the client gets the engine's bytes. */
  rewrite: AnswerRewrite | null
  /** Leave out the event that carries only totals. */
  stripUsage: boolean
  /** Heads for the client, besides those of the engine that are passed on; asked when they go out. */
  clientHeaders(): OutgoingHttpHeaders
  /** How to tell the engine to stop this request; null = it cannot be told, closing the connection must do. */
  cancelPath: string | null
  lastWordsMs: number
  /** How long it may be silent, and whether its first bytes wait until there is content. */
  patience: Patience
  /** Called with each event of a stream that carries content, before it is handed on. */
  onContent(): void
  /**
   * Called when it is known how the answer ends, before its last bytes are handed on; they wait for it. Not called where
   * nothing was sent and nothing is going to be.
   * @returns null = go on at once
   */
  beforeEnd(end: RelayEnd): Promise<void> | null
}

/** Held so that an engine's death can be hidden; what is longer passes as it comes. */
const HELD_BYTES_MAX = 1024 * 1024
/** Enough to find `usage` at the end of a long body. */
const TAIL_BYTES = 64 * 1024
const LF = 0x0a
/** Events before the first content; an engine that sends more of them means them. */
const HELD_EVENTS_MAX = 100
/** What an upstream says of our account there, or of its model: no answer to what the client asked. */
const REFUSALS_OF_UPSTREAMS = new Set([401, 402, 403, 404, 408])
const HEADERS_PASSED_ON = ['content-type', 'retry-after', 'retry-after-ms', 'x-should-retry']

/** For a request whose answer does not matter: if the engine cannot be told to stop, closing the connection will do. */
const UNHEARD: Dispatcher.DispatchHandler = {
  onRequestStart() {},
  onResponseStart() {},
  onResponseData() {},
  onResponseEnd() {},
  onResponseError() {},
}

export function relay(options: RelayOptions): Promise<RelayEnd> {
  return new Promise((resolve) => {
    const attempt = new Attempt(options, resolve)
    const { path, headers, body, patience } = options
    const silence = patience.silenceMs === null ? {} : { bodyTimeout: patience.silenceMs }
    options.dispatcher.dispatch({ method: 'POST', path, headers, body, ...silence }, attempt)
  })
}

class Attempt implements Dispatcher.DispatchHandler {
  readonly #options: RelayOptions
  readonly #client: ClientAnswer
  readonly #resolve: (end: RelayEnd) => void
  readonly #onGone = () => this.#clientLeft()
  #controller: Dispatcher.DispatchController | null = null
  #lastWords: NodeJS.Timeout | null = null
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #events: SseSplitter | null = null
  #lastEventStripped = false
  /** The head of a stream, while another engine could still answer unseen; null = nothing is held back. */
  #head: Uint8Array[] | null
  #firstToken: NodeJS.Timeout | null = null
  #body: Buffer[] = []
  #bodyBytes = 0
  #bodyIsWhole = true
  #finished = false
  /** Bytes from `[DONE]` on: they tell the client that all is over, so they wait until the record is on file. */
  #lastBytes: Uint8Array[] = []
  #isKeeping = false
  #isCutShort = false
  /** Whether the client had the whole answer, save its last line, when it left. */
  #leftWithAll = false

  constructor(options: RelayOptions, resolve: (end: RelayEnd) => void) {
    this.#options = options
    this.#client = options.client
    this.#resolve = resolve
    this.#client.signal.addEventListener('abort', this.#onGone, { once: true })
    this.#client.onFull = () => this.#controller?.pause()
    this.#client.onDrain = () => this.#controller?.resume()
    const { firstTokenMs, holdsHead } = options.patience
    this.#head = holdsHead ? [] : null
    if (firstTokenMs !== null) this.#firstToken = setTimeout(() => this.#tooSlow(firstTokenMs), firstTokenMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#finished) controller.abort(new Error('the engine was given up before it was asked'))
    else if (this.#client.isGone) controller.abort(new Error('the client left before the engine was asked'))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return // 100 Continue and its like
    this.#status = status
    this.#headers = headers
    if (status === 200 && headers['content-type']?.startsWith('text/event-stream')) this.#events = new SseSplitter()
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#finished) return // after [DONE] nothing is awaited
    if (this.#events !== null) this.#takeEvents(this.#events, chunk)
    else this.#takeBody(chunk)
  }

  onResponseEnd(): void {
    if (this.#finished) return
    if (this.#client.isGone) this.#finishLeft()
    else if (this.#events !== null) this.#endEvents(this.#events)
    else this.#endBody()
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#finished) return
    if (this.#client.isGone) this.#finishLeft()
    else if (this.#events !== null && this.#options.watch.done) this.#endEvents(this.#events)
    else this.#fail(error)
  }

  #takeEvents(events: SseSplitter, chunk: Buffer): void {
    const { watch, rewrite, upstream } = this.#options
    const translate = upstream?.event ?? null
    for (const piece of events.push(chunk)) {
      if (translate !== null) {
        for (const data of piece.data === null ? [] : translate(piece.data))
          if (!this.#finished) this.#takeEvent(data, Buffer.from(`data: ${data}\n\n`))
      } else if (!piece.tail) this.#takeEvent(piece.data, piece.bytes)
      else if (!this.#lastEventStripped && rewrite === null) this.#send(piece.bytes)
      if (this.#finished) return
    }
    // An event that ends in CR may have its line feed still to come.
    if (watch.done && this.#lastBytes.at(-1)?.at(-1) === LF) this.#endEvents(events)
  }

  #takeEvent(data: string | null, bytes: Uint8Array): void {
    const { watch, rewrite, stripUsage, onContent } = this.#options
    const kind = data === null ? 'other' : watch.readEvent(data)
    if (kind === 'content') {
      this.#stopClock()
      onContent()
    }
    if (this.#head !== null) {
      if (kind === 'error') {
        this.#fail(new Error('the engine told an error before any content'))
        return
      }
      if (kind === 'content' || kind === 'done' || this.#head.length > HELD_EVENTS_MAX) this.#letGo(this.#head)
    }
    if (rewrite !== null) {
      this.#sendRewritten(data === null ? null : rewrite.event(data))
      if (rewrite.isCut?.()) this.#cutShort()
      return
    }
    this.#lastEventStripped = kind === 'usage' && stripUsage
    if (!this.#lastEventStripped) this.#send(bytes)
  }

  #sendRewritten(bytes: Buffer | null): void {
    if (bytes !== null) this.#send(bytes)
  }

  /** The client is told no more: the engine is stopped, and its counts are awaited as those of who left. */
  #cutShort(): void {
    if (this.#isCutShort) return
    this.#isCutShort = true
    const { cancelPath, dispatcher, lastWordsMs } = this.#options
    this.#controller?.resume()
    const giveUp = () => {
      this.#endCutShort()
      this.#controller?.abort(new Error('the answer was cut short'))
    }
    if (cancelPath === null) {
      giveUp()
      return
    }
    this.#lastWords = setTimeout(giveUp, lastWordsMs)
    dispatcher.dispatch({ method: 'DELETE', path: cancelPath }, UNHEARD)
  }

  #endCutShort(): void {
    if (this.#finished || this.#isKeeping) return
    if (this.#client.isGone) {
      this.#finishLeft()
      return
    }
    const closing = this.#options.rewrite?.closing?.() ?? Buffer.alloc(0)
    this.#onceKept((after) => {
      this.#begin()
      const last = after === null ? closing : Buffer.concat([closing, after])
      this.#conclude({ kind: 'answered' }, () => this.#client.end(last))
    })
  }

  /** From here on nobody else can answer. */
  #letGo(head: Uint8Array[]): void {
    this.#head = null
    for (const bytes of head) this.#send(bytes)
  }

  #stopClock(): void {
    if (this.#firstToken !== null) clearTimeout(this.#firstToken)
    this.#firstToken = null
  }

  #tooSlow(ms: number): void {
    const { cancelPath, dispatcher } = this.#options
    this.#fail(Object.assign(new Error(`no content within ${ms} ms`), { code: 'FIRST_TOKEN_TIMEOUT' }))
    if (this.#controller === null) return
    if (cancelPath !== null) dispatcher.dispatch({ method: 'DELETE', path: cancelPath }, UNHEARD)
    this.#controller.abort(new Error('the engine was too slow'))
  }

  #send(bytes: Uint8Array): void {
    if (this.#head !== null) {
      this.#head.push(bytes)
      return
    }
    this.#begin()
    if (this.#options.watch.done) this.#lastBytes.push(bytes)
    else this.#client.send(bytes)
  }

  #endEvents(events: SseSplitter): void {
    if (this.#isCutShort) {
      this.#endCutShort()
      return
    }
    if (this.#options.watch.done) {
      if (this.#client.isGone) this.#finishLeft()
      else {
        this.#onceKept((after) => {
          const isAsItCame = this.#options.rewrite === null && !this.#options.upstream?.event
          const rest = isAsItCame ? events.rest() : (after ?? Buffer.alloc(0))
          const last = Buffer.concat([...this.#lastBytes, rest])
          this.#begin() // all of it may have waited until now
          this.#conclude({ kind: 'answered' }, () => this.#client.end(last))
        })
      }
    } else {
      // A stream that stops without [DONE] is a broken one, even if its connection was closed in good order.
      this.#fail(new Error('the engine ended its stream without [DONE]'))
    }
  }

  #takeBody(chunk: Buffer): void {
    const { rewrite, upstream } = this.#options
    const isTrouble = upstream !== null && this.#status !== 200
    if (isTrouble && this.#bodyBytes > TAIL_BYTES) return // whatever else it says is not told
    this.#body.push(chunk)
    this.#bodyBytes += chunk.length
    if (this.#client.hasBegun) this.#client.send(chunk)
    else if (this.#bodyBytes <= HELD_BYTES_MAX || rewrite !== null || isTrouble || upstream?.needsWhole) return
    else {
      this.#begin()
      for (const held of this.#body) this.#client.send(held)
    }
    this.#keepTail()
  }

  /** Once a body is on its way, only its end is kept, where the counts are. */
  #keepTail(): void {
    if (this.#bodyBytes < 4 * TAIL_BYTES) return
    const tail = Buffer.from(Buffer.concat(this.#body).subarray(-TAIL_BYTES)) // a copy, or the whole stays in memory
    this.#body = [tail]
    this.#bodyBytes = tail.length
    this.#bodyIsWhole = false
  }

  #endBody(): void {
    if (this.#client.hasBegun) {
      this.#readBody()
      this.#conclude({ kind: 'answered' }, () => this.#client.end())
      return
    }
    let body: Buffer = Buffer.concat(this.#body)
    if (this.#isRefused()) {
      this.#finish({ kind: 'refused', status: this.#status, headers: this.#headers, body })
      return
    }
    const told = this.#options.upstream?.whole(this.#status, body)
    if (told !== undefined && told.body !== body) {
      this.#headers = { ...this.#headers, 'content-type': 'application/json; charset=utf-8' }
      this.#status = told.status
      this.#body = [told.body]
      body = told.body
    }
    this.#readBody()
    const sent = this.#options.rewrite?.whole(this.#status, body) ?? { status: this.#status, body }
    this.#onceKept((kept) => {
      const bytes = kept ?? sent.body
      this.#client.begin(sent.status, { ...this.#passedOn(), 'content-length': String(bytes.length) })
      this.#conclude({ kind: 'answered' }, () => this.#client.end(bytes))
    })
  }

  /** Goes on at once, or when a dialect has kept the answer; a client that leaves meanwhile ends it. */
  #onceKept(goOn: (bytes: Buffer | null) => void): void {
    if (this.#isKeeping) return
    const kept = this.#options.rewrite?.keep?.() ?? null
    if (kept === null) {
      goOn(null)
      return
    }
    this.#isKeeping = true
    void kept.then((bytes) => {
      if (!this.#finished) goOn(bytes)
    })
  }

  #isRefused(): boolean {
    if (this.#status === 429 || this.#status >= 500) return true
    return this.#options.cancelPath === null && REFUSALS_OF_UPSTREAMS.has(this.#status)
  }

  #readBody(): void {
    const body = Buffer.concat(this.#body)
    const isShort = body.length <= BODY_READ_WHOLE_MAX
    this.#options.watch.readBody(isShort ? body : body.subarray(-TAIL_BYTES), isShort && this.#bodyIsWhole)
  }

  #begin(): void {
    if (this.#client.hasBegun) return
    const streaming = this.#events === null ? {} : { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
    const { rewrite } = this.#options
    const type = rewrite === null ? {} : { 'content-type': rewrite.streamType }
    this.#client.begin(this.#status, { ...this.#passedOn(), ...streaming, ...type })
  }

  #passedOn(): OutgoingHttpHeaders {
    const passedOn: OutgoingHttpHeaders = this.#options.clientHeaders()
    for (const name of HEADERS_PASSED_ON) {
      const value = this.#headers[name]
      if (value !== undefined) passedOn[name] = value
    }
    return passedOn
  }

  #fail(error: Error): void {
    if (this.#isCutShort) {
      this.#endCutShort()
      return
    }
    const timedOut = /TIMEOUT/.test((error as NodeJS.ErrnoException).code ?? '')
    if (!this.#client.hasBegun) {
      this.#finish({ kind: 'lost', reached: this.#controller !== null, timedOut, error })
      return
    }
    const events = this.#events
    const { rewrite } = this.#options
    this.#conclude({ kind: 'cut', timedOut, error }, () => {
      if (events === null) this.#client.destroy()
      else if (this.#options.watch.errorCode === null)
        this.#client.end(lastWords(timedOut, events.isInsideOversized, rewrite))
      else this.#client.end() // the engine has told its error itself
    })
  }

  #clientLeft(): void {
    const { cancelPath, dispatcher, lastWordsMs, watch } = this.#options
    this.#leftWithAll = watch.hasAll
    this.#controller?.resume()
    if (cancelPath === null) {
      this.#giveUp()
      return
    }
    this.#lastWords = setTimeout(() => this.#giveUp(), lastWordsMs)
    dispatcher.dispatch({ method: 'DELETE', path: cancelPath }, UNHEARD)
  }

  #giveUp(): void {
    this.#controller?.abort(new Error('the client left'))
    this.#finishLeft()
  }

  /** Clients often close at the last finish reason, without waiting for totals and `[DONE]`: that cuts nothing. */
  #finishLeft(): void {
    this.#finish({ kind: this.#leftWithAll ? 'answered' : 'left' })
  }

  #finish(end: RelayEnd): void {
    if (this.#release(end)) this.#resolve(end)
  }

  /** @param say hands the last bytes on */
  #conclude(end: RelayEnd, say: () => void): void {
    if (!this.#release(end)) return
    const filed = this.#options.beforeEnd(end)
    const conclude = () => {
      say()
      this.#resolve(end)
    }
    if (filed === null) conclude()
    else void filed.then(conclude)
  }

  /** Stops listening to either side. @returns false = it was over before */
  #release(end: RelayEnd): boolean {
    if (this.#finished) return false
    this.#finished = true
    this.#stopClock()
    if (this.#lastWords !== null) clearTimeout(this.#lastWords)
    this.#client.signal.removeEventListener('abort', this.#onGone)
    this.#client.onFull = () => {}
    this.#client.onDrain = () => {}
    this.#controller?.resume() // nobody else would, and the engine's connection would never be free again
    if (end.kind === 'left' && this.#bodyBytes > 0) this.#readBody()
    this.#body = []
    return true
  }
}

function lastWords(timedOut: boolean, isInsideEvent: boolean, rewrite: AnswerRewrite | null): Buffer | undefined {
  const trouble = timedOut
    ? { status: 504, code: 'engine_timeout', message: 'The engine stopped sending in the middle of this answer.' }
    : { status: 502, code: 'engine_lost', message: 'The engine stopped in the middle of this answer.' }
  if (rewrite !== null) return rewrite.broken(trouble) ?? undefined
  const body = errorBody(trouble.code, trouble.status, trouble.message)
  return Buffer.from(`${isInsideEvent ? '\n\n' : ''}data: ${JSON.stringify(body)}\n\n`)
}
