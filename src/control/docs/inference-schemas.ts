/**
 * Wire shapes of the routes that a gateway worker answers: they are no Fastify routes, so that what they take and give is
 * written down here for the document. The engine host reads the requests (`engine-host/openai/`); a test holds each field,
 * default and bound here equal to what it reads, and validates its answers with the shapes here.
 */
import { Type } from 'typebox'

const nullable = <Shape extends Type.TSchema>(shape: Shape, description: string) =>
  Type.Union([shape, Type.Null()], { description })
const maybe = Type.Optional

const MAKER = 'The model’s maker may set another default.'

// ── what chat and text completions share ────────────────

const Model = Type.String({ description: 'Name of a model or adapter, as `GET /v1/models` lists it.' })

const StreamOptions = Type.Object(
  {
    include_usage: maybe(
      Type.Boolean({
        default: false,
        description: 'Ends the stream with one more event that has no choices and the counts in `usage` and `timings`.',
      }),
    ),
  },
  { description: 'Only with `stream`.' },
)

const sampling = {
  temperature: maybe(
    Type.Number({
      minimum: 0,
      maximum: 2,
      default: 1,
      description: `Higher is more varied; 0 always takes the likeliest token. ${MAKER}`,
    }),
  ),
  top_p: maybe(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: 1,
      description: `Only the likeliest tokens that together have this probability; 1 is off. ${MAKER}`,
    }),
  ),
  top_k: maybe(
    Type.Integer({
      minimum: -1,
      maximum: 1_000_000,
      default: 0,
      description: `Extension. Only this many of the likeliest tokens; 0 and −1 are off. ${MAKER}`,
    }),
  ),
  min_p: maybe(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0,
      description: `Extension. Only tokens at least this fraction as likely as the likeliest; 0 is off. ${MAKER}`,
    }),
  ),
  frequency_penalty: maybe(
    Type.Number({
      minimum: -2,
      maximum: 2,
      default: 0,
      description: 'Lowers a token by this much for each time that it has come.',
    }),
  ),
  presence_penalty: maybe(
    Type.Number({
      minimum: -2,
      maximum: 2,
      default: 0,
      description: `Lowers a token by this much once it has come. ${MAKER}`,
    }),
  ),
  repetition_penalty: maybe(
    Type.Number({
      minimum: 0.01,
      maximum: 10,
      default: 1,
      description: `Extension. Divides the likelihood of tokens that have come; 1 is off. ${MAKER}`,
    }),
  ),
  logit_bias: maybe(
    Type.Record(Type.String({ pattern: '^\\d{1,9}$' }), Type.Number({ minimum: -100, maximum: 100 }), {
      description: 'Token id → amount from −100 (never) to 100 (always) added to its score. Ids: `POST /tokenize`.',
    }),
  ),
  seed: maybe(
    Type.Integer({
      description: 'Same seed, same request, same answer on the same machine. The low 32 bits count. Default: random.',
    }),
  ),
  stop: maybe(
    Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 4 })], {
      description: 'Up to 4 texts at which the answer ends; they are not part of it.',
    }),
  ),
  n: maybe(
    Type.Integer({ minimum: 1, maximum: 128, default: 1, description: 'Answers wanted. The prompt counts once.' }),
  ),
  ignore_eos: maybe(
    Type.Boolean({ default: false, description: 'Extension, for measuring. Goes on where the model wanted to end.' }),
  ),
  stream: maybe(Type.Boolean({ default: false, description: 'Answer as server-sent events, as it is made.' })),
  stream_options: maybe(StreamOptions),
}

/** Fields that clients send and that change nothing here: accepted, as any field that nobody has heard of. */
export const WITHOUT_EFFECT = [
  'user',
  'metadata',
  'store',
  'service_tier',
  'prompt_cache_key',
  'safety_identifier',
] as const

// ── chat ────────────────────────────────────────────────

