/**
 * Says whether a file is weights that may lie here: GGUF or safetensors, whole and plausible, and nothing else.
 *
 * Other formats are refused by name, since the usual accident is an error page or an archive saved under the wrong
 * name, and the usual attack is a pickle, which runs code when it is read. Extensions are never believed.
 */
import { open } from 'node:fs/promises'
import { NotWeights } from './errors.ts'
import { GgufBroken, type GgufHeader, readGgufHeader } from './gguf-header.ts'

export type WeightsKind = 'gguf' | 'safetensors'

export type CheckedWeights =
  | { kind: 'gguf'; bytes: number; header: GgufHeader }
  | { kind: 'safetensors'; bytes: number; parameters: number; tensorCount: number }

/** The format's own limit: https://github.com/huggingface/safetensors (MAX_HEADER_SIZE). */
const SAFETENSORS_HEADER_BYTES_MAX = 100_000_000

/**
 * @param name what errors call the file; default its path
 * @throws NotWeights with the reason
 */
export async function checkWeights(path: string, name = path): Promise<CheckedWeights> {
  const file = await open(path, 'r')
  try {
    const found = await file.stat()
    const { size } = found
    if (!found.isFile()) throw new NotWeights({ file: name, reason: 'it is not a plain file.' })
    const readAt = async (offset: number, length: number): Promise<Uint8Array> => {
      const buffer = Buffer.alloc(length)
      const { bytesRead } = await file.read(buffer, 0, length, offset)
      return buffer.subarray(0, bytesRead)
    }
    const head = Buffer.from(await readAt(0, 512))
    if (head.subarray(0, 4).toString('latin1') === 'GGUF')
      return { kind: 'gguf', bytes: size, header: await readGgufHeader(readAt, size) }
    const other = looksLikeSafetensors(head) ? null : otherFormat(head)
    if (other !== null) throw new NotWeights({ file: name, reason: `${other} Only GGUF and safetensors are accepted.` })
    return { kind: 'safetensors', bytes: size, ...(await checkSafetensors(readAt, size, name)) }
  } catch (error) {
    if (error instanceof GgufBroken) throw new NotWeights({ file: name, reason: error.message }, { cause: error })
    throw error
  } finally {
    await file.close()
  }
}

