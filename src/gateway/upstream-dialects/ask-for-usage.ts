/**
 * Upstreams do not know our header that asks for usage, so they are asked in the body: `stream_options.include_usage` is
 * put in, by splicing bytes, so that the rest of the body stays as the client wrote it.
 *
 * Pure module.
 */
import type { BodyHead } from '../scan-body.ts'
import type { Edit } from './body-for-upstream.ts'

/** @returns null when nothing needs to be asked */
export function usageEdit(body: Buffer, head: BodyHead): Edit | null {
  if (!head.stream || head.includeUsage) return null
  if (head.streamOptions === null) {
    const inside = body.indexOf('{') + 1
    return { start: inside, end: inside, text: '"stream_options":{"include_usage":true},' }
  }
  const { start, end } = head.streamOptions
  const options: unknown = JSON.parse(body.toString('utf8', start, end))
  if (options !== null && (typeof options !== 'object' || Array.isArray(options))) return null // theirs to refuse
  return { start, end, text: JSON.stringify({ ...options, include_usage: true }) }
}
