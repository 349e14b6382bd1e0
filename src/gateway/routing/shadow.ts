/**
 * Shadow traffic: a copy of an answered request goes to another model, to see how it does under real work. Nobody gets
 * its answer, nobody is billed for it, and no limit counts it: it is the operator's doing, so it leaves no usage record,
 * only figures (`tradewind_gateway_shadows_total`). It begins when the client has its answer, so that it takes nothing
 * from whoever waits, and only as many run at once as the worker bears. A model that would have to be loaded is left
 * asleep.
 */
import type { Dispatcher } from 'undici'
import { AnswerWatch, BODY_READ_WHOLE_MAX } from '../answer-watch.ts'
import { SseSplitter } from '../sse.ts'
import type { RoutingNews } from './routing-news.ts'

export type ShadowRequest = {
  alias: string
  dispatcher: Dispatcher
  path: string
  headers: string[]
  body: Buffer
  /** Called once, when it is over. */
  release(): void
}

export type Shadows = {
  /** @param open makes the request; null = it cannot be asked now */
  send(alias: string, open: () => ShadowRequest | null): void
}

export function createShadows(atOnceMax: number, news: RoutingNews): Shadows {
  let running = 0
  return {
    send(alias, open) {
      const request = running < atOnceMax ? open() : null
      if (request === null) {
        news.shadow('skipped', alias, 0)
        return
      }
      running++
      const { dispatcher, path, headers, body } = request
      const answer = new ShadowAnswer((isAnswered, tokensOut) => {
        running--
        request.release()
        news.shadow(isAnswered ? 'answered' : 'failed', alias, tokensOut)
      })
      dispatcher.dispatch({ method: 'POST', path, headers, body }, answer)
    },
  }
}

/** Reads counts, and forgets the rest. */
class ShadowAnswer implements Dispatcher.DispatchHandler {
  readonly #watch = new AnswerWatch('engine')
  readonly #onEnd: (isAnswered: boolean, tokensOut: number) => void
  #status = 0
  #events: SseSplitter | null = null
  #body: Buffer[] = []
  #bodyBytes = 0

  constructor(onEnd: (isAnswered: boolean, tokensOut: number) => void) {
    this.#onEnd = onEnd
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    this.#status = status
    if (String(headers['content-type']).startsWith('text/event-stream')) this.#events = new SseSplitter()
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#events !== null) {
      for (const { data } of this.#events.push(chunk)) if (data !== null) this.#watch.readEvent(data)
      return
    }
    this.#bodyBytes += chunk.length
    if (this.#bodyBytes <= BODY_READ_WHOLE_MAX) this.#body.push(chunk)
  }

  onResponseEnd(): void {
    const isWhole = this.#bodyBytes <= BODY_READ_WHOLE_MAX
    if (this.#events === null && isWhole) this.#watch.readBody(Buffer.concat(this.#body), true)
    const isBroken = this.#events === null ? this.#watch.errorCode !== null : this.#watch.isBroken
    this.#onEnd(this.#status === 200 && !isBroken, this.#watch.counts().tokensOut)
  }

  onResponseError(): void {
    this.#onEnd(false, this.#watch.counts().tokensOut)
  }
}