const TextPart = Type.Object({
  type: Type.Enum(['text', 'refusal']),
  text: maybe(Type.String({ description: 'With type `text`.' })),
  refusal: maybe(Type.String({ description: 'With type `refusal`.' })),
})

const CalledFunction = Type.Object({
  name: Type.String(),
  arguments: Type.String({ description: 'JSON text.' }),
})

const ToolCall = Type.Object({
  id: Type.String(),
  type: Type.Literal('function'),
  function: CalledFunction,
})

export const ChatMessage = Type.Object(
  {
    role: Type.Enum(['system', 'developer', 'user', 'assistant', 'tool', 'function'], {
      description: '`developer` is read as `system`. `function` is the older `tool`.',
    }),
    content: maybe(
      Type.Union([Type.String(), Type.Array(TextPart), Type.Null()], {
        description:
          'Text, or parts of text, which are joined by line breaks. Required, save of an assistant that calls tools. Images, sound and files are refused.',
      }),
    ),
    name: maybe(Type.String({ description: 'Who speaks, where the model’s template shows it.' })),
    tool_calls: maybe(Type.Array(ToolCall, { description: 'Of an assistant: the calls that it made.' })),
    tool_call_id: maybe(Type.String({ description: 'Of a tool: the call that this answers.' })),
    reasoning_content: maybe(
      Type.String({ description: 'Extension. Of an assistant: what it thought, given back. `reasoning` is read too.' }),
    ),
    refusal: maybe(Type.String({ description: 'Of an assistant: what it said instead of an answer.' })),
  },
  { $id: 'ChatMessage' },
)

export const ChatTool = Type.Object(
  {
    type: Type.Literal('function'),
    function: Type.Object({
      name: Type.String({ pattern: '^[a-zA-Z0-9_.-]{1,128}$' }),
      description: maybe(Type.String({ description: 'What the model reads to decide.' })),
      parameters: maybe(
        Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the arguments: an object.' }),
      ),
      strict: maybe(
        Type.Boolean({
          default: false,
          description: 'Arguments must match the schema whoever decides on the call; enforced while they are written.',
        }),
      ),
    }),
  },
  { $id: 'ChatTool' },
)

const ToolChoice = Type.Union(
  [
    Type.Enum(['auto', 'none', 'required']),
    Type.Object({ type: Type.Literal('function'), function: Type.Object({ name: Type.String() }) }),
  ],
  {
    description:
      'Default `auto` with tools, `none` without. `required` and a named function are enforced by a grammar, so any model obeys.',
  },
)

const ResponseFormat = Type.Union(
  [
    Type.Object({ type: Type.Enum(['text', 'json_object']) }),
    Type.Object({
      type: Type.Literal('json_schema'),
      json_schema: Type.Object({
        name: maybe(Type.String()),
        schema: maybe(
          Type.Record(Type.String(), Type.Unknown(), {
            description: 'JSON Schema; left out, any JSON object. What a grammar cannot keep is refused by name.',
          }),
        ),
        strict: maybe(Type.Boolean({ description: 'Without effect: a schema is always enforced.' })),
      }),
    }),
  ],
  { description: 'Form of the answer, enforced by a grammar. Default: text.' },
)

const template = {
  reasoning_effort: maybe(
    Type.Union(
      [
        Type.Enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']),
        Type.Integer({ minimum: 0, maximum: 100 }),
      ],
      {
        description:
          'Handed to the model’s template; `none` and 0 turn thinking off, anything else on. Default: the template’s own.',
      },
    ),
  ),
  enable_thinking: maybe(
    Type.Boolean({
      description:
        'Extension. Turns thinking on or off where the model’s template has that switch; goes before `reasoning_effort`.',
    }),
  ),
  chat_template_kwargs: maybe(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        'Extension. Values for the model’s template, as they are; they go before all others. Not `messages`, `tools`, `add_generation_prompt`, `bos_token`, `eos_token`.',
    }),
  ),
}

const Tools = Type.Array(ChatTool, {
  description: 'Functions that the model may call. A model whose template knows no tools is told of them in words.',
})

