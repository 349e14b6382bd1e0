/** The lines of a file, one at a time: a file of gigabytes takes the memory of its longest line. */
import { createReadStream } from 'node:fs'

export type FileLine = {
  /** From 1, empty ones counted. */
  number: number
  /** Without its end; null = it is longer than a line may be. */
  bytes: Buffer | null
}

const LF = 0x0a
const CR = 0x0d

/** Lines that hold something. The last one need not end. */
export async function* readLines(path: string, lineBytesMax: number): AsyncGenerator<FileLine> {
  let number = 1
  let pieces: Buffer[] = []
  let bytes = 0
  const line = (): FileLine | null => {
    const whole = bytes > lineBytesMax ? null : withoutReturn(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
    pieces = []
    bytes = 0
    return whole !== null && isBlank(whole) ? null : { number, bytes: whole }
  }
  const keep = (piece: Buffer) => {
    bytes += piece.length
    if (bytes > lineBytesMax) pieces = []
    else if (piece.length > 0) pieces.push(piece)
  }
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      keep(chunk.subarray(from, end))
      const found = line()
      if (found !== null) yield found
      number++
      from = end + 1
    }
    keep(chunk.subarray(from))
  }
  const last = bytes > 0 ? line() : null
  if (last !== null) yield last
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09)
}
