/**
 * Wire shapes of Anthropic's Messages API, as the gateway takes and answers it (`src/gateway/dialects/anthropic/`). Of what
 * is sent only that is written down which has an effect; test/anthropic.test.ts validates the answers.
 */
import { Type } from 'typebox'

const maybe = Type.Optional
const orNull = <Shape extends Type.TSchema>(shape: Shape) => Type.Union([shape, Type.Null()])
const Count = Type.Integer({ minimum: 0 })

// ── what is asked ───────────────────────────────────────

const Block = Type.Object(
  {
    type: Type.Enum([
      'text',
      'image',
      'document',
      'search_result',
      'tool_use',
      'tool_result',
      'thinking',
      'redacted_thinking',
    ]),
  },
  {
    additionalProperties: true,
    description:
      'As Anthropic has it. Of `image`: `source` of type `base64` or `url`. Of `document`: `source` of type `text` or `content`. `tool_use` and thoughts belong to an assistant, the others to a user. `redacted_thinking` says nothing to a model and is passed over.',
  },
)

const Content = Type.Union([Type.String(), Type.Array(Block)])

const Turn = Type.Object({
  role: Type.Enum(['user', 'assistant', 'system']),
  content: Content,
})

const Tool = Type.Object({
  name: Type.String({ pattern: '^[a-zA-Z0-9_.-]{1,128}$' }),
  description: maybe(Type.String()),
  input_schema: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the input: an object.' }),
  strict: maybe(
    Type.Boolean({ default: false, description: 'The input must match the schema; enforced by a grammar.' }),
  ),
})

const prompting = {
  model: Type.String({ description: 'Name of a model or adapter, as `GET /v1/models` lists it.' }),
  messages: Type.Array(Turn, { minItems: 1 }),
  system: maybe(Content),
  tools: maybe(Type.Array(Tool, { description: 'Tools that run on Anthropic’s servers are refused.' })),
  tool_choice: maybe(
    Type.Object(
      {
        type: Type.Enum(['auto', 'any', 'tool', 'none']),
        name: maybe(Type.String({ description: 'With `tool`.' })),
        disable_parallel_tool_use: maybe(Type.Boolean({ default: false })),
      },
      { description: '`any` and `tool` are enforced by a grammar, so any model obeys.' },
    ),
  ),
  thinking: maybe(
    Type.Object(
      {
        type: Type.Enum(['enabled', 'disabled', 'adaptive', 'between_tools']),
        budget_tokens: maybe(
          Type.Integer({ minimum: 1, description: 'Told to templates that read `thinking_budget`; no bound.' }),
        ),
      },
      { description: 'Default `disabled`: a model that would think by itself is told not to.' },
    ),
  ),
  output_config: maybe(
    Type.Object({
      effort: maybe(Type.Enum(['low', 'medium', 'high', 'xhigh', 'max'])),
      format: maybe(
        Type.Object({ type: Type.Literal('json_schema'), schema: Type.Record(Type.String(), Type.Unknown()) }),
      ),
    }),
  ),
}

export const MessageRequest = Type.Object(
  {
    ...prompting,
    max_tokens: Type.Integer({ minimum: 1, description: 'Thoughts and answer together.' }),
    stream: maybe(Type.Boolean({ default: false })),
    temperature: maybe(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: maybe(Type.Number({ minimum: 0, maximum: 1 })),
    top_k: maybe(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
    stop_sequences: maybe(Type.Array(Type.String({ minLength: 1 }), { maxItems: 4 })),
  },
  { $id: 'MessageRequest' },
)

export const TokenCountRequest = Type.Object(prompting, { $id: 'TokenCountRequest' })

// ── what is answered ────────────────────────────────────

const deltaUsage = {
  input_tokens: Type.Integer({ minimum: 0, description: 'Of the prompt, those that were computed.' }),
  cache_creation_input_tokens: Type.Literal(0),
  cache_read_input_tokens: Type.Integer({
    minimum: 0,
    description: 'Of the prompt, those that a shared prefix saved.',
  }),
  output_tokens: Count,
  output_tokens_details: Type.Object({ thinking_tokens: Count }),
  server_tool_use: Type.Null(),
}

const MessageUsage = Type.Object(
  {
    ...deltaUsage,
    cache_creation: Type.Object({
      ephemeral_1h_input_tokens: Type.Literal(0),
      ephemeral_5m_input_tokens: Type.Literal(0),
    }),
    inference_geo: Type.Null(),
    service_tier: Type.Literal('standard'),
    speed: Type.Null(),
  },
  { description: 'The three counts of the input exclude each other; their sum is the prompt.' },
)

const StopReason = Type.Enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'refusal'])
const caller = Type.Object({ type: Type.Literal('direct') })

