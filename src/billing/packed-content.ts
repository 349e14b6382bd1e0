/** Contents as they lie in the database: a `ContentText` as JSON under Brotli. Packed by the gateway's workers. */
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import type { ContentText } from './request-detail.ts'

/** More than a worker ever packs; a few bytes of Brotli could otherwise unpack to gigabytes. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024

const decompress = promisify(brotliDecompress)

/** Unpacks beside the main thread. @throws where it is not what a worker packs */
export async function unpackedContent(packed: Buffer): Promise<ContentText> {
  const json = await decompress(packed, { maxOutputLength: TEXT_BYTES_MAX })
  return JSON.parse(json.toString('utf8')) as ContentText
}
