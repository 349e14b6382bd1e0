/** What an answer to a line means for the batch, and how it is written down. Pure module. */

/** As it came. */
export type LineAnswer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }

export type Outcome =
  /** `json` in the form of OpenAI's BatchRequestOutput. */
  | { kind: 'answered'; result: 'output' | 'error'; json: string }
  /** A limit is reached, or the model has no room or no engine: the same request may be made later. */
  | { kind: 'later'; afterMs: number | null }
  /** The key works no more, so that no line will. */
  | { kind: 'key-ended'; code: string; message: string }

/** 429: a limit, or no room. 503: starting, loading, out of memory for now. 502 is an engine that died of it, perhaps. */
const LATER = [429, 503]

export function outcomeOf(answer: LineAnswer, line: { customId: string; id: string; requestId: string }): Outcome {
  const { status } = answer
  if (LATER.includes(status)) return { kind: 'later', afterMs: retryAfterMs(answer.headers) }
  const body = jsonIn(answer.body)
  if (status === 401) {
    const { code = 'invalid_api_key', message = 'The key works no more.' } = errorIn(body)
    return { kind: 'key-ended', code, message }
  }
  const response = { status_code: status, request_id: line.requestId, body: body ?? answer.body.toString('utf8') }
  const json = JSON.stringify({ id: line.id, custom_id: line.customId, response, error: null })
  return { kind: 'answered', result: status < 300 && body !== null ? 'output' : 'error', json }
}

/** Of a line that no answer will come to. */
export function unanswered(line: { customId: string; id: string }, error: { code: string; message: string }): string {
  return JSON.stringify({ id: line.id, custom_id: line.customId, response: null, error })
}

/** One line of a batch has one id, whenever it is written. */
export function resultId(batchId: string, line: number): string {
  return `batch_req_${batchId.slice('batch_'.length)}_${line}`
}

export type TokenSums = { tokensIn: number; tokensCached: number; tokensOut: number; tokensReasoning: number }

export const NO_TOKENS: TokenSums = { tokensIn: 0, tokensCached: 0, tokensOut: 0, tokensReasoning: 0 }

/** What a result says was consumed, as the endpoints of OpenAI's API say it. */
export function tokensIn(json: string): TokenSums {
  const result = JSON.parse(json) as { response: { body?: { usage?: Usage } } | null }
  const usage = result.response?.body?.usage
  if (typeof usage !== 'object' || usage === null) return NO_TOKENS
  return {
    tokensIn: usage.prompt_tokens ?? usage.input_tokens ?? 0,
    tokensCached: (usage.prompt_tokens_details ?? usage.input_tokens_details)?.cached_tokens ?? 0,
    tokensOut: usage.completion_tokens ?? usage.output_tokens ?? 0,
    tokensReasoning: (usage.completion_tokens_details ?? usage.output_tokens_details)?.reasoning_tokens ?? 0,
  }
}

type Usage = {
  prompt_tokens?: number
  input_tokens?: number
  completion_tokens?: number
  output_tokens?: number
  prompt_tokens_details?: { cached_tokens?: number }
  input_tokens_details?: { cached_tokens?: number }
  completion_tokens_details?: { reasoning_tokens?: number }
  output_tokens_details?: { reasoning_tokens?: number }
}

export function added(a: TokenSums, b: TokenSums): TokenSums {
  return {
    tokensIn: a.tokensIn + b.tokensIn,
    tokensCached: a.tokensCached + b.tokensCached,
    tokensOut: a.tokensOut + b.tokensOut,
    tokensReasoning: a.tokensReasoning + b.tokensReasoning,
  }
}

/** @returns null where the answer says nothing that is a time */
function retryAfterMs(headers: LineAnswer['headers']): number | null {
  const inMs = Number(headers['retry-after-ms'])
  if (inMs > 0) return inMs
  const inS = Number(headers['retry-after'])
  return inS > 0 ? inS * 1_000 : null
}

function errorIn(body: unknown): { code?: string; message?: string } {
  const { error } = (body ?? {}) as { error?: { code?: string; message?: string } }
  return error ?? {}
}

function jsonIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null // kept as the text that it is
  }
}