/** Formats that turn up in place of weights, by their first bytes, with what to say about each. */
function otherFormat(head: Buffer): string | null {
  if (head.length === 0) return 'it is empty.'
  const latin = head.toString('latin1')
  if (latin.startsWith('PK\x03\x04') || latin.startsWith('PK\x05\x06'))
    return 'it is a zip archive (PyTorch .pt and .bin files are zips of pickles, which run code when they are read).'
  if (head[0] === 0x80 && head[1] !== undefined && head[1] >= 2 && head[1] <= 5)
    return 'it is a Python pickle, which runs code when it is read.'
  if (latin.startsWith('\x1f\x8b')) return 'it is a gzip archive.'
  if (latin.startsWith('BZh')) return 'it is a bzip2 archive.'
  if (latin.startsWith('\xfd7zXZ')) return 'it is an xz archive.'
  if (latin.startsWith('7z\xbc\xaf')) return 'it is a 7z archive.'
  if (latin.startsWith('\x28\xb5\x2f\xfd')) return 'it is a zstd archive.'
  if (latin.slice(257, 262) === 'ustar') return 'it is a tar archive.'
  if (latin.startsWith('\x89HDF')) return 'it is an HDF5 file (Keras), which may carry code.'
  if (latin.startsWith('\x7fELF') || latin.startsWith('MZ') || /^(\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe)/.test(latin))
    return 'it is a program.'
  if (/^\s*<(!doctype|html|\?xml|head|body)/i.test(latin))
    return 'it is a web page, probably an error page of the source.'
  if (latin.startsWith('version https://git-lfs.github.com/spec/'))
    return 'it is a git-lfs pointer and not the file it points to (run "git lfs pull" where it comes from).'
  if (/^(ggml|lmgg|ggjt|tjgg|ggla|algg)/.test(latin))
    return 'it is an old GGML file; convert it to GGUF with llama.cpp.'
  if (/^\s*[[{]/.test(latin)) return 'it is JSON, probably an error message of the source.'
  return null
}

/** A header length below 4 GiB, then a brace. Asked first: 123 and 128 as lengths would read as JSON and as a pickle. */
function looksLikeSafetensors(head: Buffer): boolean {
  return head.length > 8 && head.readUInt32LE(4) === 0 && head[8] === 0x7b
}

/**
 *   header length (u64) │ JSON: name → { dtype, shape, data_offsets: [begin, end] } │ data
 *
 * Tensors must lie within the data, without holes or overlap, as the format demands.
 */
async function checkSafetensors(
  readAt: (offset: number, length: number) => Promise<Uint8Array>,
  size: number,
  name: string,
) {
  const refuse = (reason: string) => new NotWeights({ file: name, reason })
  const lengthBytes = Buffer.from(await readAt(0, 8))
  if (lengthBytes.length < 8) throw refuse('it is neither GGUF nor safetensors; it has fewer than 8 bytes.')
  const headerLength = lengthBytes.readBigUInt64LE(0)
  if (headerLength > BigInt(SAFETENSORS_HEADER_BYTES_MAX) || headerLength < 2n || Number(headerLength) + 8 > size)
    throw refuse('it is neither GGUF nor safetensors (no such beginning is known).')
  const headerBytes = Number(headerLength)
  const json = Buffer.from(await readAt(8, headerBytes))
  if (json[0] !== 0x7b) throw refuse('it is neither GGUF nor safetensors (no such beginning is known).')

  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch {
    throw refuse('its safetensors header is not JSON.')
  }
  if (typeof header !== 'object' || header === null) throw refuse('its safetensors header is not an object.')

  const dataBytes = size - 8 - headerBytes
  const ranges: [number, number][] = []
  let parameters = 0
  for (const [tensor, entry] of Object.entries(header)) {
    if (tensor === '__metadata__') continue
    const { begin, end, weights } = readEntry(tensor, entry, refuse)
    if (end > dataBytes)
      throw refuse(`tensor ${JSON.stringify(tensor.slice(0, 80))} ends at ${end}, past the ${dataBytes} bytes of data.`)
    ranges.push([begin, end])
    parameters += weights
  }
  if (ranges.length === 0) throw refuse('it holds no tensors.')
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let covered = 0
  for (const [begin, end] of ranges) {
    if (begin !== covered) throw refuse(`its tensors overlap or leave a hole at byte ${covered}.`)
    covered = end
  }
  if (covered !== dataBytes)
    throw refuse(`its tensors cover ${covered} of ${dataBytes} bytes; something else lies behind them.`)
  return { parameters, tensorCount: ranges.length }
}

const DTYPE_BITS: Record<string, number> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
}

function readEntry(tensor: string, entry: unknown, refuse: (reason: string) => NotWeights) {
  const name = JSON.stringify(tensor.slice(0, 80))
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown }
  const bits = typeof dtype === 'string' ? DTYPE_BITS[dtype] : undefined
  if (bits === undefined) throw refuse(`tensor ${name} has the unknown type ${JSON.stringify(dtype)?.slice(0, 40)}.`)
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
  if (!Array.isArray(shape) || !shape.every(isCount)) throw refuse(`tensor ${name} has no proper shape.`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw refuse(`tensor ${name} has no proper offsets.`)
  const [begin, end] = offsets as [number, number]
  const weights = shape.reduce((product: number, size: number) => product * size, 1)
  if (!Number.isSafeInteger(weights) || end < begin || (weights * bits) / 8 !== end - begin)
    throw refuse(`tensor ${name} claims ${end - begin} bytes, but its shape and type need ${(weights * bits) / 8}.`)
  return { begin, end, weights }
}
