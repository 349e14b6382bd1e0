/** Usage records in a file, a JSON line each: appended durably, read from the front in batches, deleted when all are confirmed. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, statSync, unlinkSync, writeSync } from 'node:fs'
import type { UsageRecord } from '../billing/usage-record.ts'
import type { Log } from '../platform/log.ts'

/** Holds a full batch with room to spare: a record is under 1 kB. */
const READ_BYTES = 512 * 1024
const LF = 0x0a

export class RecordFile {
  readonly #path: string
  readonly #log: Log
  #bytes: number
  /** Everything before this is confirmed. In memory only: after a restart the file is delivered from its front again. */
  #start = 0

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  }

  get bytesLeft(): number {
    return this.#bytes - this.#start
  }

  append(records: readonly UsageRecord[]): void {
    this.#bytes = appendLines(this.#path, records)
  }

  /** @returns at most `most` records, and where they end: to be given to `confirm` when they are delivered */
  next(most: number): { records: UsageRecord[]; end: number } {
    const file = openSync(this.#path, 'r')
    try {
      const bytes = Buffer.alloc(Math.min(READ_BYTES, this.bytesLeft))
      const read = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#start))
      const records: UsageRecord[] = []
      let start = 0
      for (let end = read.indexOf(LF); end >= 0 && records.length < most; end = read.indexOf(LF, start)) {
        records.push(...this.#parsed(read.toString('utf8', start, end)))
        start = end + 1
      }
      // What has no line feed and nothing behind it was torn by a crash; the next append starts a new line.
      const isTorn = start === 0
      if (isTorn)
        this.#log.error({ file: this.#path, bytes: read.length }, 'the usage backlog ends in a torn line; left out')
      return { records, end: this.#start + (isTorn ? read.length : start) }
    } finally {
      closeSync(file)
    }
  }

  confirm(end: number): void {
    this.#start = end
    if (this.bytesLeft > 0) return
    unlinkSync(this.#path)
    this.#bytes = 0
    this.#start = 0
  }

  #parsed(line: string): UsageRecord[] {
    if (line === '') return []
    try {
      return [JSON.parse(line) as UsageRecord]
    } catch {
      this.#log.error({ file: this.#path }, 'a line of the usage backlog is torn; left out')
      return []
    }
  }
}

/**
 * Appends and waits until the disk has it.
 * @param what records, or lines of another such file
 * @returns the size of the file now
 */
export function appendLines(path: string, what: readonly UsageRecord[] | string): number {
  const text = typeof what === 'string' ? what : what.map((record) => `${JSON.stringify(record)}\n`).join('')
  const file = openSync(path, 'a', 0o600)
  try {
    // The line feed before ends a line that a crash may have torn; empty lines mean nothing.
    writeSync(file, `\n${text}`)
    fsyncSync(file)
    return fstatSync(file).size
  } finally {
    closeSync(file)
  }
}