export const ChatRequest = Type.Object(
  {
    model: Model,
    messages: Type.Array(ChatMessage, { minItems: 1, description: 'The conversation so far.' }),
    max_completion_tokens: maybe(
      Type.Integer({
        minimum: 1,
        description: 'Most tokens to generate, thinking included. Default, and at most: what is left of the context.',
      }),
    ),
    max_tokens: maybe(
      Type.Integer({ minimum: 1, description: 'Older name of `max_completion_tokens`, which goes before.' }),
    ),
    ...sampling,
    tools: maybe(Tools),
    tool_choice: maybe(ToolChoice),
    parallel_tool_calls: maybe(
      Type.Boolean({
        default: true,
        description: 'Whether one answer may hold several calls (at most 8 where forced).',
      }),
    ),
    response_format: maybe(ResponseFormat),
    logprobs: maybe(Type.Boolean({ default: false, description: 'Log-probabilities of the tokens of the content.' })),
    top_logprobs: maybe(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description: 'Likeliest alternatives to each token. Only with `logprobs`.',
      }),
    ),
    ...template,
  },
  { $id: 'ChatRequest' },
)

// ── usage ───────────────────────────────────────────────

const Timings = Type.Object(
  {
    queue_ms: Type.Number({ minimum: 0, description: 'Waiting for a sequence.' }),
    prefill_ms: Type.Number({ minimum: 0, description: 'Reading the prompt.' }),
    decode_ms: Type.Number({ minimum: 0, description: 'Writing the answer.' }),
  },
  { description: 'Extension. Phases in the engine, ms; with `n`, the longest of each.' },
)

export const Usage = Type.Object(
  {
    prompt_tokens: Type.Integer({ minimum: 0 }),
    completion_tokens: Type.Integer({ minimum: 0, description: 'Over all choices, thinking included.' }),
    total_tokens: Type.Integer({ minimum: 0 }),
    prompt_tokens_details: Type.Object({
      cached_tokens: Type.Integer({ minimum: 0, description: 'Not computed again, since a prefix was known.' }),
    }),
    completion_tokens_details: Type.Object({ reasoning_tokens: Type.Integer({ minimum: 0 }) }),
  },
  { $id: 'Usage' },
)

const counted = { usage: Usage, timings: Timings }

const TokenLogprob = Type.Object({
  token: Type.String(),
  logprob: Type.Number({ description: 'Natural logarithm, before temperature and filters; −9999 = could not come.' }),
  bytes: Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
    description: 'UTF-8; a token may be part of a character.',
  }),
})

const ChatLogprobs = nullable(
  Type.Object({
    content: Type.Array(Type.Interface([TokenLogprob], { top_logprobs: Type.Array(TokenLogprob) })),
    refusal: Type.Null(),
  }),
  'Null unless asked for.',
)

const FinishReason = nullable(
  Type.Enum(['stop', 'length', 'tool_calls']),
  '`stop`: it ended, or met a stop text; `length`: `max_completion_tokens` or the context was reached. Null until then.',
)

const AnswerMessage = Type.Object({
  role: Type.Literal('assistant'),
  content: nullable(Type.String(), 'Null where only tools are called.'),
  refusal: Type.Null(),
  reasoning_content: maybe(Type.String({ description: 'Extension. What the model thought, apart from its answer.' })),
  tool_calls: maybe(Type.Array(ToolCall)),
})

const answerHead = {
  id: Type.String(),
  created: Type.Integer({ description: 'Seconds since 1970.' }),
  model: Type.String(),
}

const StopText = maybe(
  Type.String({ description: 'Extension. Which of `stop` ended the answer; absent where something else did.' }),
)

export const ChatCompletion = Type.Object(
  {
    ...answerHead,
    object: Type.Literal('chat.completion'),
    choices: Type.Array(
      Type.Object({
        index: Type.Integer({ minimum: 0 }),
        message: AnswerMessage,
        logprobs: ChatLogprobs,
        finish_reason: FinishReason,
        stop_reason: StopText,
      }),
    ),
    ...counted,
  },
  { $id: 'ChatCompletion' },
)

