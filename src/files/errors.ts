import { AppError } from '../platform/errors.ts'
import { EXPIRES_S_MAX, EXPIRES_S_MIN, UPLOAD_PURPOSES } from './purposes.ts'

/** Of another project, expired, or not there at all: from outside they look the same. */
export class FileUnknown extends AppError<{ file: string }> {
  static override code = 'files.file_unknown'
  static override status = 404
  static override say = (d: { file: string }) => `There is no file ${d.file} in this project.`
}

export class FileTooLarge extends AppError<{ bytesMax: number }> {
  static override code = 'files.file_too_large'
  static override status = 413
  static override say = (d: { bytesMax: number }) =>
    `A file may have at most ${d.bytesMax} bytes here. Split it, or have the operator raise FILE_MB.`
}

export class ProjectFilesFull extends AppError<{ bytes: number; bytesMax: number }> {
  static override code = 'files.project_full'
  static override status = 409
  static override say = (d: { bytes: number; bytesMax: number }) =>
    `The files of this project take ${d.bytes} bytes, and with this one would pass the ${d.bytesMax} that it may have. Delete some.`
}

export class DiskFull extends AppError<{ freeBytes: number | null }> {
  static override code = 'files.disk_full'
  static override status = 507
  static override say = (d: { freeBytes: number | null }) =>
    d.freeBytes === null
      ? 'The disk of this installation filled up while the file arrived. Nothing of it was kept.'
      : `The disk of this installation has ${d.freeBytes} bytes left, which is too few for this file.`
}

const TROUBLES: Record<UploadRefused['data']['trouble'], string> = {
  'no-form': 'Send the file as a form: multipart/form-data with the fields `purpose` and `file`.',
  'broken-form': 'The form ends before it is whole, or is none.',
  'no-file': 'The form has no file in its field `file`.',
  purpose: `The field \`purpose\` must be one of ${UPLOAD_PURPOSES.join(', ')}.`,
  anchor: 'The field `expires_after[anchor]` must be created_at.',
  seconds: `The field \`expires_after[seconds]\` must be a whole number from ${EXPIRES_S_MIN} to ${EXPIRES_S_MAX}.`,
}

export class UploadRefused extends AppError<{
  trouble: 'no-form' | 'broken-form' | 'no-file' | 'purpose' | 'anchor' | 'seconds'
}> {
  static override code = 'files.upload_refused'
  static override status = 400
  static override say = (d: UploadRefused['data']) => TROUBLES[d.trouble]
}

export class RangeUnsatisfiable extends AppError<{ sizeBytes: number }> {
  static override code = 'files.range_unsatisfiable'
  static override status = 416
  static override say = (d: { sizeBytes: number }) => `The file ends at byte ${d.sizeBytes}, before that range.`
}
