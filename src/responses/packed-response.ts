/** A response as it lies in the database: JSON under Brotli, packed beside the main thread. */
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import { RESPONSE_BYTES_MAX, type StoredResponse } from './stored-response.ts'

export type ResponseBody = Pick<StoredResponse, 'input' | 'response'>

/** Text shrinks to a third in a few milliseconds; higher qualities cost ten times that for a tenth less. */
const QUALITY = 4

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

/** @returns `textBytes` of the JSON before it was packed */
export async function packedResponse({ input, response }: ResponseBody): Promise<{ body: Buffer; textBytes: number }> {
  const text = Buffer.from(JSON.stringify({ input, response }))
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: text.length }
  return { body: await compress(text, { params }), textBytes: text.length }
}

/** @throws where it is not what was packed here */
export async function unpackedResponse(packed: Buffer): Promise<ResponseBody> {
  const text = await decompress(packed, { maxOutputLength: RESPONSE_BYTES_MAX })
  return JSON.parse(text.toString('utf8')) as ResponseBody
}
