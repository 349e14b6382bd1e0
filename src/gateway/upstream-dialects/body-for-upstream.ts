/**
 * A body as an OpenAI-compatible upstream is to get it: its own name of the model, and asked for usage. Both are put in by
 * cutting at places that the scan has found, so that every other byte is the client's, and 400 kB are not written anew.
 *
 * Pure module.
 */

import type { BodyHead } from '../scan-body.ts'
import { usageEdit } from './ask-for-usage.ts'

/** Puts `text` in the place of the bytes from `start` to `end`. */
export type Edit = { start: number; end: number; text: string }

/** @param remoteModel null = what the client wrote */
export function bodyForUpstream(body: Buffer, head: BodyHead, remoteModel: string | null): Buffer {
  const usage = usageEdit(body, head)
  const model =
    remoteModel === null || remoteModel === head.model ? null : { ...head.modelAt, text: JSON.stringify(remoteModel) }
  return edited(
    body,
    [usage, model].filter((edit) => edit !== null),
  )
}

function edited(body: Buffer, edits: Edit[]): Buffer {
  if (edits.length === 0) return body
  const pieces: Buffer[] = []
  let at = 0
  for (const { start, end, text } of edits.sort((a, b) => a.start - b.start)) {
    pieces.push(body.subarray(at, start), Buffer.from(text))
    at = end
  }
  return Buffer.concat([...pieces, body.subarray(at)])
}
