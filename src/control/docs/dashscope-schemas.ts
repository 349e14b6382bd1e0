/**
 * Wire shapes of DashScope's API, as the gateway takes and answers it (`src/gateway/dialects/dashscope/`). Of what is sent
 * only that is written down which has an effect; test/dashscope.test.ts validates the answers.
 */
import { Type } from 'typebox'

const maybe = Type.Optional
const Count = Type.Integer({ minimum: 0 })
const Model = Type.String({ description: 'Name of a model or adapter, as `GET /v1/models` lists it.' })

// ── what is asked ───────────────────────────────────────

const Part = Type.Object(
  { text: maybe(Type.String()), image: maybe(Type.String({ description: 'An address, or `data:` with base64.' })) },
  { description: 'Either of the two.' },
)

const Turn = Type.Object({
  role: Type.Enum(['system', 'user', 'assistant', 'tool']),
  content: maybe(Type.Union([Type.String(), Type.Array(Part), Type.Null()])),
  reasoning_content: maybe(Type.String()),
  tool_calls: maybe(Type.Array(Type.Unknown(), { description: 'Of an assistant, as they were answered.' })),
  tool_call_id: maybe(Type.String({ description: 'Of a tool: which call it answers.' })),
})

const Parameters = Type.Object({
  result_format: maybe(
    Type.Enum(['message', 'text'], {
      description: 'Default `message` for `messages`, `text` for `prompt`. With tools, and of parts, always `message`.',
    }),
  ),
  incremental_output: maybe(
    Type.Boolean({
      default: false,
      description: 'Each event of a stream has what is new, in place of the whole answer so far.',
    }),
  ),
  max_tokens: maybe(Type.Integer({ minimum: 1 })),
  temperature: maybe(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: maybe(Type.Number({ minimum: 0, maximum: 1 })),
  top_k: maybe(Type.Integer()),
  seed: maybe(Type.Integer()),
  stop: maybe(Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 4 })])),
  n: maybe(Type.Integer({ minimum: 1, description: 'More than one with `result_format` `message` only.' })),
  repetition_penalty: maybe(Type.Number()),
  presence_penalty: maybe(Type.Number({ minimum: -2, maximum: 2 })),
  frequency_penalty: maybe(Type.Number({ minimum: -2, maximum: 2 })),
  logprobs: maybe(Type.Boolean()),
  top_logprobs: maybe(Count),
  response_format: maybe(Type.Object({}, { additionalProperties: true, description: 'As in chat completions.' })),
  tools: maybe(Type.Array(Type.Unknown(), { description: 'As in chat completions.' })),
  tool_choice: maybe(Type.Unknown({ description: 'As in chat completions.' })),
  parallel_tool_calls: maybe(Type.Boolean()),
  enable_thinking: maybe(Type.Boolean({ description: 'Where the model’s template has that switch.' })),
  thinking_budget: maybe(Type.Integer({ minimum: 1, description: 'Told to templates that read it; no bound.' })),
})

export const GenerationRequest = Type.Object(
  {
    model: Model,
    input: Type.Object(
      { messages: maybe(Type.Array(Turn, { minItems: 1 })), prompt: maybe(Type.String()) },
      { description: '`messages`, or `prompt` for a single question.' },
    ),
    parameters: maybe(Parameters),
  },
  { $id: 'GenerationRequest' },
)

export const TextEmbeddingRequest = Type.Object(
  {
    model: Model,
    input: Type.Object({ texts: Type.Union([Type.String(), Type.Array(Type.String())]) }),
    parameters: maybe(Type.Object({ dimension: maybe(Type.Integer({ minimum: 1 })) })),
  },
  { $id: 'TextEmbeddingRequest' },
)

// ── what is answered ────────────────────────────────────

const finish_reason = Type.String({
  description: '`stop`, `length`, `tool_calls`; the text `null` in a stream that goes on.',
})

const Call = Type.Object({
  index: Count,
  id: Type.String({ description: 'Like the name: empty in later pieces of a call.' }),
  type: Type.Literal('function'),
  function: Type.Object({ name: Type.String(), arguments: Type.String() }),
})

const Choice = Type.Object({
  index: Count,
  message: Type.Object({
    role: Type.Literal('assistant'),
    content: Type.Union([Type.String(), Type.Array(Type.Object({ text: Type.String() }))], {
      description: 'A list on the multimodal route, empty where nothing is said.',
    }),
    reasoning_content: maybe(Type.String()),
    tool_calls: maybe(Type.Array(Call)),
  }),
  finish_reason,
  logprobs: maybe(Type.Object({ content: Type.Array(Type.Unknown()) })),
})

const request_id = Type.String({ pattern: '^req_' })

export const Generation = Type.Object(
  {
    output: Type.Union([
      Type.Object({ choices: Type.Array(Choice) }),
      Type.Object({ text: Type.String(), finish_reason }),
    ]),
    usage: Type.Object({
      input_tokens: Count,
      output_tokens: Type.Integer({ minimum: 0, description: 'Exact in the last event of a stream.' }),
      total_tokens: Count,
      prompt_tokens_details: Type.Object({ cached_tokens: Count }),
      output_tokens_details: Type.Object({ reasoning_tokens: Count }),
    }),
    request_id,
  },
  { $id: 'Generation' },
)

export const TextEmbeddings = Type.Object(
  {
    output: Type.Object({
      embeddings: Type.Array(Type.Object({ text_index: Count, embedding: Type.Array(Type.Number()) })),
    }),
    usage: Type.Object({ total_tokens: Count }),
    request_id,
  },
  { $id: 'TextEmbeddings' },
)

export const DashScopeError = Type.Object(
  { code: Type.String({ description: 'DashScope’s own.' }), message: Type.String(), request_id: Type.String() },
  { $id: 'DashScopeError' },
)
