import { AppError } from '../platform/errors.ts'

/** Private to somebody else, of another project, or not there at all: from outside they look the same. */
export class SessionUnknown extends AppError<{ session: string }> {
  static override code = 'playground.session_unknown'
  static override status = 404
  static override say = (d: { session: string }) => `There is no playground session ${d.session}.`
}

/** Somebody saved in between. The answer carries the newer session. */
export class SessionChanged extends AppError<{ session: string; revision: number; newer: number }> {
  static override code = 'playground.session_changed'
  static override status = 409
  static override say = (d: { session: string; revision: number; newer: number }) =>
    `${d.session} was saved by somebody else meanwhile: you began from revision ${d.revision}, and it is at ${d.newer}.`
}

export class DocumentTooLarge extends AppError<{ bytes: number; bytesMax: number }> {
  static override code = 'playground.document_too_large'
  static override status = 413
  static override say = (d: { bytes: number; bytesMax: number }) =>
    `The session is ${d.bytes} bytes long as JSON, and at most ${d.bytesMax} are kept. Delete branches of it, or go on in a new one.`
}

export class DocumentRefused extends AppError<{ path: string; reason: string }> {
  static override code = 'playground.document_refused'
  static override status = 400
  static override say = (d: { path: string; reason: string }) => `${d.path} cannot be: ${d.reason}.`
}

export class TooManySessions extends AppError<{ sessions: number }> {
  static override code = 'playground.too_many_sessions'
  static override status = 409
  static override say = (d: { sessions: number }) =>
    `The project has ${d.sessions} saved sessions, which is as many as it may have. Delete some.`
}
