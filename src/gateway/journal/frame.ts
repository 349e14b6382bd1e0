/**
 * How the usage journal lies on disk: one frame an event, appended and never changed.
 *
 *   'T' 'W' 'J' kind │ length u32 │ CRC-32 u32 │ JSON
 *                                  of the eight bytes before it and of the JSON
 *
 * A reader knows of each byte whether it is as it was written. What a crash left unfinished at the end is `torn`; anything
 * else that is wrong is `damaged`, and ends where the next whole frame begins. No frame can begin inside the JSON of
 * another, since its length holds a zero byte and JSON text has none. Lines of JSON lost: a line that is cut can look like
 * a whole one, and a changed digit always does.
 *
 * Pure module.
 */
import { crc32 } from 'node:zlib'

/** What happened to a request. `void`: it ended without reaching an engine, so nothing was consumed. */
export type FrameKind = 'open' | 'mark' | 'close' | 'void'

export type Frame = { kind: FrameKind; payload: Buffer; at: number; end: number }
/** Bytes that are no frame. */
export type Trouble = { kind: 'torn'; at: number; end: number } | { kind: 'damaged'; at: number; end: number }

const LETTERS: Record<FrameKind, number> = { open: 0x4f, mark: 0x4d, close: 0x43, void: 0x56 }
const KINDS = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as FrameKind]))
const MAGIC = Buffer.from('TWJ')
const CRC_AT = 8
const HEADER_BYTES = 12
/** A record is about 1 kB; a length beyond this is a damaged one. Its highest byte is zero, as said above. */
const PAYLOAD_BYTES_MAX = 0xff_ffff

/** @throws Error when it is beyond 16 MiB, which no record comes near */
export function encodeFrame(kind: FrameKind, value: object): Buffer {
  const json = JSON.stringify(value)
  const length = Buffer.byteLength(json)
  if (length > PAYLOAD_BYTES_MAX) throw new Error(`a journal frame of ${length} bytes`)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length)
  MAGIC.copy(frame)
  frame[3] = LETTERS[kind]
  frame.writeUInt32LE(length, 4)
  frame.write(json, HEADER_BYTES)
  frame.writeUInt32LE(checksum(frame, 0, frame.length), CRC_AT)
  return frame
}

/**
 * Frames and trouble, in order, without a gap.
 * @param isWhole whether nothing follows these bytes; otherwise an unfinished frame at their end is left for later
 */
export function* readFrames(bytes: Buffer, isWhole: boolean): Generator<Frame | Trouble> {
  for (let at = 0; at < bytes.length; ) {
    const frame = frameAt(bytes, at)
    if (typeof frame === 'object') {
      yield frame
      at = frame.end
      continue
    }
    const next = nextFrame(bytes, at + 1)
    if (next < 0 && !isWhole) return
    const end = next < 0 ? bytes.length : next
    yield { kind: next < 0 && frame === 'unfinished' ? 'torn' : 'damaged', at, end }
    at = end
  }
}

function frameAt(bytes: Buffer, at: number): Frame | 'unfinished' | 'wrong' {
  const magic = bytes.subarray(at, at + MAGIC.length)
  if (!magic.equals(MAGIC.subarray(0, magic.length))) return 'wrong'
  if (bytes.length - at < HEADER_BYTES) return 'unfinished'
  const kind = KINDS.get(bytes[at + 3] as number)
  const length = bytes.readUInt32LE(at + 4)
  if (kind === undefined || length > PAYLOAD_BYTES_MAX) return 'wrong'
  const end = at + HEADER_BYTES + length
  if (end > bytes.length) return 'unfinished'
  if (checksum(bytes, at, end) !== bytes.readUInt32LE(at + CRC_AT)) return 'wrong'
  return { kind, payload: bytes.subarray(at + HEADER_BYTES, end), at, end }
}

function nextFrame(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1))
    if (typeof frameAt(bytes, at) === 'object') return at
  return -1
}

function checksum(bytes: Buffer, at: number, end: number): number {
  return crc32(bytes.subarray(at + HEADER_BYTES, end), crc32(bytes.subarray(at, at + CRC_AT)))
}
