/**
 * What is known of a request beside its usage: its parameters, always, and its content, where the project's policy keeps
 * it. The two travel apart: parameters ride with the usage record and are as safe; content comes after it, may be lost,
 * and never stands in the way of a record.
 *
 * Pure module: the gateway worker imports it.
 */
import type { UsageRecord } from './usage-record.ts'

/** Settings and sizes, and no text of the user's: names of tools and schemas are text, so only their number is here. */
export type RequestParameters = {
  stream: boolean
  body_bytes: number
  /** Elements of the lists that were sent. */
  messages?: number
  prompts?: number
  inputs?: number
  tools?: number
  stops?: number
  temperature?: number
  top_p?: number
  top_k?: number
  min_p?: number
  typical_p?: number
  presence_penalty?: number
  frequency_penalty?: number
  repetition_penalty?: number
  repeat_penalty?: number
  max_tokens?: number
  max_completion_tokens?: number
  n?: number
  seed?: number
  logprobs?: boolean | number
  top_logprobs?: number
  parallel_tool_calls?: boolean
  tool_choice?: 'none' | 'auto' | 'required' | 'named'
  response_format?: 'text' | 'json_object' | 'json_schema' | 'other'
  reasoning_effort?: string | number
  enable_thinking?: boolean
  ignore_eos?: boolean
  echo?: boolean
  dimensions?: number
  encoding_format?: 'float' | 'base64' | 'other'
}

export type RequestDetail = {
  parameters: RequestParameters
  /** Family and version of the client's software, at most 80 characters; null = it did not say. */
  client: string | null
  /** In their order; absent or null = the first attempt answered. */
  attempts?: FailedAttempt[] | null
}

/** One attempt at a model that did not answer, before another was made or the request was given up. */
export type FailedAttempt = {
  model: string
  /** Null = none could be asked. */
  engine_id: string | null
  /**
   * `unavailable`: nothing could be asked or reached; `draining`: it takes nothing new; `lost`: it died with the request;
   * `timed_out`: it said nothing for too long; `refused`: it turned the request away.
   */
  failed: 'unavailable' | 'draining' | 'lost' | 'timed_out' | 'refused'
  /** HTTP status of a refusal; null = none came. */
  status: number | null
  /** Milliseconds from the beginning of the request to the end of the attempt. */
  after_ms: number
}

/** A usage record as the worker hands it over. One whose worker was killed, and lines of an older version's backlog, have no detail. */
export type ClosedRequest = UsageRecord & { detail?: RequestDetail }

/** What a request and its answer said, as it goes from worker to control. */
export type SentContent = {
  id: string
  organizationId: string
  projectId: string
  keyId: string
  startedAtMs: number
  /** Whether something is missing because it was too long. */
  truncated: boolean
  /** Bytes of `body` before it was compressed. */
  textBytes: number
  /** Where the request came from; null = the policy does not keep it. */
  address: string | null
  /** As `packed-content.ts` packs it, in base64. */
  body: string
}

/** What is kept of one request. */
export type ContentText = {
  /** The values as the client sent them; null = it was longer than may be kept, and `request_cut` has its beginning. */
  request: { messages?: unknown; prompt?: unknown; input?: unknown } | null
  /** The beginning of those values as JSON text, cut off; null = all of it is in `request`. */
  request_cut: string | null
  answers: AnsweredChoice[]
}

/** One choice of an answer: only what was handed to the client. */
export type AnsweredChoice = {
  index: number
  /** Of a chat answer or a completion; null = none came. */
  text: string | null
  reasoning: string | null
  refusal: string | null
  tool_calls: AnsweredToolCall[]
}

/** `arguments` is JSON text, as OpenAI has it; it may be cut off where the answer was. */
export type AnsweredToolCall = { id: string | null; name: string; arguments: string }

/** No more than this of one request is kept: its answer first, up to a half, and the request in what is left. */
export const CONTENT_BYTES_MAX = 256 * 1024
