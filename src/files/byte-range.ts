/** One range of bytes, as `Range: bytes=…` asks for it. Pure module. */
import { RangeUnsatisfiable } from './errors.ts'

/** Both ends are part of it. */
export type ByteRange = { start: number; end: number }

/**
 * @returns null where the whole file is to be sent: no range, several, or one in another unit (RFC 9110, 14.2)
 * @throws RangeUnsatisfiable
 */
export function byteRangeOf(header: string | undefined, sizeBytes: number): ByteRange | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (start >= sizeBytes || (first === '' && Number(last) === 0)) throw new RangeUnsatisfiable({ sizeBytes })
  return end < start ? null : { start, end }
}
