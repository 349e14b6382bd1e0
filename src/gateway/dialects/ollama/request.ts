/**
 * `/api/chat`, `/api/generate`, `/api/embed` and `/api/embeddings` into what an engine is asked.
 *
 * A stream is what comes where nothing is said. A request with nothing to answer only loads the model, as it does in
 * Ollama: the engine counts an empty text then, which wakes it and generates nothing.
 *
 * Passed over, since they change nothing that a model says: `keep_alive`, `truncate` (what is too long is refused) and any
 * field that nobody here has heard of. Refused, since passing over them would change the answer: `suffix`, `template`,
 * `context`, and an unload.
 *
 * Pure module.
 */
import { FieldUnsupported } from '../../errors.ts'
import { Fields, type Json } from '../fields.ts'
import { chatMessages, contentOf } from './conversation.ts'
import { answerFormat, sampling, thinking } from './options.ts'

export type EngineRequest = {
  /** `load`: nothing is to be said. */
  kind: 'chat' | 'completion' | 'embedding' | 'load'
  body: Json
}

/** @throws FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported */
export function chatRequest(body: unknown): EngineRequest {
  const asked = new Fields(body)
  const messages = asked.objects('messages') ?? []
  if (messages.length === 0) return load(asked)
  const tools = asked.list('tools') ?? []
  return {
    kind: 'chat',
    body: { ...prompted(asked, chatMessages(messages)), ...(tools.length === 0 ? {} : { tools }) },
  }
}

/** @throws as `chatRequest` */
export function generateRequest(body: unknown): EngineRequest {
  const asked = new Fields(body)
  const isRaw = asked.boolean('raw') ?? false
  const system = asked.string('system') ?? ''
  if ((asked.string('suffix') ?? '') !== '') throw refused('suffix', 'a text is continued here, never filled in')
  if ((asked.string('template') ?? '') !== '') throw refused('template', "the model's own template is used")
  if ((asked.list('context') ?? []).length > 0) throw refused('context', 'send the conversation to /api/chat')
  const prompt = asked.string('prompt') ?? ''
  const images = asked.list('images') ?? []
  if (prompt === '' && images.length === 0) return load(asked)
  if (!isRaw) {
    const said = { role: 'user', content: contentOf(prompt, asked) }
    const messages = system === '' ? [said] : [{ role: 'system', content: system }, said]
    return { kind: 'chat', body: prompted(asked, messages) }
  }
  for (const name of ['system', 'images', 'format', 'think', 'logprobs']) {
    const value = asked.raw(name)
    const isEmpty =
      value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0)
    if (!isEmpty) throw refused(name, 'a raw prompt goes to the model as it is, alone')
  }
  return { kind: 'completion', body: { ...streamed(asked), prompt, ...sampling(asked) } }
}

/** @throws as `chatRequest` */
export function embedRequest(body: unknown): EngineRequest {
  const asked = new Fields(body)
  const input = asked.raw('input') ?? ''
  if (input === '' || (Array.isArray(input) && input.length === 0)) return load(asked)
  const dimensions = asked.integer('dimensions', 0) ?? 0
  return { kind: 'embedding', body: { model: modelIn(asked), input, ...(dimensions === 0 ? {} : { dimensions }) } }
}

/** The older form: one text. @throws as `chatRequest` */
export function embeddingsRequest(body: unknown): EngineRequest {
  const asked = new Fields(body)
  const input = asked.string('prompt') ?? ''
  return input === '' ? load(asked) : { kind: 'embedding', body: { model: modelIn(asked), input } }
}

/** Which model `/api/show` asks for. @throws FieldMissing · FieldOfWrongType */
export function shownModel(body: unknown): string {
  return modelIn(new Fields(body))
}

function prompted(asked: Fields, messages: Json[]): Json {
  const logprobs = asked.boolean('logprobs') ?? false
  const top = asked.integer('top_logprobs', 0) ?? 0
  return {
    ...streamed(asked),
    messages,
    ...sampling(asked),
    ...answerFormat(asked),
    ...thinking(asked),
    ...(logprobs ? { logprobs, top_logprobs: top } : {}),
  }
}

function streamed(asked: Fields): Json {
  return { model: modelIn(asked), stream: asked.boolean('stream') ?? true }
}

function load(asked: Fields): EngineRequest {
  const keep = asked.raw('keep_alive')
  if (keep === 0 || (typeof keep === 'string' && /^0+[a-z]*$/.test(keep)))
    throw refused('keep_alive', 'a model is unloaded in the console, or by "npm run tradewind -- models unload"')
  return { kind: 'load', body: { model: modelIn(asked), prompt: '', return_tokens: false } }
}

/** Models have one version here, so that `:latest` says nothing. Older clients say `name`. */
function modelIn(asked: Fields): string {
  const name = asked.string('model') ?? asked.string('name') ?? asked.requiredString('model')
  return name.endsWith(':latest') ? name.slice(0, -':latest'.length) : name
}

function refused(param: string, trouble: string): FieldUnsupported {
  return new FieldUnsupported({ param, trouble })
}
