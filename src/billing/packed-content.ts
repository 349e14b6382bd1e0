/**
 * Contents as they travel and lie in the database, under Brotli:
 *
 *   {"name":"messages","isCut":false,"bytes":1234}\n   ‹1234 bytes, the value as it was sent›   ‹answers as JSON›
 *
 * The worker puts this together on the thread that relays everybody's tokens, so the request's bytes go in as they are:
 * inside a JSON text they would have to be escaped, which costs more than parsing them. They are read when a person reads.
 *
 * Pure, but for zlib: the gateway worker imports it.
 */
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import type { AnsweredChoice, ContentText } from './request-detail.ts'

export type ContentName = 'messages' | 'prompt' | 'input'

/** The value of one field of a request, or its beginning. */
export type SentWords = { name: ContentName; isCut: boolean; bytes: Uint8Array }

/** More than a worker ever packs; a few bytes of Brotli could otherwise unpack to gigabytes. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024
/** Text shrinks to a third in a few milliseconds; higher qualities cost ten times that for a tenth less. */
const QUALITY = 4
const LF = 0x0a

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

/** @param words null = the request said nothing that is kept. Copied, so that the body can go. */
export function laidOut(words: SentWords | null, answers: readonly AnsweredChoice[]): Buffer {
  const head = words === null ? null : { name: words.name, isCut: words.isCut, bytes: words.bytes.length }
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(head)}\n`),
    words?.bytes ?? Buffer.alloc(0),
    Buffer.from(JSON.stringify(answers)),
  ])
}

/** Beside the main thread. @param text of `laidOut` */
export function packedContent(text: Buffer): Promise<Buffer> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: text.length }
  return compress(text, { params })
}

/** Unpacks beside the main thread. @throws where it is not what a worker packs */
export async function unpackedContent(packed: Buffer): Promise<ContentText> {
  const text = await decompress(packed, { maxOutputLength: TEXT_BYTES_MAX })
  const start = text.indexOf(LF) + 1
  const head = JSON.parse(text.toString('utf8', 0, start)) as {
    name: ContentName
    isCut: boolean
    bytes: number
  } | null
  const end = start + (head?.bytes ?? 0)
  const words = text.toString('utf8', start, end)
  const answers = JSON.parse(text.toString('utf8', end)) as AnsweredChoice[]
  if (head === null) return { request: {}, request_cut: null, answers }
  if (head.isCut) return { request: null, request_cut: words, answers }
  return { request: { [head.name]: JSON.parse(words) }, request_cut: null, answers }
}
