import { AppError } from '../platform/errors.ts'

/** Of another project, or not there at all: from outside they look the same. */
export class BatchUnknown extends AppError<{ batch: string }> {
  static override code = 'batches.batch_unknown'
  static override status = 404
  static override say = (d: { batch: string }) => `There is no batch ${d.batch} in this project.`
}

export class InputUnknown extends AppError<{ file: string }> {
  static override code = 'batches.input_unknown'
  static override status = 404
  static override say = (d: { file: string }) =>
    `There is no file ${d.file} in this project. Upload it first, with purpose batch.`
}

export class InputPurposeWrong extends AppError<{ file: string; purpose: string }> {
  static override code = 'batches.input_purpose_wrong'
  static override status = 400
  static override say = (d: { file: string; purpose: string }) =>
    `${d.file} was uploaded for ${d.purpose}. A batch reads files that were uploaded with purpose batch.`
}

export class WindowRefused extends AppError<{ window: string; hoursMax: number }> {
  static override code = 'batches.window_refused'
  static override status = 400
  static override say = (d: { window: string; hoursMax: number }) =>
    `"${d.window}" is no completion window. Give hours, such as 24h, up to ${d.hoursMax}h.`
}

export class TooManyBatches extends AppError<{ batches: number }> {
  static override code = 'batches.too_many'
  static override status = 409
  static override say = (d: { batches: number }) =>
    `The project has ${d.batches} batches that are not done, which is as many as it may have. Wait for one to end, or cancel one.`
}

export class BatchEnded extends AppError<{ batch: string; status: string }> {
  static override code = 'batches.batch_ended'
  static override status = 409
  static override say = (d: { batch: string; status: string }) =>
    `${d.batch} is ${d.status}, so it cannot be cancelled any more.`
}

export class NoResults extends AppError<{ batch: string; kind: string }> {
  static override code = 'batches.no_results'
  static override status = 404
  static override say = (d: { batch: string; kind: string }) =>
    `${d.batch} has no ${d.kind} file: it has not ended, no line went there, or the file was deleted.`
}