const ChatDelta = Type.Object({
  role: maybe(Type.Literal('assistant', { description: 'In the first event of a choice.' })),
  content: maybe(Type.String()),
  reasoning_content: maybe(Type.String()),
  tool_calls: maybe(
    Type.Array(
      Type.Object({
        index: Type.Integer({ minimum: 0 }),
        id: maybe(Type.String({ description: 'In the first event of a call, as are `type` and the name.' })),
        type: maybe(Type.Literal('function')),
        function: Type.Object({
          name: maybe(Type.String()),
          arguments: Type.String({ description: 'A piece of it.' }),
        }),
      }),
    ),
  ),
})

export const ChatChunk = Type.Object(
  {
    ...answerHead,
    object: Type.Literal('chat.completion.chunk'),
    choices: Type.Array(
      Type.Object({
        index: Type.Integer({ minimum: 0 }),
        delta: ChatDelta,
        logprobs: ChatLogprobs,
        finish_reason: FinishReason,
        stop_reason: StopText,
      }),
    ),
    usage: maybe(nullable(Usage, 'Only with `stream_options.include_usage`: null but in the last event.')),
    timings: maybe(Timings),
  },
  {
    $id: 'ChatChunk',
    description:
      'One `data:` line of the stream, which ends with `data: [DONE]`. A stream that breaks off ends with an error event instead.',
  },
)

// ── text completions ────────────────────────────────────

const tokenIds = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 })
const Prompts = (description: string) =>
  Type.Union(
    [
      Type.String(),
      Type.Array(Type.String(), { minItems: 1, maxItems: 2048 }),
      tokenIds,
      Type.Array(tokenIds, { minItems: 1, maxItems: 2048 }),
    ],
    { description },
  )

export const CompletionRequest = Type.Object(
  {
    model: Model,
    prompt: Prompts('Text, token ids, or a list of either. Prompts × `n` may be at most 128.'),
    max_tokens: maybe(
      Type.Integer({
        minimum: 1,
        default: 16,
        description: 'Most tokens to generate; cut to what is left of the context.',
      }),
    ),
    ...sampling,
    best_of: maybe(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        description: 'At most `n`: answers are not ranked, so more are refused.',
      }),
    ),
    echo: maybe(
      Type.Boolean({ default: false, description: 'Begin the answer with the prompt. Not with `logprobs`.' }),
    ),
    logprobs: maybe(
      Type.Integer({ minimum: 0, maximum: 5, description: 'Log-probabilities, with this many alternatives a token.' }),
    ),
  },
  { $id: 'CompletionRequest' },
)

const CompletionChoice = Type.Object({
  text: Type.String(),
  index: Type.Integer({ minimum: 0, description: 'prompt × `n` + answer.' }),
  logprobs: nullable(
    Type.Object({
      tokens: Type.Array(Type.String()),
      token_logprobs: Type.Array(Type.Number()),
      top_logprobs: Type.Array(Type.Record(Type.String(), Type.Number())),
      text_offset: Type.Array(Type.Integer({ minimum: 0 })),
    }),
    'Null unless asked for.',
  ),
  finish_reason: nullable(Type.Enum(['stop', 'length']), 'Null until it ended.'),
})

export const Completion = Type.Object(
  {
    ...answerHead,
    object: Type.Literal('text_completion'),
    choices: Type.Array(CompletionChoice),
    ...counted,
  },
  { $id: 'Completion' },
)

export const CompletionChunk = Type.Object(
  {
    ...answerHead,
    object: Type.Literal('text_completion'),
    choices: Type.Array(CompletionChoice),
    usage: maybe(nullable(Usage, 'Only with `stream_options.include_usage`: null but in the last event.')),
    timings: maybe(Timings),
  },
  { $id: 'CompletionChunk', description: 'One `data:` line of the stream, which ends with `data: [DONE]`.' },
)

