/**
 * Upstreams do not know our header that asks for usage, so they are asked in the body: `stream_options.include_usage` is
 * put in, by splicing bytes, so that the rest of the body stays as the client wrote it.
 *
 * Pure module.
 */
import type { BodyHead } from './scan-body.ts'

/** @returns the body itself when nothing needs to be asked */
export function askForUsage(body: Buffer, head: BodyHead): Buffer {
  if (!head.stream || head.includeUsage) return body
  if (head.streamOptions === null) {
    const inside = body.indexOf('{') + 1
    return spliced(body, inside, inside, '"stream_options":{"include_usage":true},')
  }
  const { start, end } = head.streamOptions
  const options: unknown = JSON.parse(body.toString('utf8', start, end))
  if (options !== null && (typeof options !== 'object' || Array.isArray(options))) return body // theirs to refuse
  return spliced(body, start, end, JSON.stringify({ ...options, include_usage: true }))
}

function spliced(body: Buffer, start: number, end: number, text: string): Buffer {
  return Buffer.concat([body.subarray(0, start), Buffer.from(text), body.subarray(end)])
}
