/**
 * The seam for clients of another API than OpenAI's: every engine speaks OpenAI's chat completions, so a dialect says what
 * the engine is asked, and what its answer's bytes become.
 *
 *   client's body ──read──► chat body ──► engine ──► events or a body ──AnswerRewrite──► client's events or body
 *
 * What lies between is the same for all: key, route, replicas, retries, usage record, content, cancel. Requests in OpenAI's
 * own words have no dialect, and their bytes pass unread. A dialect that went round the relay, calling the chat route of
 * the gateway as a client would, was the alternative: it would pay for two requests and leave two records.
 *
 * Pure module: types only.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { BodyHead } from '../scan-body.ts'

/** How one API says what goes wrong, on its paths. */
export type Dialect = {
  /** Headers of every answer, beside `x-request-id`. */
  headers(requestId: string): OutgoingHttpHeaders
  /** What limits say, in its words too; absent = OpenAI's headers say it. */
  limitHeaders?(headers: OutgoingHttpHeaders, nowMs: number): OutgoingHttpHeaders
  refusal(trouble: Trouble, requestId: string): Refused
  /** The status that `refusal` gives for one of ours. */
  statusOf(status: number): number
}

/** What went wrong, in OpenAI's words, which the gateway and every engine use. */
export type Trouble = { status: number; code: string; message: string }

export type Refused = { status: number; body: object }

/** What an engine is asked in place of what the client asked. */
export type Asked = {
  /** JSON in OpenAI's words. */
  body: Buffer
  /** Of that body. */
  head: BodyHead
  /** Where it goes at the engine; absent = where its path goes. */
  enginePath?: string
  /** A new one for each attempt at an engine. */
  openAnswer(requestId: string): AnswerRewrite
}

/** Makes one engine's answer into the client's. Each method returns what goes out, null = nothing. */
export interface AnswerRewrite {
  /** Content type of a stream. */
  readonly streamType: string
  /**
   * @param data of one whole event of the engine's stream; `[DONE]` is the last of a stream that came to its end. An event
   *   may tell an error, after which nothing more comes.
   */
  event(data: string): Buffer | null
  /** @param status any that is no refusal of the engine's to work on it: 200, or 400 and above */
  whole(status: number, body: Buffer): { status: number; body: Buffer }
  /**
   * The client has been told that its answer ends here, though the engine goes on: the engine is stopped, and what it still
   * says (its counts) comes to `event`, which gives nothing for it. Absent = never.
   */
  isCut?(): boolean
  /** The last bytes of an answer that was cut so. */
  closing?(): Buffer | null
  /** The stream broke off without a word of the engine's. */
  broken(trouble: Trouble): Buffer | null
  /**
   * For an answer that is to be kept somewhere before the client has all of it. Asked when `event` or `whole` has been
   * given the last of it; never rejects.
   * @returns null = nothing is kept. Else the last bytes: of a stream those after what `event` gave, in place of the
   *   whole body of what is none.
   */
  keep?(): Promise<Buffer> | null
}