// ── embeddings ──────────────────────────────────────────

export const EmbeddingRequest = Type.Object(
  {
    model: Model,
    input: Prompts('Text, token ids, or a list of up to 2,048 of either; one vector each.'),
    encoding_format: maybe(
      Type.Enum(['float', 'base64'], {
        default: 'float',
        description: '`base64`: little-endian 32-bit floats, which OpenAI’s own clients ask for.',
      }),
    ),
    dimensions: maybe(
      Type.Integer({
        minimum: 1,
        description: 'Shorter vectors, from models made for it. Default, and at most: the model’s own.',
      }),
    ),
  },
  { $id: 'EmbeddingRequest' },
)

export const EmbeddingList = Type.Object(
  {
    object: Type.Literal('list'),
    model: Type.String(),
    data: Type.Array(
      Type.Object({
        object: Type.Literal('embedding'),
        index: Type.Integer({ minimum: 0 }),
        embedding: Type.Union([Type.Array(Type.Number()), Type.String()], {
          description: 'Of length 1. A text with `base64`.',
        }),
      }),
    ),
    usage: Type.Object({ prompt_tokens: Type.Integer({ minimum: 0 }), total_tokens: Type.Integer({ minimum: 0 }) }),
    timings: Timings,
  },
  { $id: 'EmbeddingList' },
)

// ── tokens ──────────────────────────────────────────────

export const TokenizeRequest = Type.Object(
  {
    model: Model,
    prompt: maybe(Type.String({ description: 'Text, as `/v1/completions` would read it.' })),
    messages: maybe(
      Type.Array(ChatMessage, {
        minItems: 1,
        description: 'Instead of `prompt`: a conversation, as `/v1/chat/completions` would read it.',
      }),
    ),
    add_special_tokens: maybe(
      Type.Boolean({
        default: true,
        description: 'With `prompt`: begin with the model’s opening token, if it has one.',
      }),
    ),
    return_tokens: maybe(
      Type.Boolean({
        default: true,
        description: 'False leaves out `tokens`, which are long where only `count` is wanted.',
      }),
    ),
    return_token_strs: maybe(
      Type.Boolean({ default: false, description: 'Answer with `token_strs`: the text of each token.' }),
    ),
    tools: maybe(Tools),
    tool_choice: maybe(ToolChoice),
    ...template,
  },
  { $id: 'TokenizeRequest', description: 'Either `prompt` or `messages`.' },
)

export const Tokens = Type.Object(
  {
    tokens: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0 }), { description: 'Unless it was asked to leave them out.' }),
    ),
    count: Type.Integer({ minimum: 0 }),
    max_model_len: Type.Integer({ minimum: 1, description: 'Context of the model as it is loaded, tokens.' }),
    token_strs: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Where asked for. A token that is only a part of a character is U+FFFD.',
      }),
    ),
  },
  { $id: 'Tokens' },
)

export const DetokenizeRequest = Type.Object(
  { model: Model, tokens: Type.Array(Type.Integer({ minimum: 0 }), { description: 'Token ids of this model.' }) },
  { $id: 'DetokenizeRequest' },
)

export const DetokenizedText = Type.Object({ prompt: Type.String() }, { $id: 'DetokenizedText' })

// ── models, life ────────────────────────────────────────

export const ModelCard = Type.Object(
  {
    id: Type.String({ description: 'What to name in `model`.' }),
    object: Type.Literal('model'),
    created: Type.Integer({ description: 'Seconds since 1970.' }),
    owned_by: Type.String(),
  },
  { $id: 'ModelCard' },
)

export const ModelCards = Type.Object(
  { object: Type.Literal('list'), data: Type.Array(ModelCard) },
  { $id: 'ModelCards' },
)

export const Alive = Type.Object({ status: Type.Literal('ok') }, { $id: 'Alive' })
