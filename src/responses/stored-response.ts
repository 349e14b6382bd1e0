/**
 * What is kept of a response of OpenAI's Responses API, and how a worker and control speak of it:
 *
 *   before an engine is asked   worker ── ItemsAsked ──────► control   the items that came before, or why there are none
 *   before the last event       worker ── StoredResponse ──► control   so that the next call finds it, in any worker
 *
 * A response keeps its own input and output alone and names the one before it: a conversation of n turns takes n times
 * the space of a turn, where keeping what the model has read would take n² of it.
 *
 * Ids say where they belong: `resp_‹tail›` is the response of request `req_‹tail›`, `msg_‹tail›_0` its first item out, and
 * `msg_‹tail›_i0` its first item in. So an item is found without a table of items.
 *
 * Pure module: the gateway worker imports it.
 */

/** An item in OpenAI's shape, with its id. */
export type StoredItem = { id: string; type: string } & Record<string, unknown>

export type StoredResponse = {
  /** `resp_…` */
  id: string
  organizationId: string
  projectId: string
  keyId: string
  model: string
  previousId: string | null
  createdAtMs: number
  /** What this request brought, without what came before it. */
  input: readonly StoredItem[]
  /** As the client has it; its `output` are the items out. */
  response: Record<string, unknown>
}

/** Which of its own responses a project asks for. */
export type ResponseAsked = { projectId: string; id: string }

export type ItemsAsked = {
  projectId: string
  /** The response that is gone on from; null = none. */
  previousId: string | null
  /** Single items that are named in the input. */
  itemIds: readonly string[]
}

export type ItemsFound =
  | {
      kind: 'found'
      /** Of the whole conversation, the oldest first. */
      previous: StoredItem[]
      /** In the order in which they were asked for. */
      named: StoredItem[]
    }
  /** It was never kept, has expired, was deleted, or is another project's. */
  | { kind: 'response-missing'; id: string }
  | { kind: 'item-missing'; id: string }
  | { kind: 'too-long'; responsesMax: number; bytesMax: number }

export type InputItemsAsked = ResponseAsked & {
  limit: number
  order: 'asc' | 'desc'
  /** Id of the last item of the page before; null = from the beginning. */
  after: string | null
}

/** Null = no such response, or no such item to go on after. */
export type InputItemsFound = { data: StoredItem[]; hasMore: boolean } | null

/** Longest that a response is kept. */
export const RESPONSE_DAYS = 30
/** Of one, as JSON. A longer one is not kept, and says so. */
export const RESPONSE_BYTES_MAX = 8 * 1024 * 1024
/** What one conversation may hold. */
export const CONVERSATION_RESPONSES_MAX = 1_000
export const CONVERSATION_BYTES_MAX = 16 * 1024 * 1024

/** @param requestId `req_…` */
export function responseId(requestId: string): string {
  return `resp_${tailOf(requestId)}`
}

/** @param place of an item among those out */
export function outputItemId(requestId: string, type: string, place: number): string {
  return `${PREFIXES[type] ?? 'item'}_${tailOf(requestId)}_${place}`
}

/** @param place of an item among those in */
export function inputItemId(requestId: string, type: string, place: number): string {
  return `${PREFIXES[type] ?? 'item'}_${tailOf(requestId)}_i${place}`
}

/** Of which response an item is. @returns null for what is no id of ours */
export function responseOfItem(itemId: string): string | null {
  const tail = /^[a-z]{2,4}_([0-9a-z]{1,40})_i?\d{1,6}$/.exec(itemId)?.[1]
  return tail === undefined ? null : `resp_${tail}`
}

const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
}

function tailOf(requestId: string): string {
  return requestId.replace(/^[a-z]+_/, '')
}
