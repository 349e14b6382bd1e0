/**
 * Takes an upload in: a form whose file streams to disk while it arrives, hashed on the way. Nothing but a few short
 * fields is ever in memory, and fields may come after the file.
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy } from '@fastify/busboy'
import { AppError } from '../platform/errors.ts'
import { DiskFull, FileTooLarge, UploadRefused } from './errors.ts'

export type Upload = {
  filename: string
  sizeBytes: number
  /** Hex. */
  sha256: string
  /** The other fields, by name. */
  fields: Record<string, string>
}

export type UploadOptions = { contentType: string | undefined; partPath: string; bytesMax: number }

const FILENAME_CHARACTERS_MAX = 255

/**
 * @returns when all of it is on disk at `partPath`; where it throws, nothing is left there
 * @throws UploadRefused · FileTooLarge · DiskFull
 */
export async function receiveUpload(
  body: Readable,
  { contentType, partPath, bytesMax }: UploadOptions,
): Promise<Upload> {
  if (contentType === undefined || !/^multipart\/form-data\b/i.test(contentType))
    throw new UploadRefused({ trouble: 'no-form' })
  try {
    const upload = await readForm(body, { contentType, partPath, bytesMax })
    if (upload === null) throw new UploadRefused({ trouble: 'no-file' })
    return upload
  } catch (error) {
    await rm(partPath, { force: true })
    throw spoken(error)
  }
}

async function readForm(body: Readable, { contentType, partPath, bytesMax }: UploadOptions & { contentType: string }) {
  const form = new Busboy({
    headers: { 'content-type': contentType },
    limits: { files: 1, fields: 20, fieldSize: 4_096, fieldNameSize: 100, headerPairs: 20 },
  })
  const fields: Record<string, string> = Object.create(null)
  let arriving: Promise<Omit<Upload, 'fields'>> | null = null
  let file: Readable | null = null
  form.on('field', (name, value) => {
    fields[name] = value
  })
  form.on('file', (name, bytes, filename) => {
    if (name !== 'file') {
      bytes.resume()
      return
    }
    file = bytes
    arriving = writeFile(bytes, { filename, partPath, bytesMax })
    // Whoever sends more than may be must not be listened to until the end of it.
    arriving.catch((error) => form.destroy(error))
  })
  try {
    await pipeline(body, form)
  } catch (error) {
    ;(file as Readable | null)?.destroy(error as Error) // a body that broke off does not end it
    await arriving // says better what went wrong, where it was the file
    throw error
  }
  const written = await (arriving as Promise<Omit<Upload, 'fields'>> | null)
  return written === null ? null : { ...written, fields }
}

async function writeFile(
  bytes: Readable,
  { filename, partPath, bytesMax }: Omit<UploadOptions, 'contentType'> & { filename: string },
) {
  const sha256 = createHash('sha256')
  let sizeBytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length
      if (sizeBytes > bytesMax) return done(new FileTooLarge({ bytesMax }))
      sha256.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(bytes, meter, createWriteStream(partPath, { flags: 'wx', mode: 0o600, flush: true }))
  return { filename: plainName(filename), sizeBytes, sha256: sha256.digest('hex') }
}

/** What a client calls it, as text that everything here can hold. */
function plainName(filename: string | undefined): string {
  const name = (filename ?? '')
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '')
    .slice(-FILENAME_CHARACTERS_MAX)
  return name.toWellFormed() || 'upload'
}

function spoken(error: unknown): unknown {
  if (error instanceof AppError) return error
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)) return new DiskFull({ freeBytes: null }, { cause: error })
  // The parser's own errors have no code, and a client that left ends its body early.
  const isBroken =
    code === '' ? /multipart|boundary|part terminated|form|header/i.test(message) : code.startsWith('ERR_STREAM')
  return isBroken ? new UploadRefused({ trouble: 'broken-form' }, { cause: error }) : error
}
