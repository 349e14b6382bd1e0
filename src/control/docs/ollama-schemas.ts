/**
 * Wire shapes of Ollama's API, as the gateway takes and answers it (`src/gateway/dialects/ollama/`). Of what is sent only
 * that is written down which has an effect; test/ollama.test.ts validates the answers.
 */
import { Type } from 'typebox'

const maybe = Type.Optional
const Count = Type.Integer({ minimum: 0 })
const AnyObject = Type.Record(Type.String(), Type.Unknown())
const nanoseconds = (description: string) => Type.Integer({ minimum: 0, description: `Nanoseconds. ${description}` })

// ── what is asked ───────────────────────────────────────

const Options = Type.Object(
  {
    temperature: maybe(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: maybe(Type.Number({ minimum: 0, maximum: 1 })),
    top_k: maybe(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
    min_p: maybe(Type.Number({ minimum: 0, maximum: 1 })),
    seed: maybe(Type.Integer({ minimum: -1, description: '−1: a new one each time.' })),
    num_predict: maybe(Type.Integer({ minimum: -2, description: 'Below 1: as many as the context has room for.' })),
    stop: maybe(Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 4 })])),
    repeat_penalty: maybe(Type.Number({ minimum: 0.01, maximum: 10 })),
    presence_penalty: maybe(Type.Number({ minimum: -2, maximum: 2 })),
    frequency_penalty: maybe(Type.Number({ minimum: -2, maximum: 2 })),
  },
  {
    description:
      'Others, such as `num_ctx`, are accepted without effect; `mirostat` is refused. Where a request does not say, what the maker of the model recommends counts.',
  },
)

const model = Type.String({
  description: 'Name of a model or adapter, as `GET /v1/models` lists it, with or without `:latest`.',
})
const images = maybe(Type.Array(Type.String(), { description: 'PNG, JPEG, GIF or WebP, in base64.' }))

const answering = {
  model,
  stream: maybe(Type.Boolean({ default: true })),
  format: maybe(
    Type.Union([Type.Enum(['', 'json']), AnyObject], {
      description: '`json`, or a JSON Schema; enforced by a grammar.',
    }),
  ),
  options: maybe(Options),
  think: maybe(
    Type.Union([Type.Boolean(), Type.Enum(['low', 'medium', 'high', 'max'])], {
      description: 'Default: as the model does by itself.',
    }),
  ),
  logprobs: maybe(Type.Boolean({ default: false })),
  top_logprobs: maybe(Type.Integer({ minimum: 0, maximum: 20 })),
}

const AskedCall = Type.Object({
  id: maybe(Type.String()),
  function: Type.Object({ name: Type.String(), arguments: maybe(AnyObject) }),
})

export const OllamaChatRequest = Type.Object(
  {
    ...answering,
    messages: maybe(
      Type.Array(
        Type.Object({
          role: Type.Enum(['system', 'user', 'assistant', 'tool']),
          content: maybe(Type.String()),
          thinking: maybe(Type.String({ description: 'Of an assistant: what it thought, accepted back.' })),
          images,
          tool_calls: maybe(Type.Array(AskedCall)),
          tool_name: maybe(
            Type.String({ description: 'Of a tool: it answers the first call of this tool that has no answer yet.' }),
          ),
          tool_call_id: maybe(
            Type.String({ description: 'Of a tool: which call it answers, in place of `tool_name`.' }),
          ),
        }),
        { description: 'Without any the model is loaded, and says so.' },
      ),
    ),
    tools: maybe(Type.Array(AnyObject, { description: 'As in chat completions.' })),
  },
  { $id: 'OllamaChatRequest' },
)

export const OllamaGenerateRequest = Type.Object(
  {
    ...answering,
    prompt: maybe(Type.String({ description: 'Without one the model is loaded, and says so.' })),
    system: maybe(Type.String()),
    images,
    raw: maybe(
      Type.Boolean({ default: false, description: 'The prompt goes to the model as it is, without a template.' }),
    ),
  },
  { $id: 'OllamaGenerateRequest' },
)

export const OllamaEmbedRequest = Type.Object(
  {
    model,
    input: Type.Union([Type.String(), Type.Array(Type.String())]),
    dimensions: maybe(Type.Integer({ minimum: 1 })),
  },
  { $id: 'OllamaEmbedRequest' },
)

export const OllamaEmbeddingsRequest = Type.Object({ model, prompt: Type.String() }, { $id: 'OllamaEmbeddingsRequest' })

export const OllamaShowRequest = Type.Object({ model }, { $id: 'OllamaShowRequest' })

// ── what is answered ────────────────────────────────────

const line = {
  model: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
  done: Type.Boolean({ description: 'True on the last line of a stream, and on a whole answer.' }),
  done_reason: maybe(Type.Enum(['stop', 'length', 'load'])),
  total_duration: maybe(nanoseconds('Since the request was here.')),
  prompt_eval_count: maybe(Count),
  prompt_eval_duration: maybe(nanoseconds('Absent where the engine does not say.')),
  eval_count: maybe(Count),
  eval_duration: maybe(nanoseconds('Absent where the engine does not say.')),
  logprobs: maybe(Type.Array(AnyObject)),
}

export const OllamaChatLine = Type.Object(
  {
    ...line,
    message: Type.Object({
      role: Type.Literal('assistant'),
      content: Type.String(),
      thinking: maybe(Type.String()),
      tool_calls: maybe(
        Type.Array(
          Type.Object({
            id: Type.String(),
            function: Type.Object({ index: Count, name: Type.String(), arguments: AnyObject }),
          }),
          { description: 'Whole, in one line. A call that the end of the answer cut is left out.' },
        ),
      ),
    }),
  },
  { $id: 'OllamaChatLine' },
)

export const OllamaGenerateLine = Type.Object(
  { ...line, response: Type.String(), thinking: maybe(Type.String()) },
  { $id: 'OllamaGenerateLine' },
)

export const OllamaEmbeddings = Type.Object(
  {
    model: Type.String(),
    embeddings: Type.Array(Type.Array(Type.Number())),
    total_duration: nanoseconds('Since the request was here.'),
    prompt_eval_count: Count,
  },
  { $id: 'OllamaEmbeddings' },
)

export const OllamaEmbedding = Type.Object({ embedding: Type.Array(Type.Number()) }, { $id: 'OllamaEmbedding' })

const details = Type.Object({}, { description: 'Empty: the gateway knows no family, size or precision of a model.' })

export const OllamaModels = Type.Object(
  {
    models: Type.Array(
      Type.Object({
        name: Type.String(),
        model: Type.String(),
        modified_at: Type.String({ format: 'date-time', description: 'When its weights came.' }),
        context_length: maybe(Type.Integer({ minimum: 1, description: 'Tokens. Of those that run.' })),
        details,
      }),
    ),
  },
  { $id: 'OllamaModels' },
)

export const OllamaShown = Type.Object(
  {
    details,
    model_info: Type.Object({
      'general.basename': Type.String(),
      'general.context_length': Type.Integer({ minimum: 1, description: 'Tokens.' }),
    }),
    capabilities: Type.Array(Type.Enum(['completion', 'tools', 'embedding'])),
    modified_at: Type.String({ format: 'date-time' }),
  },
  { $id: 'OllamaShown' },
)

export const OllamaVersion = Type.Object({ version: Type.String() }, { $id: 'OllamaVersion' })

export const OllamaError = Type.Object({ error: Type.String() }, { $id: 'OllamaError' })