const AnswerBlock = Type.Union([
  Type.Object({
    type: Type.Literal('thinking'),
    thinking: Type.String(),
    signature: Type.String({ description: 'Opaque. Empty in the first event of a stream’s block.' }),
  }),
  Type.Object({ type: Type.Literal('text'), text: Type.String(), citations: Type.Null() }),
  Type.Object({
    type: Type.Literal('tool_use'),
    id: Type.String({ pattern: '^toolu_' }),
    name: Type.String(),
    input: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Empty where `max_tokens` cut the call before its input was whole.',
    }),
    caller,
  }),
])

const messageFields = {
  id: Type.String({ pattern: '^msg_' }),
  type: Type.Literal('message'),
  role: Type.Literal('assistant'),
  model: Type.String(),
  container: Type.Null(),
  diagnostics: Type.Null(),
  stop_details: Type.Null(),
  content: Type.Array(AnswerBlock),
  stop_sequence: orNull(Type.String({ description: 'Which of `stop_sequences` ended it.' })),
  usage: MessageUsage,
}

export const Message = Type.Object({ ...messageFields, stop_reason: StopReason }, { $id: 'Message' })

const index = Type.Integer({ minimum: 0, description: 'Of the block: 0, 1, 2 …' })

export const MessageError = Type.Object(
  {
    type: Type.Literal('error'),
    error: Type.Object({
      type: Type.Enum([
        'invalid_request_error',
        'authentication_error',
        'billing_error',
        'permission_error',
        'not_found_error',
        'request_too_large',
        'rate_limit_error',
        'api_error',
        'timeout_error',
        'overloaded_error',
      ]),
      message: Type.String(),
      code: Type.String({ description: 'Extension. As in every other error here.' }),
    }),
    request_id: Type.String(),
  },
  { $id: 'MessageError' },
)

export const MessageEvent = Type.Union(
  [
    Type.Object({
      type: Type.Literal('message_start'),
      message: Type.Object({ ...messageFields, stop_reason: Type.Null() }),
    }),
    Type.Object({ type: Type.Literal('ping') }),
    Type.Object({ type: Type.Literal('content_block_start'), index, content_block: AnswerBlock }),
    Type.Object({
      type: Type.Literal('content_block_delta'),
      index,
      delta: Type.Union([
        Type.Object({ type: Type.Literal('text_delta'), text: Type.String() }),
        Type.Object({ type: Type.Literal('thinking_delta'), thinking: Type.String() }),
        Type.Object({ type: Type.Literal('signature_delta'), signature: Type.String() }),
        Type.Object({ type: Type.Literal('input_json_delta'), partial_json: Type.String() }),
      ]),
    }),
    Type.Object({ type: Type.Literal('content_block_stop'), index }),
    Type.Object({
      type: Type.Literal('message_delta'),
      delta: Type.Object({
        stop_reason: StopReason,
        stop_sequence: orNull(Type.String()),
        stop_details: Type.Null(),
        container: Type.Null(),
      }),
      usage: Type.Object(deltaUsage),
    }),
    Type.Object({ type: Type.Literal('message_stop') }),
    MessageError,
  ],
  {
    $id: 'MessageEvent',
    description:
      'The `data:` of one event, which is named by its `type`. The last is `message_stop`; of a stream that breaks off, `error`.',
  },
)

export const TokenCount = Type.Object({ input_tokens: Count }, { $id: 'TokenCount' })
