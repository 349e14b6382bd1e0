/**
 * OpenAI's Responses API, as a dialect: a conversation of items, which control keeps where the project lets it.
 *
 *   body ──► request ──► items that came before (control) ──► chat ──► engine ──► events ──► kept (control) ──► last event
 *
 * Kept before the last event goes out, so that whoever has that event can go on from it, through any worker. What cannot
 * be kept is answered all the same, and `store: false` in it says so.
 */

import { errorBody } from '../../../platform/errors.ts'
import {
  type ItemsAsked,
  type ItemsFound,
  inputItemId,
  RESPONSE_BYTES_MAX,
  responseId,
  type StoredItem,
  type StoredResponse,
} from '../../../responses/stored-response.ts'
import { codeIn, messageIn } from '../../engine-error.ts'
import {
  ControlUnavailable,
  ConversationTooLong,
  FieldInvalid,
  ItemNotFound,
  PreviousResponseNotFound,
  ResponsesNotKept,
} from '../../errors.ts'
import type { SnapshotKey } from '../../snapshot.ts'
import type { AnswerRewrite, Asked } from '../dialect.ts'
import type { Json } from '../fields.ts'
import { objectIn } from '../fields.ts'
import { parsedBody, writtenBody } from '../translate-body.ts'
import { chatMessages, type Item, type ItemReference } from './items.ts'
import { type ResponseRequest, readResponseRequest } from './request.ts'
import { ResponseStream } from './stream.ts'

/** Where responses are kept. Both reject when control is away. */
export type KeptResponses = {
  itemsBefore(asked: ItemsAsked): Promise<ItemsFound>
  /** @param stored JSON of a `StoredResponse`; @returns whether it is committed */
  keep(stored: string): Promise<boolean>
}

export type ResponseContext = {
  key: SnapshotKey
  startedAtMs: number
  nowMs(): number
  kept: KeptResponses
}

/**
 * @throws BodyNotJson · FieldMissing · FieldOfWrongType · FieldInvalid · FieldUnsupported
 * @throws PreviousResponseNotFound · ItemNotFound · ResponsesNotKept · ConversationTooLong · ControlUnavailable
 */
export async function askResponse(body: Buffer, context: ResponseContext): Promise<Asked> {
  const request = readResponseRequest(parsedBody(body))
  const { previous, input } = await conversationOf(request, context)
  const items = [...previous, ...input]
  if (items.length === 0) throw new FieldInvalid({ param: 'input', trouble: 'at least one item is required' })
  const asked = writtenBody(() => ({
    model: request.model,
    messages: chatMessages(request.instructions, items),
    ...request.chat,
  }))
  return { ...asked, openAnswer: (requestId) => responseAnswer({ request, requestId, input, context }) }
}

/** What came before, and the input with each item that was only named. */
async function conversationOf(
  request: ResponseRequest,
  { key, kept }: ResponseContext,
): Promise<{ previous: Item[]; input: Item[] }> {
  const { previousId, input } = request
  const itemIds = input.flatMap((item) => (isReference(item) ? [item.id] : []))
  if (previousId === null && itemIds.length === 0) return { previous: [], input: input as Item[] }
  if (!key.contentOnDisk) throw new ResponsesNotKept({ param: previousId === null ? 'input' : 'previous_response_id' })
  const found = await kept.itemsBefore({ projectId: key.projectId, previousId, itemIds }).catch((cause) => {
    throw new ControlUnavailable({}, { cause })
  })
  switch (found.kind) {
    case 'response-missing':
      throw new PreviousResponseNotFound({ response: found.id, param: 'previous_response_id' })
    case 'item-missing':
      throw new ItemNotFound({ item: found.id, param: 'input' })
    case 'too-long':
      throw new ConversationTooLong({ ...found, param: 'previous_response_id' })
    case 'found': {
      const named = new Map(itemIds.map((id, index) => [id, found.named[index] as unknown as Item]))
      const whole = input.map((item) => (isReference(item) ? (named.get(item.id) as Item) : item))
      return { previous: found.previous as unknown as Item[], input: whole }
    }
    default:
      return found satisfies never
  }
}

function isReference(item: Item | ItemReference): item is ItemReference {
  return item.type === 'item_reference'
}

type Answering = { request: ResponseRequest; requestId: string; input: readonly Item[]; context: ResponseContext }

function responseAnswer(answering: Answering): AnswerRewrite {
  const { request, requestId, context } = answering
  const store = request.store && context.key.contentOnDisk
  const stream = new ResponseStream({ request, requestId, createdAtMs: context.startedAtMs, store })
  const ended = (isKept: boolean) => stream.response(isKept, context.nowMs())
  return {
    streamType: 'text/event-stream; charset=utf-8',
    event: (data) => {
      const told = stream.push(data)
      return bytesOf(data === '[DONE]' && stream.isWhole && !store ? told + stream.last(ended(false)) : told)
    },
    broken: (trouble) => bytesOf(stream.broken(trouble)),
    whole(status, body) {
      const completion = status === 200 ? objectIn(body.toString('utf8')) : null
      if (completion !== null) stream.takeWhole(completion)
      if (stream.isWhole) return { status, body: Buffer.from(JSON.stringify(ended(false))) }
      if (status !== 200) return { status, body } // refusals have the same words in all of OpenAI's API
      // 200 with something else than an answer is an engine that failed.
      return { status: 502, body: Buffer.from(JSON.stringify(errorBody(codeIn(body), 502, messageIn(body)))) }
    },
    keep() {
      if (!store || !stream.isWhole) return null
      return kept(answering, ended(true)).then((isKept) => {
        const response = ended(isKept)
        return Buffer.from(request.stream ? stream.last(response) : JSON.stringify(response))
      })
    },
  }
}

/** Never rejects: what cannot be kept is answered without. */
async function kept({ request, requestId, input, context }: Answering, response: Json): Promise<boolean> {
  const { organizationId, projectId, id: keyId } = context.key
  const stored: StoredResponse = {
    id: responseId(requestId),
    organizationId,
    projectId,
    keyId,
    model: request.model,
    previousId: request.previousId,
    createdAtMs: context.startedAtMs,
    input: input.map((item, place) => ({ ...item, id: inputItemId(requestId, item.type, place) }) satisfies StoredItem),
    response,
  }
  try {
    const text = JSON.stringify(stored)
    return Buffer.byteLength(text) <= RESPONSE_BYTES_MAX && (await context.kept.keep(text))
  } catch {
    return false
  }
}

function bytesOf(text: string): Buffer | null {
  return text === '' ? null : Buffer.from(text)
}
