/** Runs in a worker thread: owns the PGlite instance and answers one request at a time. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, types } from '@electric-sql/pglite'
import type { ThreadAnswer, ThreadRequest } from './pglite-thread.ts'

const port = parentPort
if (!port) throw new Error('pglite-worker.ts runs in a worker thread only')

const asText = (text: string) => text
/** Drizzle maps dates itself and wants the text; functions cannot cross threads, so its choice is repeated here. */
const parsers = {
  [types.TIMESTAMP]: asText,
  [types.TIMESTAMPTZ]: asText,
  [types.INTERVAL]: asText,
  [types.DATE]: asText,
  1231: asText, // numeric[]
  1115: asText, // timestamp[]
  1185: asText, // timestamptz[]
  1187: asText, // interval[]
  1182: asText, // date[]
}

const { folder, loadFrom } = workerData as { folder: string | null; loadFrom: Uint8Array<ArrayBuffer> | null }
let database: PGlite
try {
  database = await PGlite.create({
    ...(folder === null ? {} : { dataDir: folder }),
    ...(loadFrom === null ? {} : { loadDataDir: new Blob([loadFrom]) }),
    parsers,
  })
  port.postMessage({ ready: true })
} catch (error) {
  // An error of the emulated file system carries a number and no words.
  const { message, errno } = error as { message?: string; errno?: number }
  port.postMessage({ failed: message || `its files cannot be read or written (error ${errno})` })
  throw error
}

async function answer(request: ThreadRequest): Promise<unknown> {
  switch (request.kind) {
    case 'query':
      return database.query(request.sql, request.params, { rowMode: request.rowMode })
    case 'exec':
      await database.exec(request.sql)
      return undefined
    case 'dump':
      return writeWhole(request.path, Buffer.from(await (await database.dumpDataDir('gzip')).arrayBuffer()))
    case 'close':
      await database.exec('checkpoint')
      return database.close()
    default:
      return request satisfies never
  }
}

/** Written beside, synced, renamed: a reader finds a whole dump or none. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const file = openSync(`${path}.part`, 'w', 0o600)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.part`, path)
}

port.on('message', async ({ id, request }: { id: number; request: ThreadRequest }) => {
  let reply: ThreadAnswer
  try {
    reply = { id, result: await answer(request) }
  } catch (error) {
    const { message, code, constraint, table, column, detail } = error as Record<string, string>
    reply = { id, error: { message: message ?? String(error), fields: { code, constraint, table, column, detail } } }
  }
  port.postMessage(reply)
})
