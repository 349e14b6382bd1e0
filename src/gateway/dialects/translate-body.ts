/**
 * From a client's bytes to the engine's: parsed once, written anew, and scanned as any other body, so that what follows
 * (route, record, content) reads one kind of body.
 *
 * A body with two equal keys means what the last of them says, to us and so to everybody behind us. Pure module.
 */
import { isUtf8 } from 'node:buffer'
import { BodyNotJson } from '../errors.ts'
import { type BodyHead, scanBody } from '../scan-body.ts'
import type { Json } from './fields.ts'

/** @throws BodyNotJson · what `translate` and the scan throw */
export function translateBody(body: Buffer, translate: (asked: unknown) => Json): { body: Buffer; head: BodyHead } {
  const asked = parsedBody(body)
  return writtenBody(() => translate(asked))
}

/** @throws BodyNotJson · what `make` and the scan throw */
export function writtenBody(make: () => Json): { body: Buffer; head: BodyHead } {
  const body = Buffer.from(written(make))
  return { body, head: scanBody(body) }
}

/** @throws BodyNotJson */
export function parsedBody(body: Buffer): unknown {
  try {
    if (isUtf8(body)) return JSON.parse(body.toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  // The parser's words name a character; the scan names the byte, as everywhere.
  scanBody(body)
  throw new BodyNotJson({ at: 0, trouble: 'something that no parser reads' })
}

/** The parser takes any depth; the writer goes down into it on the stack. */
function written(make: () => Json): string {
  try {
    return JSON.stringify(make())
  } catch (error) {
    if (error instanceof RangeError) throw new BodyNotJson({ at: 0, trouble: 'nesting too deep' })
    throw error
  }
}
