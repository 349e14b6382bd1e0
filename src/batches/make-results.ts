/** Makes a batch's output and error files of what is on file about its lines. Repeated, it makes the same. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { LINE_BYTES_MAX, parseLine } from './check-lines.ts'
import { added, NO_TOKENS, resultId, type TokenSums, tokensIn, unanswered } from './line-answer.ts'
import { readEntries } from './progress-file.ts'
import { readLines } from './read-lines.ts'

export type MadeResults = { path: string; lines: number; sizeBytes: number; sha256: string }

export type Results = {
  output: MadeResults
  errors: MadeResults
  /** Lines that were answered with an error. */
  failed: number
  tokens: TokenSums
}

export type ResultsWanted = {
  batchId: string
  /** Of the progress file. */
  progressPath: string
  /** Null = the input is gone, and lines that were not answered are not told of one by one. */
  inputPath: string | null
  outputPath: string
  errorsPath: string
  /** What is said of lines that were not answered; null = there are none. */
  unanswered: { code: string; message: string } | null
}

export async function makeResults(wanted: ResultsWanted): Promise<Results> {
  const output = await openResults(wanted.outputPath)
  const errors = await openResults(wanted.errorsPath)
  try {
    const done = new Set<number>()
    let tokens = NO_TOKENS
    let failed = 0
    for await (const { line, kind, json } of readEntries(wanted.progressPath)) {
      if (kind === 'started' || done.has(line)) continue
      done.add(line)
      if (kind === 'error') failed++
      tokens = added(tokens, tokensIn(json))
      await (kind === 'output' ? output : errors).write(json)
    }
    if (wanted.unanswered !== null && wanted.inputPath !== null) {
      for await (const { number, bytes } of readLines(wanted.inputPath, LINE_BYTES_MAX)) {
        if (done.has(number) || bytes === null) continue
        const request = parseLine(bytes)
        if ('code' in request) continue
        const line = { customId: request.customId, id: resultId(wanted.batchId, number) }
        await errors.write(unanswered(line, wanted.unanswered))
      }
    }
    return { output: await output.end(), errors: await errors.end(), failed, tokens }
  } finally {
    await Promise.all([output.close(), errors.close()])
  }
}

const BUFFER_BYTES = 256 * 1024

async function openResults(path: string) {
  const file: FileHandle = await open(path, 'w', 0o600)
  const sha256 = createHash('sha256')
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let sizeBytes = 0
  let lines = 0
  const flush = async () => {
    const bytes = Buffer.concat(waiting)
    waiting = []
    waitingBytes = 0
    sha256.update(bytes)
    sizeBytes += bytes.length
    await file.appendFile(bytes)
  }
  return {
    async write(json: string): Promise<void> {
      const bytes = Buffer.from(`${json}\n`)
      waiting.push(bytes)
      waitingBytes += bytes.length
      lines++
      if (waitingBytes > BUFFER_BYTES) await flush()
    },
    async end(): Promise<MadeResults> {
      await flush()
      await file.sync()
      return { path, lines, sizeBytes, sha256: sha256.digest('hex') }
    },
    close: () => file.close(),
  }
}
