import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { UPLOAD_BYTES_MAX, UPLOAD_IDLE_MS_MAX } from './archive-limits.ts'
import { BackupDamaged, BackupTooLarge } from './errors.ts'

/**
 * Writes a body to the disk as it comes.
 * @param bytesTotal as its sender said; null = unknown
 * @returns how long it was
 * @throws BackupTooLarge, or BackupDamaged where less came than was said
 */
export async function receiveArchive(
  body: Readable,
  path: string,
  bytesTotal: number | null,
  onProgress: (bytesDone: number) => void,
  idleMsMax = UPLOAD_IDLE_MS_MAX,
): Promise<number> {
  if ((bytesTotal ?? 0) > UPLOAD_BYTES_MAX) throw new BackupTooLarge({ bytesMax: UPLOAD_BYTES_MAX })
  const file = await open(path, 'wx', 0o600)
  let bytes = 0
  const idle = setTimeout(
    () => body.destroy(new BackupDamaged({ reason: `nothing came for ${idleMsMax / 1_000} s after ${bytes} bytes` })),
    idleMsMax,
  )
  try {
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length
      if (bytes > UPLOAD_BYTES_MAX) throw new BackupTooLarge({ bytesMax: UPLOAD_BYTES_MAX })
      await file.write(chunk as Buffer)
      idle.refresh()
      onProgress(bytes)
    }
    await file.sync()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Its sender left: what is told here only the log and the list of what was done will hear.
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
      throw new BackupDamaged({ reason: `only its first ${bytes} bytes came` }, { cause: error })
    throw error
  } finally {
    clearTimeout(idle)
    await file.close()
  }
  if (bytesTotal !== null && bytes !== bytesTotal)
    throw new BackupDamaged({ reason: `${bytesTotal} bytes were to come, and ${bytes} did` })
  return bytes
}
