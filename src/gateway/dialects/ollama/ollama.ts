/** Ollama's API, as a dialect. */
import { performance } from 'node:perf_hooks'
import type { Asked, Dialect } from '../dialect.ts'
import type { Json } from '../fields.ts'
import { rewriteAnswer } from '../rewrite-answer.ts'
import { translateBody } from '../translate-body.ts'
import { type AnswerOptions, chatShape, generateShape, loadedOf, type Shape, wholeOf } from './answer.ts'
import { embeddingOf, embeddingsOf } from './embeddings.ts'
import { ollamaRefusal } from './errors.ts'
import { chatRequest, type EngineRequest, embeddingsRequest, embedRequest, generateRequest } from './request.ts'
import { LineStream } from './stream.ts'

export const OLLAMA: Dialect = { headers: () => ({}), refusal: ollamaRefusal, statusOf: (status) => status }

const ENGINE_PATHS = {
  chat: '/v1/chat/completions',
  completion: '/v1/completions',
  embedding: '/v1/embeddings',
  load: '/tokenize',
} as const satisfies Record<EngineRequest['kind'], string>

type Translate = (options: AnswerOptions, answer: Json) => Json

/** @throws BodyNotJson · FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export const askChat = (body: Buffer): Asked => ask(body, chatRequest, chatShape, wholeOf, loadedOf)
/** @throws as `askChat` */
export const askGenerate = (body: Buffer): Asked => ask(body, generateRequest, generateShape, wholeOf, loadedOf)
/** @throws as `askChat` */
export const askEmbed = (body: Buffer): Asked => ask(body, embedRequest, () => ({}), embeddingsOf, embeddingsOf)
/** @throws as `askChat` */
export const askEmbeddings = (body: Buffer): Asked => ask(body, embeddingsRequest, () => ({}), embeddingOf, embeddingOf)

function ask(
  body: Buffer,
  request: (body: unknown) => EngineRequest,
  shape: Shape,
  translate: Translate,
  loaded: Translate,
): Asked {
  let kind: EngineRequest['kind'] = 'chat'
  const askedAt = performance.now()
  const translated = translateBody(body, (asked) => {
    const made = request(asked)
    kind = made.kind
    return made.body
  })
  const now = () => ({ atMs: Date.now(), sinceAskedMs: performance.now() - askedAt })
  const options = { model: translated.head.model, shape, now }
  // The compiler does not see what the callback did.
  const told = kind as EngineRequest['kind']
  const whole = told === 'load' ? loaded : translate
  const openAnswer = () =>
    rewriteAnswer({
      streamType: 'application/x-ndjson',
      stream: new LineStream(options),
      whole: (answer) => whole(options, answer),
      refusal: ollamaRefusal,
    })
  return { ...translated, enginePath: ENGINE_PATHS[told], openAnswer }
}
