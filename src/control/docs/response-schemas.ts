/**
 * Wire shapes of OpenAI's Responses API, as the gateway takes and answers it (`src/gateway/dialects/responses/`). Of what is
 * sent only that is written down which has an effect or is said back; test/responses.test.ts validates the answers, and
 * holds them against OpenAI's own description too.
 */
import { Type } from 'typebox'

const maybe = Type.Optional
const orNull = <Shape extends Type.TSchema>(shape: Shape) => Type.Union([shape, Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const JsonSchema = Type.Record(Type.String(), Type.Unknown())

// ── what is asked ───────────────────────────────────────

const InputItem = Type.Object(
  {
    type: maybe(Type.Enum(['message', 'function_call', 'function_call_output', 'reasoning', 'item_reference'])),
  },
  {
    additionalProperties: true,
    description:
      'As OpenAI has it; without `type` a message, or with an `id` alone a reference. Parts of a message are `input_text`, `input_image` (with `image_url`), `output_text` or `refusal`. An `item_reference` names an item of a response that is kept.',
  },
)

const ResponseTool = Type.Object({
  type: Type.Literal('function'),
  name: Type.String({ pattern: '^[a-zA-Z0-9_.-]{1,128}$' }),
  description: maybe(Type.String()),
  parameters: orNull(JsonSchema),
  strict: orNull(Type.Boolean({ description: 'The arguments must match the schema; enforced by a grammar.' })),
})

const ResponseToolChoice = Type.Union([
  Type.Enum(['none', 'auto', 'required']),
  Type.Object({ type: Type.Literal('function'), name: Type.String() }),
  Type.Object({
    type: Type.Literal('allowed_tools'),
    mode: Type.Enum(['auto', 'required']),
    tools: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  }),
])

const ResponseFormat = Type.Union([
  Type.Object({ type: Type.Enum(['text', 'json_object']) }),
  Type.Object({
    type: Type.Literal('json_schema'),
    name: Type.String(),
    description: maybe(Type.String()),
    schema: JsonSchema,
    strict: maybe(Type.Boolean({ default: false })),
  }),
])

const ResponseText = Type.Object({
  format: maybe(ResponseFormat),
  verbosity: maybe(Type.String({ description: 'Said back; without effect.' })),
})

const ResponseReasoning = Type.Object({
  effort: maybe(orNull(Type.Enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']))),
  summary: maybe(
    orNull(
      Type.String({
        description:
          'With any of OpenAI’s values, thoughts come whole as the `summary` of their item instead of its `content`.',
      }),
    ),
  ),
})

export const ResponseRequest = Type.Object(
  {
    model: Type.String({ description: 'Name of a model or adapter, as `GET /v1/models` lists it.' }),
    input: maybe(Type.Union([Type.String(), Type.Array(InputItem)])),
    instructions: maybe(
      Type.String({ description: 'A system message before everything else. Not taken over from the response before.' }),
    ),
    previous_response_id: maybe(
      Type.String({
        description: 'A kept response of the same project, whose whole conversation comes before `input`.',
      }),
    ),
    store: maybe(
      Type.Boolean({
        default: true,
        description:
          'Keep the response for 30 days. Nothing is kept unless the project allows content on disk: `store` of the answer says what was done.',
      }),
    ),
    stream: maybe(Type.Boolean({ default: false })),
    tools: maybe(
      Type.Array(ResponseTool, {
        description: '`web_search` is passed over; other tools that run at OpenAI are refused.',
      }),
    ),
    tool_choice: maybe(ResponseToolChoice),
    parallel_tool_calls: maybe(Type.Boolean({ default: true })),
    text: maybe(ResponseText),
    reasoning: maybe(ResponseReasoning),
    include: maybe(
      Type.Array(Type.String(), {
        description:
          '`reasoning.encrypted_content`: thoughts in a form that is sent back as it came. `message.output_text.logprobs`: how likely each token was. Others have no effect.',
      }),
    ),
    max_output_tokens: maybe(Type.Integer({ minimum: 1, description: 'Thoughts and answer together.' })),
    temperature: maybe(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: maybe(Type.Number({ minimum: 0, maximum: 1 })),
    top_logprobs: maybe(Type.Integer({ minimum: 0, maximum: 20 })),
    metadata: maybe(Type.Record(Type.String(), Type.String(), { description: 'Kept and said back.' })),
    max_tool_calls: maybe(Type.Integer({ minimum: 0, description: 'Said back; without effect.' })),
    user: maybe(Type.String({ description: 'Said back; without effect.' })),
    safety_identifier: maybe(Type.String({ description: 'Said back; without effect.' })),
    prompt_cache_key: maybe(Type.String({ description: 'Said back; without effect.' })),
    prompt_cache_retention: maybe(Type.String({ description: 'Said back; without effect.' })),
  },
  { $id: 'ResponseRequest' },
)

// ── what is answered ────────────────────────────────────

const ItemStatus = Type.Enum(['in_progress', 'completed', 'incomplete'])
const OutputPart = Type.Union([
  Type.Object({
    type: Type.Literal('output_text'),
    text: Type.String(),
    annotations: Type.Array(Type.Never(), { maxItems: 0 }),
    logprobs: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  }),
  Type.Object({ type: Type.Literal('refusal'), refusal: Type.String() }),
])

const OutputItem = Type.Union([
  Type.Object({
    type: Type.Literal('message'),
    id: Type.String({ pattern: '^msg_' }),
    role: Type.Literal('assistant'),
    status: ItemStatus,
    content: Type.Array(OutputPart),
  }),
  Type.Object({
    type: Type.Literal('function_call'),
    id: Type.String({ pattern: '^fc_' }),
    call_id: Type.String({ description: 'What a `function_call_output` answers.' }),
    name: Type.String(),
    arguments: Type.String({ description: 'JSON; not whole where `status` is `incomplete`.' }),
    status: ItemStatus,
  }),
  Type.Object({
    type: Type.Literal('reasoning'),
    id: Type.String({ pattern: '^rs_' }),
    summary: Type.Array(Type.Object({ type: Type.Literal('summary_text'), text: Type.String() })),
    content: maybe(Type.Array(Type.Object({ type: Type.Literal('reasoning_text'), text: Type.String() }))),
    encrypted_content: maybe(orNull(Type.String({ description: 'Opaque: send it back as it came.' }))),
    status: ItemStatus,
  }),
])

export const ResponseObject = Type.Object(
  {
    id: Type.String({ pattern: '^resp_', description: 'Its request is `req_` and the same letters.' }),
    object: Type.Literal('response'),
    created_at: Type.Integer({ description: 'Seconds since 1970.' }),
    completed_at: orNull(Type.Integer({ description: 'Seconds since 1970.' })),
    status: Type.Enum(['in_progress', 'completed', 'incomplete', 'failed']),
    incomplete_details: orNull(Type.Object({ reason: Type.Enum(['max_output_tokens', 'content_filter']) })),
    error: orNull(Type.Object({ code: Type.Literal('server_error'), message: Type.String() })),
    background: Type.Literal(false),
    instructions: orNull(Type.String()),
    model: Type.String(),
    output: Type.Array(OutputItem),
    previous_response_id: orNull(Type.String()),
    store: Type.Boolean({
      description:
        'Whether it is kept. In the first events of a stream whether it is to be, in the last whether it was.',
    }),
    usage: maybe(
      Type.Object({
        input_tokens: Count,
        input_tokens_details: Type.Object({ cached_tokens: Count, cache_write_tokens: Type.Literal(0) }),
        output_tokens: Count,
        output_tokens_details: Type.Object({ reasoning_tokens: Count }),
        total_tokens: Count,
      }),
    ),
    max_output_tokens: orNull(Type.Integer()),
    max_tool_calls: orNull(Type.Integer()),
    parallel_tool_calls: Type.Boolean(),
    reasoning: ResponseReasoning,
    service_tier: Type.Literal('default'),
    temperature: orNull(Type.Number()),
    text: ResponseText,
    tool_choice: ResponseToolChoice,
    tools: Type.Array(ResponseTool),
    top_logprobs: Type.Integer(),
    top_p: orNull(Type.Number()),
    truncation: Type.Literal('disabled', { description: 'What is too long is refused.' }),
    metadata: Type.Record(Type.String(), Type.String()),
    user: maybe(Type.String()),
    safety_identifier: maybe(Type.String()),
    prompt_cache_key: maybe(Type.String()),
    prompt_cache_retention: maybe(Type.String()),
  },
  { $id: 'ResponseObject' },
)

/** Of items: which of them, and how it reads. */
const KINDS_OF_EVENTS = [
  'response.created',
  'response.in_progress',
  'response.output_item.added',
  'response.content_part.added',
  'response.output_text.delta',
  'response.output_text.done',
  'response.refusal.delta',
  'response.refusal.done',
  'response.reasoning_text.delta',
  'response.reasoning_text.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_text.delta',
  'response.reasoning_summary_text.done',
  'response.reasoning_summary_part.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
  'response.content_part.done',
  'response.output_item.done',
  'response.completed',
  'response.incomplete',
  'response.failed',
] as const

export const ResponseEvent = Type.Object(
  {
    type: Type.Enum([...KINDS_OF_EVENTS]),
    sequence_number: Type.Integer({ minimum: 0, description: '0, 1, 2 …' }),
    response: maybe(ResponseObject),
    output_index: maybe(Type.Integer({ minimum: 0 })),
    item: maybe(OutputItem),
    item_id: maybe(Type.String()),
    content_index: maybe(Type.Integer({ minimum: 0 })),
    summary_index: maybe(Type.Integer({ minimum: 0 })),
    delta: maybe(Type.String()),
  },
  {
    $id: 'ResponseEvent',
    additionalProperties: true,
    description:
      'The `data:` of one event, which is named by its `type` and has the fields that OpenAI gives that type. There is no `[DONE]`: the last is `response.completed` or `response.incomplete`; of a stream that breaks off, `response.failed`.',
  },
)

export const DeletedResponse = Type.Object(
  { id: Type.String(), object: Type.Literal('response'), deleted: Type.Literal(true) },
  { $id: 'DeletedResponse' },
)

export const ResponseInputItems = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(Type.Object({ id: Type.String(), type: Type.String() }, { additionalProperties: true })),
    first_id: orNull(Type.String()),
    last_id: orNull(Type.String()),
    has_more: Type.Boolean(),
  },
  { $id: 'ResponseInputItems', description: 'What the request of a response brought, without what came before it.' },
)
