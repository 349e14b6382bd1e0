/** Closed records of one life, in the order in which they were closed; what control has confirmed is deleted behind it. */
import { rmSync, unlinkSync } from 'node:fs'
import type { UsageRecord } from '../../billing/usage-record.ts'
import type { Log } from '../../platform/log.ts'
import { readFrames } from './frame.ts'
import {
  type Position,
  readBytes,
  readPosition,
  segmentBytes,
  segmentPath,
  segmentsOf,
  setAside,
  writePosition,
} from './segments.ts'

export type Batch = {
  records: UsageRecord[]
  /** To be called when they are off our hands. */
  confirm(): void
}

/** Holds a full batch with room to spare, marks and openings between its records included. */
const READ_BYTES = 1024 * 1024

export class LifeReader {
  readonly life: string
  readonly #log: Log
  readonly #end: () => Position | null
  #position: Position

  /** @param end where frames end of a life that still writes; null = it writes no more, and its files end where they end */
  constructor(life: string, log: Log, end: () => Position | null = () => null) {
    this.life = life
    this.#log = log
    this.#end = end
    this.#position = readPosition(life) ?? { segment: segmentsOf(life)[0] ?? 1, offset: 0 }
  }

  /** Bytes that control has not confirmed, those of open requests included. */
  get bytesLeft(): number {
    const ahead = segmentsOf(this.life).filter((segment) => segment >= this.#position.segment)
    const bytes = ahead.reduce((sum, segment) => sum + segmentBytes(this.life, segment), 0)
    return bytes - this.#position.offset
  }

  /** @returns null = nothing more is closed */
  next(recordsMax: number): Batch | null {
    for (;;) {
      const { segment, offset } = this.#position
      const end = this.#end()
      const size = segment === end?.segment ? end.offset : segmentBytes(this.life, segment)
      if (offset >= size) {
        const next = segmentsOf(this.life).find((one) => one > segment)
        if (next === undefined) return null
        this.#moveTo({ segment: next, offset: 0 })
        continue
      }
      const { records, to } = this.#read(size, recordsMax)
      if (records.length > 0) {
        return {
          records,
          confirm: () => {
            this.#moveTo(to)
            this.#keepPosition()
          },
        }
      }
      this.#moveTo(to)
    }
  }

  /** Deletes the life: only for one that writes no more and has nothing left. */
  remove(): void {
    rmSync(this.life, { recursive: true, force: true })
  }

  #read(size: number, recordsMax: number): { records: UsageRecord[]; to: Position } {
    const { segment, offset } = this.#position
    for (let length = READ_BYTES; ; length = size) {
      const bytes = readBytes(this.life, this.#position, Math.min(length, size - offset))
      const isWhole = offset + bytes.length === size
      const records: UsageRecord[] = []
      let used = 0
      for (const frame of readFrames(bytes, isWhole)) {
        used = frame.end
        if (frame.kind === 'damaged') setAside(this.life, segment, offset, frame, bytes, this.#log)
        if (frame.kind !== 'close' && frame.kind !== 'void') continue
        records.push(JSON.parse(frame.payload.toString('utf8')) as UsageRecord)
        if (records.length === recordsMax) break
      }
      if (used > 0) return { records, to: { segment, offset: offset + used } }
    }
  }

  /** Where a full disk does not take it, what follows is delivered twice after a restart, which changes nothing. */
  #keepPosition(): void {
    try {
      writePosition(this.life, this.#position)
    } catch (error) {
      this.#log.debug({ error: String(error), journal: this.life }, 'the position of the usage journal is not kept')
    }
  }

  #moveTo(to: Position): void {
    const from = this.#position.segment
    this.#position = to
    if (to.segment === from) return
    for (const segment of segmentsOf(this.life))
      if (segment >= from && segment < to.segment) unlinkSync(segmentPath(this.life, segment))
  }
}
