/**
 * What an upstream says went wrong, for clients: they asked us, so a refused secret of ours is not their 401, and neither
 * that secret nor the upstream's address is any of their business. Pure module.
 */
import { type AppError, errorBody } from '../../platform/errors.ts'
import { objectIn } from '../dialects/fields.ts'
import { codeIn, messageIn } from '../engine-error.ts'
import { UpstreamBusy, UpstreamFailed, UpstreamLacksModel, UpstreamOverloaded, UpstreamRefusedUs } from '../errors.ts'
import type { SnapshotReplica } from '../snapshot.ts'
import { errorOf } from './anthropic/errors.ts'

const MESSAGE_LENGTH_MAX = 2_000

/** An upstream's refusal, as ours. @param model as clients name it */
export function refusalOfUpstream(status: number, model: string): AppError {
  if (status === 401 || status === 402 || status === 403) return new UpstreamRefusedUs({ model })
  if (status === 404) return new UpstreamLacksModel({ model })
  if (status === 429) return new UpstreamBusy({ model })
  if (status === 503 || status === 529) return new UpstreamOverloaded({ model })
  return new UpstreamFailed({ model, status })
}

/** An answer that says what is wrong with the request: its words, less what they must not tell. */
export function withoutWords(replica: SnapshotReplica, status: number, body: Buffer): { status: number; body: Buffer } {
  const isAboutTheRequest = status >= 400 && status < 500
  const said = objectIn(body.toString('utf8'))
  if (!isAboutTheRequest || said === null || typeof said.error !== 'object' || said.error === null) {
    const told = isAboutTheRequest ? status : 502
    return written(told, errorBody('upstream_failed', told, `The upstream answered with status ${status}.`))
  }
  const error = replica.speaks === 'anthropic' ? errorOf(said).error : { code: codeIn(body), message: messageIn(body) }
  const message = discreet(error.message, replica).slice(0, MESSAGE_LENGTH_MAX)
  const { param } = said.error as { param?: unknown }
  return written(status, errorBody(error.code, status, message, typeof param === 'string' ? param : null))
}

/** Some services repeat what they were sent. */
function discreet(message: string, { baseUrl, authorization }: SnapshotReplica): string {
  const secrets = Object.values(authorization ?? {}).map((value) => value.replace(/^Bearer /, ''))
  const host = baseUrl === null ? '' : new URL(baseUrl).host
  return [...secrets.filter(({ length }) => length > 10), host]
    .filter((word) => word !== '')
    .reduce((text, word) => text.replaceAll(word, '***'), message)
}

function written(status: number, body: object): { status: number; body: Buffer } {
  return { status, body: Buffer.from(JSON.stringify(body)) }
}
