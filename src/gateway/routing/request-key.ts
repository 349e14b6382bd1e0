/**
 * What a request is known by when a model or a replica is chosen for it, without reading it: a hash over bytes of its
 * body, the project's salt, and what the client itself offers (`prompt_cache_key`, else `user`).
 *
 *   conversationKey   all before the first answer of the model, so that each turn of a conversation has the same
 *   prefixKey         the first 4 kB of that, so that prompts which begin alike have the same
 *
 * Pure module.
 */
import { hash } from 'node:crypto'
import type { BodyHead, NotedField } from '../scan-body.ts'
import type { HashKey } from './plan-route.ts'

export type HashedRequest = { body: Buffer; head: BodyHead; salt: string }

/** About a thousand tokens: what comes later is rarely shared by prompts that differ here. */
const PREFIX_BYTES = 4 * 1024
/** The end of a long opening is what tells conversations of one application apart. */
const OPENING_BYTES = 64 * 1024
const ANSWER_ROLE = Buffer.from('"assistant"')
const CLOSING = '}'.charCodeAt(0)

/** @returns null where nothing tells it from others */
export function conversationKey(request: HashedRequest): HashKey | null {
  const opening = openingOf(request)
  return opening === null ? null : keyOf(request, opening.subarray(-OPENING_BYTES))
}

/** @returns null where there is no prompt that an engine could know the beginning of */
export function prefixKey(request: HashedRequest): HashKey | null {
  const opening = openingOf(request)
  return opening === null ? null : keyOf(request, opening.subarray(0, PREFIX_BYTES))
}

/** The messages before the first of the role `assistant`, or the prompt. */
function openingOf({ body, head }: HashedRequest): Buffer | null {
  const messages = head.noted.get('messages')
  const said = messages ?? head.noted.get('prompt')
  if (said === undefined) return null
  const value = body.subarray(said.start, said.end)
  if (messages === undefined) return value
  // Inside a text the quotes would be escaped, so this is a value of its own.
  const answer = value.indexOf(ANSWER_ROLE)
  const end = value.lastIndexOf(CLOSING, answer === -1 ? undefined : answer)
  return end === -1 ? value : value.subarray(0, end + 1)
}

function keyOf({ body, head, salt }: HashedRequest, opening: Buffer): HashKey {
  const offered = bytesOf(body, head, 'prompt_cache_key') ?? bytesOf(body, head, 'user') ?? ''
  const known = Buffer.from(`${salt}\0${offered}\0`)
  return Number.parseInt(hash('sha256', Buffer.concat([known, opening]), 'hex').slice(0, 8), 16)
}

function bytesOf(body: Buffer, head: BodyHead, name: NotedField): string | null {
  const value = head.noted.get(name)
  return value === undefined ? null : body.toString('latin1', value.start, value.end)
}
