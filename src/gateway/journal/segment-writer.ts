/**
 * Appends to a life's segments. A write is one system call that is over when it returns: whatever happens to this process
 * afterwards, the kernel has the bytes. What happens to the machine is another matter, for which there is `sync`.
 */
import { closeSync, fdatasync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { type Position, segmentPath } from './segments.ts'

/** Small enough to be read at once, large enough that what is carried over is little beside it. */
const SEGMENT_BYTES = 16 * 1024 * 1024

export type SegmentWriterOptions = {
  life: string
  /** Whether a segment that was left is to be on the disk, too. */
  isHostSafe: boolean
  /** Frames that a new segment begins with, so that the ones before it are needed no longer than until they are delivered. */
  carriedOver(): Buffer[]
  segmentBytes?: number
}

type Waiter = { resolve(): void; reject(error: Error): void }

export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  #file: number
  #segment = 1
  #bytes = 0
  #rotateAt: number
  #waiting: Waiter[] = []
  #syncing = false
  #left: number[] = []

  /** @throws Error ENOSPC, EACCES … */
  constructor(options: SegmentWriterOptions) {
    this.#options = options
    this.#file = openSync(segmentPath(options.life, 1), 'wx', 0o600)
    this.#rotateAt = this.#segmentBytes
  }

  /** Where the next frame will begin. */
  get end(): Position {
    return { segment: this.#segment, offset: this.#bytes }
  }

  /** @throws Error ENOSPC, EIO …; then nothing of it is in the journal */
  append(frames: Buffer): void {
    if (this.#bytes >= this.#rotateAt) this.#rotate()
    write(this.#file, frames, this.#bytes)
    this.#bytes += frames.length
  }

  /**
   * Resolves when all that was appended is on the disk. One call to the disk serves all who asked while the one before ran.
   */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (!this.#syncing) this.#syncSoon()
    })
  }

  close(): void {
    closeSync(this.#file)
  }

  get #segmentBytes(): number {
    return this.#options.segmentBytes ?? SEGMENT_BYTES
  }

  #syncSoon(): void {
    this.#syncing = true
    // After the events of this turn of the loop, of which many may end answers.
    setImmediate(() => {
      const served = this.#waiting
      this.#waiting = []
      fdatasync(this.#file, (error) => {
        for (const { resolve, reject } of served) error ? reject(error) : resolve()
        if (this.#waiting.length > 0) this.#syncSoon()
        else this.#syncing = false
        for (const file of this.#left.splice(0)) closeSync(file)
      })
    })
  }

  #rotate(): void {
    const { life, isHostSafe, carriedOver } = this.#options
    const path = segmentPath(life, this.#segment + 1)
    const file = openSync(path, 'wx', 0o600)
    const carried = Buffer.concat(carriedOver())
    try {
      if (isHostSafe) fdatasyncSync(this.#file) // who waits for a sync from now on waits for that of the new one only
      write(file, carried, 0)
      if (isHostSafe) syncFolder(life)
    } catch (error) {
      closeSync(file)
      unlinkSync(path)
      throw error
    }
    if (this.#syncing) this.#left.push(this.#file)
    else closeSync(this.#file)
    this.#file = file
    this.#segment++
    this.#bytes = carried.length
    this.#rotateAt = carried.length + this.#segmentBytes
  }
}

/** All or nothing: a disk that is full takes a part of it, which must not stay in the way of the next frame. */
function write(file: number, bytes: Buffer, at: number): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done)
  } catch (error) {
    ftruncateSync(file, at)
    throw error
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
