import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs'

const BYTES_MAX = 16e6
const KEPT = 3

/**
 * The log of one process: appended, and turned over at 16 MB with three older ones kept, so that a busy month cannot
 * fill the disk. A disk that is full loses log lines, never a process.
 */
export class LogFile {
  readonly #path: string
  #file: number
  #bytes: number

  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'a', 0o600)
    this.#bytes = statSync(path).size
  }

  write(chunk: Uint8Array): void {
    try {
      if (this.#bytes + chunk.length > BYTES_MAX) this.#turnOver()
      this.#bytes += writeSync(this.#file, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  #turnOver(): void {
    closeSync(this.#file)
    for (let age = KEPT - 1; age >= 1; age--) renameIfThere(`${this.#path}.${age}`, `${this.#path}.${age + 1}`)
    renameIfThere(this.#path, `${this.#path}.1`)
    this.#file = openSync(this.#path, 'a', 0o600)
    this.#bytes = 0
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
