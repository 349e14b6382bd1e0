/** An upstream that speaks Anthropic's Messages, asked in place of an engine. */
import { objectIn } from '../../dialects/fields.ts'
import { parsedBody } from '../../dialects/translate-body.ts'
import { NotServedByModel } from '../../errors.ts'
import type { SnapshotReplica } from '../../snapshot.ts'
import { withoutWords } from '../error-words.ts'
import type { AskedUpstream, Asking, UpstreamAnswer } from '../upstream-dialect.ts'
import { completionOf } from './answer.ts'
import { countTokensBody, messagesBody } from './request.ts'
import { ChunkStream } from './stream.ts'

/** @throws NotServedByModel · FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function askAnthropic(replica: SnapshotReplica, { path, body, head, startedAtMs }: Asking): AskedUpstream {
  const model = replica.remoteModel ?? head.model
  const createdS = Math.floor(startedAtMs / 1000)
  switch (path) {
    case '/v1/chat/completions':
      return {
        path: '/v1/messages',
        body: written(messagesBody(parsedBody(body), model)),
        answer: answerBy(replica, new ChunkStream(createdS), (message) => completionOf(message, createdS)),
      }
    case '/tokenize':
      return {
        path: '/v1/messages/count_tokens',
        body: written(countTokensBody(parsedBody(body), model)),
        answer: answerBy(replica, null, ({ input_tokens }) => ({ count: input_tokens, tokens: [] })),
      }
    default:
      throw new NotServedByModel({ model: head.model, path })
  }
}

function answerBy(
  replica: SnapshotReplica,
  stream: ChunkStream | null,
  translate: (answer: Record<string, unknown>) => object,
): UpstreamAnswer {
  return {
    event: stream === null ? null : (data) => stream.push(data),
    needsWhole: true,
    whole(status, body) {
      const answer = status === 200 ? objectIn(body.toString('utf8')) : null
      if (answer === null) return withoutWords(replica, status === 200 ? 502 : status, body)
      return { status, body: written(translate(answer)) }
    },
  }
}

function written(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}
