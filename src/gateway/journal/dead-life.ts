/** Settles what a worker left that was killed, by the rule of settle.ts. */
import { closeSync, fdatasyncSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs'
import type { Log } from '../../platform/log.ts'
import { encodeFrame, readFrames } from './frame.ts'
import { readBytes, segmentBytes, segmentPath, segmentsOf, setAside } from './segments.ts'
import { OpenRequests } from './settle.ts'

/** @returns how many requests were open; none when it is called again */
export function settleDeadLife(life: string, log: Log): number {
  const segments = segmentsOf(life)
  const open = new OpenRequests()
  for (const segment of segments) {
    const bytes = readBytes(life, { segment, offset: 0 }, segmentBytes(life, segment))
    for (const frame of readFrames(bytes, true)) {
      if (frame.kind === 'damaged') setAside(life, segment, 0, frame, bytes, log)
      else if (frame.kind !== 'torn') open.take(frame)
      else {
        truncateSync(segmentPath(life, segment), frame.at)
        log.warn({ file: segmentPath(life, segment), bytes: frame.end - frame.at }, 'a torn end of the journal is cut')
      }
    }
  }
  const interrupted = open.interrupted()
  if (interrupted.length > 0) {
    append(life, (segments.at(-1) ?? 0) + 1, Buffer.concat(interrupted.map((record) => encodeFrame('close', record))))
    log.warn({ requests: interrupted.length, journal: life }, 'requests of a worker that was killed are closed')
  }
  return interrupted.length
}

function append(life: string, segment: number, frames: Buffer): void {
  const path = segmentPath(life, segment)
  const file = openSync(path, 'wx', 0o600)
  try {
    for (let done = 0; done < frames.length; ) done += writeSync(file, frames, done)
    fdatasyncSync(file)
  } catch (error) {
    rmSync(path) // a part of it would be taken for the whole
    throw error
  } finally {
    closeSync(file)
  }
}
