/**
 * Cuts a stream of server-sent events into whole events, however the network cut it into chunks.
 *
 * Only whole events are handed on, so that a death in the middle of one can still be followed by a well-formed error
 * event, and so that an event can be left out. Nothing but the one unfinished event is held. Their bytes, put together
 * again, are the stream's bytes.
 *
 *     'data: {"a":1}\n\ndata: [DONE]\n\n'  →  { bytes, data: '{"a":1}' }, { bytes, data: '[DONE]' }
 *
 * Pure module. Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

export type SsePiece = {
  bytes: Uint8Array
  /** The `data:` lines joined by newlines; null = no event of ours to read: a comment, an oversized event, or a `tail`. */
  data: string | null
  /** The line feed that completes the CR LF of the event before, when the network put a cut between the two. */
  tail: boolean
}

/** An event beyond this is handed on in parts, unread. */
const HELD_BYTES_MAX = 1024 * 1024
const LF = 0x0a
const CR = 0x0d

export class SseSplitter {
  #held: Uint8Array[] = []
  #heldBytes = 0
  #oversized = false
  #lineIsEmpty = true
  #afterCr = false
  #afterEventCr = false

  /** @returns what became whole with this chunk, in order */
  push(chunk: Uint8Array): SsePiece[] {
    const pieces: SsePiece[] = []
    let start = 0
    if (this.#afterEventCr && chunk.length > 0) {
      this.#afterEventCr = false
      if (chunk[0] === LF) {
        pieces.push({ bytes: chunk.subarray(0, 1), data: null, tail: true })
        start = 1
      }
      this.#afterCr = false
    }
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false // the second half of one CR LF
        continue
      }
      this.#afterCr = byte === CR
      if (byte !== LF && byte !== CR) {
        this.#lineIsEmpty = false
      } else if (!this.#lineIsEmpty) {
        this.#lineIsEmpty = true
      } else {
        // An empty line ends the event, and so does its line feed, if that is already here.
        if (byte === CR && chunk[at + 1] === LF) at++
        else this.#afterEventCr = byte === CR && at + 1 === chunk.length
        this.#afterCr = false
        pieces.push(this.#close(chunk.subarray(start, at + 1)))
        start = at + 1
      }
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start), pieces)
    return pieces
  }

  /** Bytes of an event that never became whole; empty when the stream ended where it may. */
  rest(): Uint8Array {
    return Buffer.concat(this.#held)
  }

  /** Whether the first part of an unfinished event has been handed on. */
  get isInsideOversized(): boolean {
    return this.#oversized
  }

  #hold(bytes: Uint8Array, pieces: SsePiece[]): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (!this.#oversized && this.#heldBytes <= HELD_BYTES_MAX) return
    this.#oversized = true
    pieces.push({ bytes: this.#take(), data: null, tail: false })
  }

  #close(last: Uint8Array): SsePiece {
    this.#held.push(last)
    const bytes = this.#take()
    const data = this.#oversized ? null : dataIn(bytes)
    this.#oversized = false
    return { bytes, data, tail: false }
  }

  #take(): Uint8Array {
    const bytes = this.#held.length === 1 ? (this.#held[0] as Uint8Array) : Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    return bytes
  }
}

function dataIn(event: Uint8Array): string | null {
  const text = Buffer.from(event.buffer, event.byteOffset, event.byteLength).toString('utf8')
  let data: string | null = null
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line !== 'data' && !line.startsWith('data:')) continue
    const value = line.slice(line.startsWith('data: ') ? 6 : 5)
    data = data === null ? value : `${data}\n${value}`
  }
  return data
}
