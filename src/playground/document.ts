/**
 * What a saved session holds, and what must hold in it beyond its shape.
 *
 *   turns: one flat list that is a tree by `parent_id`; `shown` names the leaf of the branch on the screen
 *
 *     u1 ── a1 ── u2 ── a2            editing u2 adds u3 beside it: both begin at a1
 *              └─ u3 ── a3  ◄ shown
 *
 * A flat list instead of nested turns: a branch is one more row, depth costs nothing, and the schema needs no recursion,
 * which clients generated from it handle badly.
 * Pure module.
 */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, Time } from '../platform/wire-shapes.ts'

/** Of the document as JSON. */
export const DOCUMENT_BYTES_MAX = 1_000_000
export const MODELS_MAX = 4
const TURNS_MAX = 2_000
const TEXT_MAX = DOCUMENT_BYTES_MAX

export const SESSION_KINDS = ['chat', 'completion', 'embeddings', 'tokens'] as const
export type SessionKind = (typeof SESSION_KINDS)[number]

const strict = { additionalProperties: false } as const
const Text = (description: string) => Type.String({ maxLength: TEXT_MAX, description })
const ModelName = Type.String({ minLength: 1, maxLength: 200 })
const TurnId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$' })
const Tokens = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Milliseconds = Type.Number({ minimum: 0 })

/** Named and bounded as the API has them; what is absent is left to the model's maker. */
export const ParametersShape = Type.Object(
  {
    temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    top_k: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
    min_p: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    presence_penalty: Type.Optional(Type.Number({ minimum: -2, maximum: 2 })),
    frequency_penalty: Type.Optional(Type.Number({ minimum: -2, maximum: 2 })),
    repetition_penalty: Type.Optional(Type.Number({ minimum: 0.01, maximum: 10 })),
    max_tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'Longest answer.' })),
    seed: Type.Optional(Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })),
    stop: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), { maxItems: 4 })),
    thinking: Type.Optional(Type.Boolean({ description: 'Absent: as the model has it by itself.' })),
  },
  strict,
)

export const ResponseFormatShape = Type.Object(
  {
    type: oneOf(['text', 'json_object', 'json_schema']),
    schema_json: orNull(Text('JSON Schema as it was typed; it may be unfinished. Null unless `json_schema`.')),
  },
  strict,
)

export const ToolCallShape = Type.Object(
  {
    id: Type.String({ maxLength: 200 }),
    name: Type.String({ maxLength: 200 }),
    arguments: Text('JSON text, as the model wrote it.'),
  },
  strict,
)

export const AnswerShape = Type.Object(
  {
    model: ModelName,
    text: Text('What it said.'),
    reasoning: orNull(Text('What it thought; null = it did not.')),
    tool_calls: Type.Array(ToolCallShape, { maxItems: 128 }),
    edited: Type.Boolean({ description: 'Whether a person wrote or changed it.' }),
    finish: orNull(
      oneOf(['stop', 'length', 'tool_calls', 'content_filter', 'stopped', 'error'], {
        description: '`stopped`: by whoever asked. Null: it was never finished.',
      }),
    ),
    error: orNull(Type.Object({ code: Type.String({ maxLength: 200 }), message: Text('As it was shown.') }, strict)),
    request_id: orNull(Type.String({ maxLength: 64, description: 'Its usage record, `req_…`.' })),
    tokens: orNull(
      Type.Object(
        { in: Tokens, cached: Tokens, out: Tokens, reasoning: Tokens },
        { ...strict, description: 'Counts.' },
      ),
    ),
    timings: orNull(
      Type.Object(
        {
          first_token_ms: orNull(Milliseconds),
          reasoning_ms: orNull(Milliseconds),
          total_ms: Milliseconds,
          queue_ms: orNull(Milliseconds),
          prefill_ms: orNull(Milliseconds),
          decode_ms: orNull(Milliseconds),
        },
        strict,
      ),
    ),
  },
  strict,
)

export const TurnShape = Type.Object(
  {
    id: TurnId,
    parent_id: orNull(TurnId),
    role: oneOf(['user', 'assistant', 'tool']),
    text: Text('What was asked, or what a tool returned. Empty for an assistant: see `answers`.'),
    tool_call_id: orNull(Type.String({ maxLength: 200, description: 'Of a tool: the call that it answers.' })),
    answers: Type.Array(AnswerShape, { maxItems: MODELS_MAX, description: 'Of an assistant: one for each model.' }),
    at: Time,
  },
  strict,
)

export const DocumentShape = Type.Object(
  {
    format: Type.Literal(1, { description: 'Of this shape.' }),
    models: Type.Array(ModelName, {
      minItems: 1,
      maxItems: MODELS_MAX,
      uniqueItems: true,
      description: 'Compared. A name that ends in `#2`, `#3` or `#4` is the same model once more.',
    }),
    system_prompt: Text('Empty = none.'),
    parameters: ParametersShape,
    tools_json: orNull(Text('JSON array as it was typed; it may be unfinished. Null = no tools.')),
    tool_choice: Type.Optional(
      Type.Union([oneOf(['required', 'none']), Type.Object({ name: Type.String({ maxLength: 200 }) }, strict)], {
        description: 'Whether tools must or may not be called, or the one that must. Absent: the model decides.',
      }),
    ),
    response_format: ResponseFormatShape,
    turns: Type.Array(TurnShape, {
      maxItems: TURNS_MAX,
      description: 'A tree: each turn comes after its parent. A completion is a user turn and its answers.',
    }),
    shown: orNull(TurnId),
    inputs: Type.Array(Text('A text.'), {
      maxItems: 256,
      description: 'Texts to embed or to cut into tokens. Vectors and tokens are computed again, never kept.',
    }),
  },
  { $id: 'PlaygroundDocument', ...strict },
)

export type PlaygroundDocument = Static<typeof DocumentShape>

/** What is wrong in a document whose shape is right; null = nothing. */
export function documentProblem(document: PlaygroundDocument): { path: string; reason: string } | null {
  const roles = new Map<string, string>()
  for (const [at, turn] of document.turns.entries()) {
    const path = `document.turns.${at}`
    if (roles.has(turn.id)) return { path: `${path}.id`, reason: `two turns are called "${turn.id}"` }
    // Only earlier turns can be parents, so that there is no circle to look for.
    if (turn.parent_id !== null && !roles.has(turn.parent_id))
      return { path: `${path}.parent_id`, reason: `no turn before it is called "${turn.parent_id}"` }
    if (turn.role !== 'assistant' && turn.answers.length > 0)
      return { path: `${path}.answers`, reason: `a turn of the role ${turn.role} has no answers` }
    const models = turn.answers.map(({ model }) => model)
    if (new Set(models).size < models.length)
      return { path: `${path}.answers`, reason: 'a model answers a turn once; ask again as a turn beside it' }
    roles.set(turn.id, turn.role)
  }
  if (document.shown !== null && !roles.has(document.shown))
    return { path: 'document.shown', reason: `no turn is called "${document.shown}"` }
  return null
}

/**
 * The same with every text storable: the database takes neither the character 0 nor half a surrogate pair, which models
 * do write when they are cut, and a save must not fail for what a model said.
 */
export function storable<Value>(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll('\u0000', '\uFFFD').toWellFormed() as Value
  if (Array.isArray(value)) return value.map(storable) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, storable(part)])) as Value
}

export function bytesOf(document: PlaygroundDocument): number {
  return Buffer.byteLength(JSON.stringify(document))
}
