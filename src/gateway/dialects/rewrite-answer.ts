/** What the dialects share: an engine's events and bodies, handed to whoever knows the dialect's words. Pure module. */
import { codeIn, messageIn } from '../engine-error.ts'
import type { AnswerRewrite, Refused, Trouble } from './dialect.ts'
import { type Json, objectIn } from './fields.ts'

export type DialectWords = {
  /** Content type of a stream. */
  streamType: string
  /** Takes what each event says; gives what the client gets for it, '' for nothing. */
  stream: { push(data: string): string; broken(trouble: Trouble): string }
  /** A whole answer. */
  whole(answer: Json): object
  refusal(trouble: Trouble): Refused
}

export function rewriteAnswer({ streamType, stream, whole, refusal }: DialectWords): AnswerRewrite {
  return {
    streamType,
    event: (data) => bytesOf(stream.push(data)),
    broken: (trouble) => bytesOf(stream.broken(trouble)),
    whole(status, body) {
      const answer = status === 200 ? objectIn(body.toString('utf8')) : null
      if (answer !== null) return { status, body: written(whole(answer)) }
      // 200 with something else than JSON is an engine that failed.
      const refused = refusal({ status: status === 200 ? 502 : status, code: codeIn(body), message: messageIn(body) })
      return { status: refused.status, body: written(refused.body) }
    },
  }
}

/** Of a stream that says that it is over before it said why. */
export const NO_FINISH: Trouble = {
  status: 502,
  code: 'engine_lost',
  message: 'The engine stopped in the middle of this answer.',
}

/** What an engine says in the middle of a stream. */
export function troubleIn(error: Json): Trouble {
  return {
    status: error.code === 'engine_timeout' ? 504 : 500,
    code: String(error.code ?? error.type ?? 'engine_error'),
    message: typeof error.message === 'string' ? error.message : 'The engine stopped in the middle of this answer.',
  }
}

function bytesOf(text: string): Buffer | null {
  return text === '' ? null : Buffer.from(text)
}

function written(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}
