/**
 * What became of a batch's lines, in one file that is only ever appended to:
 *
 *     17 started 5d0c1f2a {"request_id":"req_0mjx…"}        before the request is made
 *     17 output  9ab00c41 {"id":"batch_req_…","custom_id":"a","response":{…},"error":null}
 *
 * Each entry carries the CRC-32 of its JSON. Whoever opens the file after a death cuts what is torn off its end, and knows
 * which lines are done and under which name those in flight were asked: they are asked again under that name, so that a
 * line leaves one usage record however often control dies. It is written before anybody is told, so it outlives the
 * process; a power cut may take the last second, which is then asked again.
 *
 * A row in the database for each line lost: half a million rows for what is read once, front to back.
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

export type EntryKind = 'started' | 'output' | 'error'
export type Entry = { line: number; kind: EntryKind; json: string }

export type ProgressFile = {
  isDone(line: number): boolean
  /** The name under which a line was asked and not answered; null = it was not. */
  requestIdOf(line: number): string | null
  counts(): { completed: number; failed: number }
  /** Of a line that is about to be asked, or asked once more. @throws as the disk does; the file is as before then */
  noteStart(line: number, requestId: string): Promise<void>
  /** Of a line that was answered; `json` in OpenAI's form. @throws as the disk does; the file is as before then */
  noteResult(line: number, kind: 'output' | 'error', json: string): Promise<void>
  close(): Promise<void>
}

const SYNC_EVERY_MS = 1_000

export async function openProgress(path: string): Promise<ProgressFile> {
  const done = new Set<number>()
  const requestIds = new Map<number, string>()
  const counts = { completed: 0, failed: 0 }
  const take = ({ line, kind, json }: Entry) => {
    if (kind === 'started') {
      requestIds.set(line, (JSON.parse(json) as { request_id: string }).request_id)
      return
    }
    if (done.has(line)) return
    done.add(line)
    requestIds.delete(line)
    counts[kind === 'output' ? 'completed' : 'failed']++
  }

  const file: FileHandle = await open(path, 'a+', 0o600)
  let length = 0
  for await (const entry of readEntries(path)) {
    take(entry)
    length = entry.endBytes
  }
  await file.truncate(length)

  let last: Promise<unknown> = Promise.resolve()
  let unsynced = false
  const sync = setInterval(() => {
    if (!unsynced) return
    unsynced = false
    last = last.then(() => file.datasync()).catch(() => {}) // a disk that fails says so at the next write too
  }, SYNC_EVERY_MS)
  sync.unref()

  const append = (entry: Entry): Promise<void> => {
    const bytes = entryBytes(entry)
    const written = last.then(async () => {
      try {
        await file.appendFile(bytes)
      } catch (error) {
        await file.truncate(length) // a full disk may have taken half of it
        throw error
      }
      length += bytes.length
      unsynced = true
      take(entry)
    })
    last = written.catch(() => {}) // told to whoever wrote it
    return written
  }

  return {
    isDone: (line) => done.has(line),
    requestIdOf: (line) => requestIds.get(line) ?? null,
    counts: () => ({ ...counts }),
    noteStart: (line, requestId) => append({ line, kind: 'started', json: JSON.stringify({ request_id: requestId }) }),
    noteResult: (line, kind, json) => append({ line, kind, json }),
    async close() {
      clearInterval(sync)
      await last
      await file.close()
    },
  }
}

/** Entries up to the first that is torn or damaged. A line that was answered twice comes twice. */
export async function* readEntries(path: string): AsyncGenerator<Entry & { endBytes: number }> {
  let pieces: Buffer[] = []
  let at = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      const bytes = Buffer.concat([...pieces, chunk.subarray(from, end)])
      pieces = []
      from = end + 1
      const entry = entryIn(bytes.toString('utf8'))
      if (entry === null) return
      at += bytes.length + 1
      yield { ...entry, endBytes: at }
    }
    pieces.push(chunk.subarray(from))
  }
}

function entryBytes({ line, kind, json }: Entry): Buffer {
  return Buffer.from(`${line} ${kind} ${checksum(json)} ${json}\n`)
}

function entryIn(text: string): Entry | null {
  const [, line, kind, sum, json] = /^(\d+) (started|output|error) ([0-9a-f]{8}) (.*)$/s.exec(text) ?? []
  if (json === undefined || checksum(json) !== sum) return null
  return { line: Number(line), kind: kind as EntryKind, json }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
