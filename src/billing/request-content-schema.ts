/** Wire shapes of what is kept of requests beside their usage, and the functions that make them. */
import { type Static, Type } from 'typebox'
import { orNull, Time } from '../platform/wire-shapes.ts'
import type { ContentLogStatus, ContentState, KeptContent } from './request-content.ts'
import type { RequestDetail } from './request-detail.ts'

const Count = Type.Integer({ minimum: 0 })
const optionalNumber = Type.Optional(Type.Number())
const optionalCount = Type.Optional(Count)
const optionalSwitch = Type.Optional(Type.Boolean())
const bytes = (description: string) => Type.Integer({ minimum: 0, description })

export const RequestParametersShape = Type.Object(
  {
    stream: Type.Boolean(),
    body_bytes: bytes('Of the body as it was sent.'),
    messages: optionalCount,
    prompts: optionalCount,
    inputs: optionalCount,
    tools: optionalCount,
    stops: optionalCount,
    temperature: optionalNumber,
    top_p: optionalNumber,
    top_k: optionalNumber,
    min_p: optionalNumber,
    typical_p: optionalNumber,
    presence_penalty: optionalNumber,
    frequency_penalty: optionalNumber,
    repetition_penalty: optionalNumber,
    repeat_penalty: optionalNumber,
    max_tokens: optionalNumber,
    max_completion_tokens: optionalNumber,
    n: optionalNumber,
    seed: optionalNumber,
    logprobs: Type.Optional(Type.Union([Type.Boolean(), Type.Number()])),
    top_logprobs: optionalNumber,
    parallel_tool_calls: optionalSwitch,
    tool_choice: Type.Optional(
      Type.Enum(['none', 'auto', 'required', 'named'], { description: '`named` = one tool, by its name.' }),
    ),
    response_format: Type.Optional(Type.Enum(['text', 'json_object', 'json_schema', 'other'])),
    reasoning_effort: Type.Optional(Type.Union([Type.String(), Type.Number()])),
    enable_thinking: optionalSwitch,
    ignore_eos: optionalSwitch,
    echo: optionalSwitch,
    dimensions: optionalNumber,
    encoding_format: Type.Optional(Type.Enum(['float', 'base64', 'other'])),
  },
  {
    description:
      'Settings as sent, and how many messages, prompts, inputs, tools and stops there were. What was not sent is not here. No text of the user is.',
  },
)

export const RequestDetailShape = Type.Object({
  parameters: RequestParametersShape,
  client: orNull(
    Type.String({ maxLength: 80, description: "Family and version of the client's software; null = it did not say." }),
  ),
  failed_attempts: Type.Array(
    Type.Object({
      model: Type.String(),
      engine_id: orNull(Type.String({ description: 'Null = none could be asked.' })),
      failed: Type.Enum(['unavailable', 'draining', 'lost', 'timed_out', 'refused'], {
        description:
          '`unavailable`: nothing could be asked or reached. `draining`: it takes nothing new. `lost`: it died with the request. `timed_out`: it said nothing for too long. `refused`: it turned the request away.',
      }),
      status: orNull(Type.Integer({ description: 'Of a refusal; null = none came.' })),
      after_ms: Type.Integer({ description: 'From the beginning of the request to the end of the attempt.' }),
    }),
    { description: 'In their order, before the one that answered or gave up; empty = the first attempt answered.' },
  ),
})

const stateFields = {
  kept_until: Type.String({ format: 'date-time', description: 'UTC. It is deleted then.' }),
  truncated: Type.Boolean({ description: 'Something is missing because it was too long.' }),
  text_bytes: bytes('Of all the text that is kept.'),
  stored_bytes: bytes('The same, compressed.'),
}

/** Whether something is kept of a request, and not what. */
export const ContentStateShape = Type.Object(stateFields)

const Text = (description: string) => orNull(Type.String({ description }))

export const RequestContentShape = Type.Object({
  ...stateFields,
  address: Text('Where the request came from; null = that is not kept.'),
  request: orNull(
    Type.Object(
      {
        messages: Type.Optional(Type.Unknown()),
        prompt: Type.Optional(Type.Unknown()),
        input: Type.Optional(Type.Unknown()),
      },
      { description: 'The value of the one that was sent, as it was sent. Null = it was too long; see `request_cut`.' },
    ),
  ),
  request_cut: Text('The beginning of that value as JSON text, where it was too long to be kept whole; else null.'),
  answers: Type.Array(
    Type.Object({
      index: Type.Integer({ description: 'Of the choice.' }),
      text: Text('What the client got; null = no text.'),
      reasoning: Text('Thoughts; null = none.'),
      refusal: Text('Null = none.'),
      tool_calls: Type.Array(
        Type.Object({
          id: orNull(Type.String()),
          name: Type.String(),
          arguments: Type.String({ description: 'JSON text, cut off where the answer was.' }),
        }),
      ),
    }),
    { description: 'Empty where none was begun, and for embeddings, whose numbers are not kept.' },
  ),
})

export const ContentLogShape = Type.Object({
  project_id: Text('Null = all projects together.'),
  requests: Type.Integer({ minimum: 0, description: 'Whose content is kept now.' }),
  bytes: bytes('Kept now, compressed.'),
  oldest_at: orNull(Time),
  bytes_max: bytes('Ceiling for the whole installation; the oldest goes first. The setting CONTENT_LOG_MB.'),
  days_max: Type.Integer({
    minimum: 0,
    description: 'Ceiling of how long a project may keep it; 0 = nobody keeps anything. The setting CONTENT_LOG_DAYS.',
  }),
  removed_for_space: Type.Integer({
    minimum: 0,
    description: 'Requests whose content went before its time, since control was started, because of bytes_max.',
  }),
})

export const ContentLogDeletedShape = Type.Object({
  project_id: Type.String(),
  deleted_requests: Count,
  deleted_bytes: bytes('Compressed.'),
})

export function requestDetailOnWire({
  parameters,
  client,
  attempts,
}: RequestDetail): Static<typeof RequestDetailShape> {
  return { parameters, client, failed_attempts: attempts ?? [] }
}

export function contentStateOnWire(state: ContentState): Static<typeof ContentStateShape> {
  return {
    kept_until: state.expiresAt.toISOString(),
    truncated: state.truncated,
    text_bytes: state.textBytes,
    stored_bytes: state.storedBytes,
  }
}

export function requestContentOnWire(content: KeptContent): Static<typeof RequestContentShape> {
  const { address, request, request_cut, answers } = content
  return { ...contentStateOnWire(content), address, request, request_cut, answers }
}

export function contentLogOnWire(status: ContentLogStatus): Static<typeof ContentLogShape> {
  return {
    project_id: status.projectId,
    requests: status.requests,
    bytes: status.bytes,
    oldest_at: status.oldestAt?.toISOString() ?? null,
    bytes_max: status.bytesMax,
    days_max: status.daysMax,
    removed_for_space: status.removedForSpace,
  }
}
