/**
 * Making a request's prompt without holding up anybody else's answer.
 *
 * Templates and tokenisers run on the thread that serves every request. So long text is tokenised in slices of a few ms,
 * each in a turn of the event loop of its own; one slice a turn over all requests, shares taking turns, so that a hundred
 * long prompts at once cost the running streams no more than one. What cannot fit is refused as soon as that is sure,
 * and nobody's prompt is made once its client has gone. A thread of its own for words was the alternative: it would need a
 * second copy of the vocabulary, and each loaded model would pay for it.
 */
import { SLICE_LENGTH } from '../native/text-slices.ts'
import type { Token } from '../token-engine.ts'
import type { Call, Host } from './host.ts'
import { CLIENT_CLOSED_REQUEST } from './request-cancelled.ts'
import { RequestError } from './request-error.ts'

/** The request was given up while its prompt was being made; nothing has been computed. */
export class PreparationStopped extends RequestError {
  constructor() {
    super({
      status: CLIENT_CLOSED_REQUEST,
      code: 'request_cancelled',
      message: 'The request was cancelled before its prompt was read.',
    })
    this.name = 'PreparationStopped'
  }
}

/** What making a prompt needs of a preparation. */
export type PromptMaker = Pick<Preparation, 'turn' | 'tokenize'>

/** Hands out one turn per turn of the event loop, to each share in its turn. */
export class PreparationTurns {
  #waiting = new Map<string, (() => void)[]>()
  #scheduled = false

  take(share: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const queue = this.#waiting.get(share)
    if (queue === undefined) this.#waiting.set(share, [resolve])
    else queue.push(resolve)
    this.#schedule()
    return promise
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#serve())
  }

  #serve(): void {
    this.#scheduled = false
    const [next] = this.#waiting
    if (next === undefined) return
    const [share, queue] = next
    this.#waiting.delete(share)
    queue.shift()?.()
    // Behind the others.
    if (queue.length > 0) this.#waiting.set(share, queue)
    if (this.#waiting.size > 0) this.#schedule()
  }
}

/** What calling the tokeniser costs, as the length of a text that costs the same. */
const CALL_LENGTH = 16

/** The making of one request's prompts; end it when they are made, or given up. */
export class Preparation {
  readonly #host: Host
  readonly #call: Call
  readonly #finished: () => void
  #cancelled = false
  /** Text that was tokenised since the last turn; short ones share a turn. The first thing to do is to wait for one. */
  #doneLength = SLICE_LENGTH

  constructor(host: Host, call: Call) {
    this.#host = host
    this.#call = call
    this.#finished = host.running.add(call.requestId, () => {
      this.#cancelled = true
    })
  }

  end(): void {
    this.#finished()
  }

  /** Waits until this request may hold the thread for a moment. @throws PreparationStopped */
  async turn(): Promise<void> {
    await this.#host.turns.take(this.#call.share)
    this.#doneLength = 0
    if (this.#cancelled || this.#call.response.destroyed) throw new PreparationStopped()
  }

  /**
   * The tokens of a text, a slice a turn.
   * @param tokensMax stop when there are more
   * @param refusal what to throw then; `atLeast` is how many there are so far
   * @throws PreparationStopped
   */
  async tokenize(
    text: string,
    special: boolean,
    tokensMax: number,
    refusal: (atLeast: number) => RequestError,
  ): Promise<Token[]> {
    const { engine } = this.#host
    // A UTF-16 unit is a byte of UTF-8 or more.
    const atLeast = Math.ceil(text.length / engine.facts.tokenBytesMax)
    if (atLeast > tokensMax) throw refusal(atLeast)
    const tokens: Token[] = []
    for (const slice of engine.slices(text, special)) {
      if (slice === '') continue
      const length = slice.length + CALL_LENGTH
      if (this.#doneLength + length > SLICE_LENGTH) await this.turn()
      this.#doneLength += length
      for (const token of engine.tokenize(slice, special)) tokens.push(token)
      if (tokens.length > tokensMax) throw refusal(tokens.length)
    }
    return tokens
  }
}

/**
 * Makes what `make` makes, and ends the preparation whatever happens.
 * @throws what `make` throws · PreparationStopped
 */
export async function prepared<Made>(
  host: Host,
  call: Call,
  make: (preparation: Preparation) => Promise<Made>,
): Promise<Made> {
  const preparation = new Preparation(host, call)
  try {
    return await make(preparation)
  } finally {
    preparation.end()
  }
}

/** @param of what is too long, as in "your messages" */
export function tooLong(contextTokens: number, param: string, of: string, atLeast: number): RequestError {
  return new RequestError({
    status: 400,
    code: 'context_length_exceeded',
    param,
    message: `This model's maximum context length is ${contextTokens} tokens. However, ${of} resulted in at least ${atLeast} tokens. Please reduce the length.`,
  })
}
